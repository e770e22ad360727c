/**
 * Reads what the runners report: takes the path of a report file, gives how many tests passed, failed and were skipped.
 * Called through the plan by `carry-out.mjs`.
 */
import { readFileSync } from 'node:fs';

/** @typedef {import('./plan.mjs').Counts} Counts */

/**
 * Counts of vitest's JSON report. A file that could not be loaded has no tests in it and counts as one failure.
 * @param {string} path
 * @returns {Counts}
 */
export function readVitest(path) {
  /** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failed = statuses.filter((status) => status === 'failed').length;
    counts.passed += statuses.filter((status) => status === 'passed').length;
    counts.failed += failed;
    counts.skipped += statuses.filter((status) => status !== 'passed' && status !== 'failed').length;
    if (file.status === 'failed' && failed === 0) counts.failed += 1;
  }
  return counts;
}

/**
 * Counts of pytest's JUnit report. What went wrong around a test counts as a failure.
 * @param {string} path
 * @returns {Counts}
 */
export function readJunit(path) {
  const text = readFileSync(path, 'utf8');
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [tag] of text.matchAll(/<testsuite [^>]*>/g)) {
    const number = (/** @type {string} */ name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
    const failed = number('failures') + number('errors');
    counts.failed += failed;
    counts.skipped += number('skipped');
    counts.passed += Math.max(0, number('tests') - failed - number('skipped'));
  }
  return counts;
}
