/** How `npm test` counts: nothing that went wrong may look like success. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { carryOut } from '../../run/carry-out.mjs';
import { chosen } from '../../run/plan.mjs';
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
    expect(await carryOut([[step('')], [step('process.exit(1)')]])).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test('that cannot be started has failed', async () => {
    const missing = { name: 'missing', command: ['/no/such/program'] };
    expect(await carryOut([[missing]])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('a runner', () => {
  const counts = { passed: 5, failed: 0, skipped: 1 };

  test('counts as it reports', async () => {
    expect(await carryOut([[step('', () => counts)]])).toEqual(counts);
  });

  test('that fails without a failed test has failed', async () => {
    expect(await carryOut([[step('process.exit(1)', () => counts)]])).toEqual({ ...counts, failed: 1 });
  });

  test('that ran no test has failed', async () => {
    const none = { passed: 0, failed: 0, skipped: 0 };
    expect(await carryOut([[step('', () => none)]])).toEqual({ ...none, failed: 1 });
  });

  test('that died before its report has failed', async () => {
    const report = () => readVitest('/no/such/report.json');
    expect(await carryOut([[step('process.abort()', report)]])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('what is asked for', () => {
  const runner = (name: string) => ({ name, command: [name], report: () => ({ passed: 1, failed: 0, skipped: 7 }) });
  const plan = [[{ name: 'static/tsc', command: ['tsc'] }], [runner('vitest/unit'), runner('pytest')]];
  const asked = (...args: string[]) =>
    chosen(plan, args)
      .flat()
      .map(({ command }) => command.join(' '));

  test('is run, and nothing else', () => {
    expect(asked()).toEqual(['tsc', 'vitest/unit', 'pytest']);
    expect(asked('--only', 'static,pytest')).toEqual(['tsc', 'pytest']);
    expect(asked('--only', 'vitest')).toEqual(['vitest/unit']);
  });

  test('is a part of one runner, whose other tests do not count', () => {
    expect(asked('--only', 'unit', 'test/words.test.ts', '-t', 'a word')).toEqual([
      'vitest/unit test/words.test.ts -t a word',
    ]);
    const [step] = chosen(plan, ['--only', 'pytest', 'jobs']).flat();
    expect(step?.report?.()).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  test.each([
    ['unit'],
    ['--only', 'uint'],
    ['--only', ''],
    ['--only', 'unit,pytest', 'jobs'],
    ['--only', 'tsc', 'lib'],
  ])('is refused: %s %s %s', (...args) => {
    expect(() => chosen(plan, args)).toThrow(/Allowed: --only NAME.*static\/tsc.*unit.*pytest/);
  });
});

test('two steps of a stage run at once, the next stage after them, and nothing is left in the temporary folder', async () => {
  const folder = temporaryFolder();
  const script = (name: string, wait: string) =>
    `const fs = require('node:fs'), folder = ${JSON.stringify(folder)};
    fs.mkdtempSync(require('node:os').tmpdir() + '/left-');
    fs.writeFileSync(folder + '/${name}', require('node:os').tmpdir());
    const until = () => fs.existsSync(folder + '/${wait}') || setTimeout(until, 10);
    until();`;
  const counts = await carryOut([[step(script('a', 'b')), step(script('b', 'a'))], [step(script('c', 'a'))]]);
  expect(counts).toEqual({ passed: 3, failed: 0, skipped: 0 });
  const [scratch, ...same] = ['a', 'b', 'c'].map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(same).toEqual([scratch, scratch]);
  expect(existsSync(scratch ?? '')).toBe(false);
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
