/** Every alarm, filter, budget, limit and protection of the synthesized stacks, and who may be a role or pass an endpoint, against tables that people wrote. */
import { describe, expect, it } from 'vitest';
import { databaseOf, itemsOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { expectedIn } from './support/expected.ts';
import { environmentNames } from './support/stacks.ts';
import { valuesOf, valuesOfPipeline } from './support/values.ts';

const pipelines = await loadPipelines();
const names = pipelines.map((pipeline) => [pipeline.name, pipeline] as const);

describe.each(environmentNames)('in %s', (environment) => {
  const expected = expectedIn(environment, 'values').sort();
  const partOf = (line: string) => line.split(' ', 1)[0] ?? '';

  it('the stacks that all pipelines share have the values of the table, and no others', () => {
    expect(valuesOf(environment, pipelines)).toEqual(
      expected.filter(
        (line) =>
          !['pipeline', 'tables', 'items', 'changes', 'connectors', 'sources', 'feeds', 'schedules'].includes(
            partOf(line),
          ),
      ),
    );
  });

  it.each(names)('the stack of pipeline %s has the values of the table, and no others', (_, pipeline) => {
    const database = databaseOf(pipeline);
    const parts = [
      'pipeline',
      ...(database ? ['tables'] : []),
      ...(Object.keys(itemsOf(pipeline)).length > 0 ? ['items'] : []),
      ...(database?.logicalReplication ? ['changes'] : []),
      ...(pipeline.connectors ? ['connectors'] : []),
      ...(pipeline.sources ? ['sources'] : []),
      ...(pipeline.feeds ? ['feeds'] : []),
      ...(pipeline.schedules ? ['schedules'] : []),
    ];
    expect(valuesOfPipeline(environment, pipeline)).toEqual(expected.filter((line) => parts.includes(partOf(line))));
  });
});
