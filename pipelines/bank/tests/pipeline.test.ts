/** What the declaration of the bank pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { databaseOf, orderOf, peakCores, stateOf, tablesOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { postgres, table } from '../../../lib/declaration/index.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import bank from '../pipeline.ts';

test('has no mistake', () => expect(mistakesOf([bank])).toEqual([]));

test('others may send transactions, which the broker dates', () => {
  const topics = Object.entries(topicsOf(bank)).map(([alias, { name, externalWays, props }]) => [
    ...[alias, name, props.partitions, props.timestamps],
    ...externalWays,
  ]);
  expect(topics).toEqual([
    ['transactions', 'bank.transactions', 3, 'LogAppendTime', 'Writer'],
    ['deadLetters', 'bank.transactions.dead-letters', 1, undefined],
  ]);
});

test('a transaction is branch, currency and exact money', () => {
  const file = join(bank.folders.declaration, 'schemas', 'transaction.schema.json');
  const { properties, required } = JSON.parse(readFileSync(file, 'utf8'));
  expect(required).toEqual(['branch', 'currency', 'amount']);
  expect(properties.amount).toMatchObject({ type: 'number', multipleOf: 0.01 });
});

test('the table has a row for each interval, branch and currency', () => {
  expect(databaseOf(bank)?.name).toBe('bank');
  expect(
    Object.entries(tablesOf(bank)).map(([alias, { name, props }]) => [alias, name, props.key, props.columns]),
  ).toEqual([
    [
      'flow',
      'transaction_flow',
      ['curr_time', 'branch_name', 'currency_code'],
      ['curr_time', 'branch_name', 'currency_code', 'batch_value'],
    ],
  ]);
});

test('the stream judges nothing late, keeps no state, and signs in by a role of its own', () => {
  expect(specOf(bank, 'sumByInterval')).toMatchObject({
    reads: { transactions: { rules: { latenessMinutes: null, watermarkDelayMs: null } } },
    writes: { flow: { kind: 'table', user: 'bank_sum_by_interval', schema: 'bank', table: 'transaction_flow' } },
  });
  expect(specOf(bank, 'showFlow')).toMatchObject({ reads: { flow: { user: 'bank_show_flow' } } });
  expect(bank.jobs.sumByInterval && stateOf(bank.jobs.sumByInterval)).toBeUndefined();
});

test('a hundred transactions a second are sent, and summed every two seconds', () => {
  const { parameters, actions } = planOf(bank);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    transactions: 1_000,
    rate: 100,
    seed: 1,
    triggerSeconds: 2,
  });
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the sender runs beside the stream, and the table is shown at the end', () => {
  expect(orderOf(bank)).toEqual({ streams: ['sumByInterval'], during: ['produce'], after: ['showFlow'] });
  expect(peakCores(bank)).toBe(4);
});

test.each([
  ['of', { of: 'branch' }, 'is no number in the values of its topic; got "branch"; allowed: amount'],
  [
    'column',
    { column: 'value' },
    'is no column of its table; got "value"; allowed: curr_time, branch_name, currency_code, batch_value',
  ],
  [
    'table',
    { table: table('other', { database: postgres('bank'), key: ['a'], columns: ['a', 'batch_value'] }) },
    'is not used by a job of the pipeline; got "table other"; allowed: flow',
  ],
  [
    'sums',
    { field: 'amount' },
    'is not a word for it; got "field"; allowed: sent, of, deadLetters, table, column, rows',
  ],
])('a sum with another %s is refused', (_what, change, told) => {
  const sums = bank.sums?.map((sum) => ({ ...sum, ...change }));
  expect(
    mistakesOf([{ ...bank, sums } as never]).map(
      ({ what, got, allowed }) => `${what}; got ${got}; allowed: ${allowed}`,
    ),
  ).toEqual([told]);
});
