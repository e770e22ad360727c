/** The tables in docs/deploying.md are what the command prints today. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environments } from '../../../config/environments.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { estimate } from '../../../local/cost/estimate.ts';
import { renderEstimate } from '../../../local/cost/render.ts';

const documented = readFileSync(new URL('../../../docs/deploying.md', import.meta.url), 'utf8');
const pipelines = await loadPipelines();

test.each(environments.map((environment) => [environment.name, environment] as const))('%s', (_name, environment) => {
  const [table = '', notes = ''] = renderEstimate(estimate(environment, pipelines)).split('\n\nAssumed, not measured:');
  expect(documented, 'paste the table again').toContain(table);
  expect(documented, 'paste the notes again').toContain(notes);
});
