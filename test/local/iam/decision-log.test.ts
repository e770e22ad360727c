/** What was decided, over days of work: the file of it stays small, and says the same. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Home, millraceHome } from '../../../local/home.ts';
import { DecisionLog, type DecisionRecord, readDecisions } from '../../../local/iam/decision-log.ts';

let home: Home;
beforeEach(() => {
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-decisions-')));
  mkdirSync(home.iam, { recursive: true });
});
afterEach(() => rmSync(home.root, { recursive: true }));

const line = (action: string, allowed: boolean, second: number): DecisionRecord => ({
  at: new Date(second * 1_000).toISOString(),
  role: 'stream',
  action,
  resource: 'arn:aws:s3:::data/input/*',
  allowed,
  statements: allowed ? [{ policy: 'P', statement: 'S', resource: 'arn:aws:s3:::data/input/*' } as never] : [],
  ...(allowed ? {} : { reason: 'no statement allows it' }),
  count: 3,
});

const bytes = () => readdirSync(home.iam).reduce((sum, name) => sum + statSync(join(home.iam, name)).size, 0);
const counts = () => {
  const sums = new Map<string, number>();
  for (const { action, allowed, count } of readDecisions(home))
    sums.set(`${action} ${allowed}`, (sums.get(`${action} ${allowed}`) ?? 0) + count);
  return Object.fromEntries(sums);
};

/** Lines of many days. */
function fill(lines: number): void {
  const all = Array.from({ length: lines }, (_, index) =>
    line(index % 5 === 0 ? 'Denied' : 'Read', index % 5 !== 0, index),
  );
  writeFileSync(join(home.iam, 'decisions.jsonl'), all.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

const note = (action: string) =>
  new DecisionLog(home).note(
    'stream',
    { action, resource: 'arn:aws:s3:::data/x', principal: 'stream' },
    { allowed: true, decision: 'allowed', reason: 'allowed', statements: [] },
  );

test('a file of days is summed by kind, and no request is forgotten', () => {
  fill(50_000);
  expect(bytes()).toBeGreaterThan(8 * 2 ** 20);
  note('Write');
  expect(bytes()).toBeLessThan(10_000);
  expect(counts()).toEqual({ 'Read true': 120_000, 'Denied false': 30_000, 'Write true': 1 });
  fill(50_000);
  note('Write');
  expect(counts()).toEqual({ 'Read true': 240_000, 'Denied false': 60_000, 'Write true': 2 });
});

test('of a sum the time of its last request is told', () => {
  fill(50_000);
  note('Write');
  const denied = readDecisions(home).find(({ action }) => action === 'Denied');
  expect(denied?.at).toBe(new Date(49_995_000).toISOString());
});

test('lines that a killed process had put aside count still', () => {
  fill(10);
  writeFileSync(join(home.iam, 'decisions.full.jsonl'), `${JSON.stringify(line('Put', true, 1))}\n`);
  expect(counts()).toEqual({ 'Read true': 24, 'Denied false': 6, 'Put true': 3 });
  fill(50_000);
  note('Write');
  note('Again');
  expect(counts()).toEqual({
    'Read true': 120_000,
    'Denied false': 30_000,
    'Put true': 3,
    'Write true': 1,
    'Again true': 1,
  });
  expect(bytes()).toBeLessThan(10_000);
});
