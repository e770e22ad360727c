/**
 * The tables in docs/deploying.md are what the command prints today: of what all pipelines share in each environment, and of
 * what each pipeline adds that the document tells of. A pipeline that is not declared any more has nothing to compare with, and
 * one that the document does not tell of yet is not missed: neither needs an edit here.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { environments } from '../../../config/environments.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { estimate } from '../../../tools/cost/estimate.ts';
import { renderEstimate, renderPart } from '../../../tools/cost/render.ts';
import readings from '../../readings/pipelines/readings/pipeline.ts';

const documented = readFileSync(new URL('../../../docs/deploying.md', import.meta.url), 'utf8');
const pipelines = await loadPipelines();
const told = new Set([...documented.matchAll(/^Added by pipeline (\w+)$/gm)].map(([, name]) => name));

test.each(environments.map((environment) => [environment.name, environment] as const))(
  'what all pipelines share in %s',
  (_name, environment) => {
    const [shared = ''] = renderEstimate(estimate(environment, [])).split('\n\nAll together:');
    expect(documented, 'paste the table again').toContain(shared);
  },
);

test('what each pipeline adds', () => {
  expect(told.size).toBeGreaterThan(0);
  for (const pipeline of pipelines.filter(({ name }) => told.has(name))) {
    for (const environment of environments) {
      const rows = renderPart(estimate(environment, [pipeline]), pipeline.name);
      const text = [`Added by pipeline ${pipeline.name}`, ...rows].join('\n');
      expect(documented, 'paste the table again').toContain(`${text}\n`);
    }
  }
});

test('the notes', () => {
  const [environment] = environments;
  if (!environment) throw new Error('There is no environment.');
  const [, notes = ''] = renderEstimate(estimate(environment, [readings])).split('\n\nIdle day:');
  expect(notes).toContain('Assumed, not measured:');
  expect(documented, 'paste the notes again').toContain(notes);
});

test('a mistake in a table would be seen: the tables hold every number', () => {
  const [environment] = environments;
  if (!environment) throw new Error('There is no environment.');
  const dearer = { ...environment, registry: { ...environment.registry, tasks: environment.registry.tasks + 1 } };
  expect(documented).not.toContain(renderEstimate(estimate(dearer, [])).split('\n\nAll together:')[0]);
});
