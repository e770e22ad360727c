/** Faults that hit the sales pipeline, whose records are Avro: cases of `npm run test:faults`. The registry takes part. */
import { join } from 'node:path';
import { projectRoot } from '../../../local/home.ts';
import { python } from '../../../test/e2e/cli.ts';
import type { Case, Suite } from '../../../test/faults/cases.ts';
import type { Stack } from '../../../test/faults/stack.ts';
import { poisoned } from './faults/poisons.ts';
import { registryAway, schemaChanged, unknownId } from './faults/registry.ts';
import { PIPELINE, sentTo } from './faults/sales.ts';

const cases: Case[] = [
  { number: 6, title: 'the registry away', run: registryAway },
  { number: 7, title: 'poisons as sales', run: poisoned },
  { number: 8, title: 'schemas changed under a stream', run: schemaChanged },
  { number: 9, title: 'an unknown schema id', run: unknownId },
];

async function check(stack: Stack): Promise<string[]> {
  await stack.json('run', PIPELINE, '--action', 'stop');
  const regions = join(projectRoot, 'sample_data', PIPELINE, 'regions.csv');
  const words = ['--bootstrap', stack.bootstrapServers, '--registry', stack.registryUrl, '--regions', regions];
  const facts = python<{ sources: number; problems: string[] }>(new URL('oracle.py', import.meta.url), ...words);
  const sent = sentTo(stack);
  return [
    ...facts.problems,
    ...(facts.sources === sent ? [] : [`the source has ${facts.sources} records, and ${sent} were sent`]),
  ];
}

export default { cases, check } satisfies Suite;
