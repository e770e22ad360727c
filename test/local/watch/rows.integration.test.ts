/** What the page tells of a table and of items, from a database and a DynamoDB that stand. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { items, postgres, table } from '../../../lib/declaration/index.ts';
import { millraceHome } from '../../../local/home.ts';
import { askDynamodb, dynamodbUrl } from '../../../local/services/dynamodb.ts';
import { asSuperuser } from '../../../local/services/postgres-sign-in.ts';
import { lastRows, someItems } from '../../../local/watch/rows.ts';

const home = millraceHome(inject('home'));
const shelves = table('shelves', { database: postgres('rows_shown'), key: ['id'], columns: ['id', 'label'] });

beforeAll(async () => {
  await asSuperuser(home, 'postgres', async (client) => {
    await client.query('CREATE ROLE rows_shown_sql LOGIN');
    await client.query('CREATE DATABASE rows_shown');
  });
  await asSuperuser(home, 'rows_shown', (client) =>
    client.query(`CREATE SCHEMA rows_shown; CREATE TABLE rows_shown.shelves (id bigint PRIMARY KEY, label text, secret text);
      GRANT USAGE ON SCHEMA rows_shown TO rows_shown_sql; GRANT SELECT ON rows_shown.shelves TO rows_shown_sql;
      INSERT INTO rows_shown.shelves SELECT n, 'label ' || n, 'secret' FROM generate_series(1, 99998) n;
      INSERT INTO rows_shown.shelves VALUES (9007199254740993, NULL), (9007199254740994, E'\\u202E\\u001B[31m' || repeat('x', 100000))`),
  );
});
afterAll(() =>
  asSuperuser(home, 'postgres', async (client) => {
    await client.query('DROP DATABASE rows_shown WITH (FORCE)');
    await client.query('DROP ROLE rows_shown_sql');
  }),
);

test('its last rows by its key are told with the columns that are declared, cut and with nothing hidden; then that there are more than are counted', async () => {
  const told = await lastRows(home, 'rows_shown', shelves);
  expect(told).toMatchObject({ columns: ['id', 'label'], key: ['id'], count: 100_000, more: false });
  const [first, ...others] = told.rows;
  expect(first?.[0]).toBe('9007199254740994');
  expect(first?.[1]).toMatch(/^⟨U\+202E⟩␛\[31mx{3900}/);
  expect(first?.[1]?.length).toBeLessThan(4_100);
  expect(others.slice(0, 2)).toEqual([
    ['9007199254740993', ''],
    ['99998', 'label 99998'],
  ]);
  expect(told.rows).toHaveLength(50);
  await asSuperuser(home, 'rows_shown', (client) => client.query("INSERT INTO rows_shown.shelves VALUES (0, '')"));
  expect(await lastRows(home, 'rows_shown', shelves)).toMatchObject({ count: 100_000, more: true });
});

test('a table that is not there is told in a sentence', async () => {
  const other = table('drawers', shelves.props);
  await expect(lastRows(home, 'rows_shown', other)).rejects.toThrow(/relation "rows_shown.drawers" does not exist/);
});

test('of items some are told, with what their key and version are first, cut and with nothing hidden', async () => {
  const TableName = 'rows-shown';
  const ask = (operation: string, parameters: object) => askDynamodb(dynamodbUrl(home), operation, parameters);
  await ask('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'label', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'label', KeyType: 'HASH' }],
  });
  try {
    for (const [label, more] of [
      ['\u202Emill', { lit: { BOOL: true } }],
      ['race', { notes: { L: [{ S: 'a' }, { S: 'b' }] } }],
    ] as const)
      await ask('PutItem', { TableName, Item: { ...more, height: { N: '12.50' }, label: { S: label } } });
    const kept = items('kept', { partitionKey: 'label', version: 'height' });
    const told = await someItems(home, `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`, kept);
    expect(told).toMatchObject({ key: ['label'], count: 2, more: false, last: false });
    expect(told.columns.slice(0, 2)).toEqual(['label', 'height']);
    const texts = told.rows.map((row) => Object.fromEntries(row.map((text, index) => [told.columns[index], text])));
    expect(texts.find(({ lit }) => lit === 'true')).toMatchObject({
      label: '⟨U+202E⟩mill',
      // DynamoDB leaves zeros at the end out.
      height: '12.5',
      notes: '',
    });
    expect(texts.find(({ label }) => label === 'race')?.notes).toMatch(/"a".*"b"/);
  } finally {
    await ask('DeleteTable', { TableName });
  }
});
