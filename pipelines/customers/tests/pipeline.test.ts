/** What the declaration of the customers pipeline promises to people and to other systems. */
import { expect, test } from 'vitest';
import { databaseOf, isFed, orderOf, stateOf, tablesOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import customers from '../pipeline.ts';

test('has no mistake', () => expect(mistakesOf([customers])).toEqual([]));

test('changes and sums are kept by their keys, and may be read by others', () => {
  const topics = Object.entries(topicsOf(customers)).map(([alias, { name, cleanup, externalWays, props }]) => [
    ...[alias, name, props.partitions, cleanup],
    ...externalWays,
  ]);
  expect(topics).toEqual([
    ['changes', 'customers.changes', 2, 'compact', 'Reader'],
    ['genders', 'customers.by-gender', 1, 'compact', 'Reader'],
    ['deadLetters', 'customers.changes.dead-letters', 1, 'delete'],
  ]);
});

test('the database may be followed, and its writer alone deletes', () => {
  expect(databaseOf(customers)?.logicalReplication).toBe(true);
  expect(Object.entries(tablesOf(customers)).map(([alias, { props }]) => [alias, props.key, props.deletes])).toEqual([
    ['customer', ['id'], true],
    ['latest', ['id'], undefined],
    ['byGender', ['gender'], undefined],
  ]);
});

test('a deletion is told with the customer before its key is forgotten, and each change with its place in the log', () => {
  expect(customers.connectors?.customerChanges?.configuration(customers, 'customerChanges')).toMatchObject({
    'table.include.list': 'customers\\.customer',
    'transforms.to_changes.replacement': 'customers.changes',
    'transforms.unwrap.delete.tombstone.handling.mode': 'rewrite-with-tombstone',
    'transforms.unwrap.add.fields': 'op,lsn',
    'database.user': 'customers_replication',
    'publication.autocreate.mode': 'disabled',
  });
});

test('the stream judges nothing late and keeps no state', () => {
  expect(specOf(customers, 'sumByGender')).toMatchObject({
    reads: { changes: { rules: { latenessMinutes: null, watermarkDelayMs: null } } },
    writes: { latest: { user: 'customers_sum_by_gender', table: 'customer_latest' } },
  });
  expect(customers.jobs.sumByGender && stateOf(customers.jobs.sumByGender)).toBeUndefined();
});

test('two changes a second are made while the stream runs; sums are shown and changes kept at the end', () => {
  const { parameters, actions } = planOf(customers);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    changes: 120,
    rate: 2,
    seed: 1,
    triggerSeconds: 2,
  });
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
  expect(orderOf(customers)).toEqual({
    streams: ['sumByGender'],
    during: ['produce'],
    after: ['showGenders', 'archive'],
  });
  expect(isFed(customers, 'sumByGender')).toBe(true);
});
