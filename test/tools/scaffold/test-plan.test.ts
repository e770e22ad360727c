/** What `millrace test` runs of one pipeline, and that a runner that finds nothing is no success. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pipelinePlanOf } from '../../run/pipeline.mjs';
import { temporaryFolder, write } from '../setup/temporary.ts';

const counts = { passed: 1, failed: 0, skipped: 38 };
const runner = (name: string) => ({ name, command: [name], report: () => counts });
const plan = [
  [{ name: 'static/tsc', command: ['tsc'] }, runner('vitest/unit'), runner('pytest')],
  [runner('vitest/aws')],
  [runner('vitest/e2e')],
];

function treeOf(...files: string[]): string {
  const root = temporaryFolder();
  for (const file of files) write(join(root, file), '');
  return root;
}

const commandsIn = (root: string): string[] =>
  pipelinePlanOf(plan, 'tides', root)
    .flat()
    .map(({ command }) => command.join(' '));

const permissions =
  'vitest/aws test/aws/permissions.test.ts --testNamePattern pipeline tides may|every pipeline has a table';

describe('the tests of a pipeline are', () => {
  test('those beside its declaration, its jobs and its sample data, and its table of permissions', () => {
    const root = treeOf(
      'pipelines/tides/tests/pipeline.test.ts',
      'jobs/pyspark/tides/tests/test_transforms.py',
      'sample_data/tides/tests/test_make.py',
      'jobs/pyspark/readings/tests/test_transforms.py',
    );
    expect(commandsIn(root)).toEqual([
      'vitest/unit pipelines/tides/',
      'pytest jobs/pyspark/tides sample_data/tides',
      permissions,
    ]);
  });

  test('its table alone, where it has no others that need no service', () => {
    const root = treeOf('pipelines/tides/tests/demo.e2e.test.ts', 'jobs/pyspark/tides/produce.py');
    expect(commandsIn(root)).toEqual([permissions]);
  });
});

test('tests of others that a runner passed over are not counted', () => {
  const [step] = pipelinePlanOf(plan, 'tides', treeOf()).flat();
  expect(step?.report?.()).toEqual({ ...counts, skipped: 0 });
});
