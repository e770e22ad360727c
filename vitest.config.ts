/**
 * What vitest runs, in four projects: `unit` needs nothing but the tree, `aws` the synthesized templates, `integration` shares one real
 * broker and registry, `e2e` starts its own and runs one file after the other. Read by vitest, which `npm test` starts.
 */
import { defineConfig } from 'vitest/config';

const seconds = (count: number) => count * 1000;
const INTEGRATION = '**/*.integration.test.ts';
const AWS = 'test/aws/**/*.test.ts';
const END_TO_END = 'test/{e2e,faults}/**/*.test.ts';
const ELSEWHERE = ['**/node_modules/**', 'build/**', 'cdk.out/**', '.millrace/**'];

export default defineConfig({
  test: {
    // Snapshots are part of the tests: the test command compares them and never writes one.
    update: 'none',
    allowOnly: false,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'pipelines/**/*.test.ts'],
          exclude: [...ELSEWHERE, INTEGRATION, AWS, END_TO_END],
          testTimeout: seconds(30),
          hookTimeout: seconds(60),
        },
      },
      {
        extends: true,
        test: {
          name: 'aws',
          include: [AWS],
          globalSetup: ['test/aws/support/synthesized.ts'],
          testTimeout: seconds(60),
          hookTimeout: seconds(120),
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [`test/${INTEGRATION}`],
          exclude: ELSEWHERE,
          globalSetup: ['test/support/services.ts'],
          testTimeout: seconds(120),
          hookTimeout: seconds(180),
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [END_TO_END],
          exclude: [...ELSEWHERE, INTEGRATION],
          // Each file starts services of its own and measures time: two at once would measure each other.
          fileParallelism: false,
          testTimeout: seconds(600),
          hookTimeout: seconds(600),
        },
      },
    ],
  },
});
