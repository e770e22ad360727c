/** How `npm test` counts: nothing that went wrong may look like success. */
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { carryOut } from '../../run/carry-out.mjs';
import { readJunit, readVitest } from '../../run/reports.mjs';
import { temporaryFolder, write } from './temporary.ts';

function step(code: string, report?: () => { passed: number; failed: number; skipped: number }) {
  return { name: 'step', command: [process.execPath, '-e', code], report };
}

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});

describe('a static check', () => {
  test('is one test', async () => {
    expect(await carryOut([[step('')], [step('process.exit(1)')]], ['step'])).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
  });

  test('that cannot be started has failed', async () => {
    const missing = { name: 'missing', command: ['/no/such/program'] };
    expect(await carryOut([[missing]], ['missing'])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('a runner', () => {
  const counts = { passed: 5, failed: 0, skipped: 1 };

  test('counts as it reports', async () => {
    expect(await carryOut([[step('', () => counts)]], ['step'])).toEqual(counts);
  });

  test('that fails without a failed test has failed', async () => {
    expect(await carryOut([[step('process.exit(1)', () => counts)]], ['step'])).toEqual({ ...counts, failed: 1 });
  });

  test('that ran no test has failed', async () => {
    const none = { passed: 0, failed: 0, skipped: 0 };
    expect(await carryOut([[step('', () => none)]], ['step'])).toEqual({ ...none, failed: 1 });
  });

  test('that died before its report has failed', async () => {
    const report = () => readVitest('/no/such/report.json');
    expect(await carryOut([[step('process.abort()', report)]], ['step'])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

test('only the steps asked for are run', async () => {
  expect(await carryOut([[step('process.exit(1)')]], ['another'])).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test('a test file of vitest that could not be loaded is a failure', () => {
  const results = [
    { status: 'passed', assertionResults: [{ status: 'passed' }, { status: 'pending' }, { status: 'todo' }] },
    { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    { status: 'failed', assertionResults: [] },
  ];
  const path = write(join(temporaryFolder(), 'report.json'), JSON.stringify({ testResults: results }));
  expect(readVitest(path)).toEqual({ passed: 2, failed: 2, skipped: 2 });
});

test('an error around a test of pytest is a failure', () => {
  const suite = '<testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.0" timestamp="x">';
  const path = write(join(temporaryFolder(), 'report.xml'), `<testsuites name="t">${suite}</testsuite></testsuites>`);
  expect(readJunit(path)).toEqual({ passed: 4, failed: 3, skipped: 3 });
});
