/** All mutants. */
import { constructs } from './constructs.ts';
import { declaration } from './declaration.ts';
import { faults } from './faults.ts';
import { handlers } from './handlers.ts';
import { ofJobs } from './jobs.ts';
import { machine } from './machine.ts';
import type { Mutant } from './mutant.ts';
import { page } from './page.ts';
import { patience } from './patience.ts';
import { shown } from './shown.ts';

export const MUTANTS: readonly Mutant[] = [
  ...declaration,
  ...constructs,
  ...handlers,
  ...machine,
  ...faults,
  ...page,
  ...patience,
  ...shown,
  ...ofJobs,
];
