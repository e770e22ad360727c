/**
 * What vitest runs, in projects: `unit` needs nothing but the tree, `aws` the synthesized templates, `integration` shares one real broker and
 * registry, files of `e2e` share a home or have one each. The tests of a pipeline lie beside it, in `pipelines/<name>/tests`, and say by their suffix
 * which project they are of.
 */
import { defineConfig } from 'vitest/config';

const seconds = (count: number) => count * 1000;
const TESTS = '{test,pipelines}/**/*.test.ts';
const INTEGRATION = '{test,pipelines}/**/*.integration.test.ts';
const AWS = ['test/aws/**/*.test.ts', 'pipelines/**/*.aws.test.ts'];
const END_TO_END = ['test/e2e/**/*.test.ts', 'pipelines/**/*.e2e.test.ts'];
const ELSEWHERE = ['**/node_modules/**', 'build/**', 'cdk.out/**', '.millrace/**'];

export default defineConfig({
  test: {
    // Snapshots are part of the tests: the test command compares them and never writes one.
    update: 'none',
    allowOnly: false,
    maxWorkers: 2,
    setupFiles: ['test/support/temporary-folder.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [TESTS],
          exclude: [...ELSEWHERE, INTEGRATION, ...AWS, ...END_TO_END],
          // Loading modules, the CDK above all, takes longer than most of these tests: the files share them, and mock none.
          isolate: false,
          testTimeout: seconds(30),
          hookTimeout: seconds(60),
        },
      },
      {
        extends: true,
        test: {
          name: 'aws',
          include: AWS,
          globalSetup: ['test/aws/support/synthesized.ts'],
          // The files share the templates that they have read.
          isolate: false,
          testTimeout: seconds(60),
          // cfn-lint takes seconds for each template, minutes on a machine that has other work.
          hookTimeout: seconds(480),
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [INTEGRATION],
          exclude: ELSEWHERE,
          globalSetup: ['test/support/services.ts'],
          testTimeout: seconds(120),
          hookTimeout: seconds(300),
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: END_TO_END,
          exclude: [...ELSEWHERE, INTEGRATION],
          globalSetup: ['test/e2e/shared-home.ts'],
          testTimeout: seconds(1_800),
          hookTimeout: seconds(600),
        },
      },
    ],
  },
});
