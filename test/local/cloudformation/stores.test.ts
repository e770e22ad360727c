/** The local Parameter Store, tables and buckets. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BucketStore, bucketPath, ParameterStore, TableStore } from '../../../local/cloudformation/index.ts';
import { temporaryFolder, temporaryHome } from './support.ts';

const lockTable = () => {
  const table = new TableStore(temporaryHome(), 'locks');
  table.create(['pipeline']);
  return table;
};

const key = { pipeline: { S: 'readings' } };
const heldBy = (holder: string) => ({ ...key, holder: { S: holder } });

describe('a table', () => {
  test('gives what was put, and nothing after it was deleted', async () => {
    const table = lockTable();
    expect(await table.getItem(key)).toBeUndefined();
    await table.putItem(heldBy('a'));
    expect(await table.getItem(key)).toEqual(heldBy('a'));
    await table.deleteItem(key);
    await table.deleteItem(key);
    expect(await table.getItem(key)).toBeUndefined();
  });

  test('gives the lock to the first, and tells the second who holds it', async () => {
    const table = lockTable();
    const free = { ConditionExpression: 'attribute_not_exists(pipeline)' };
    await table.putItem(heldBy('first'), free);
    await expect(table.putItem(heldBy('second'), free)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      item: heldBy('first'),
    });
    expect(await table.getItem(key)).toEqual(heldBy('first'));
  });

  test('replaces or releases a lock only when the holder is the expected one', async () => {
    const table = lockTable();
    const heldByHolder = (holder: string) => ({
      ConditionExpression: 'attribute_not_exists(#p) OR #h = :h',
      ExpressionAttributeNames: { '#p': 'pipeline', '#h': 'holder' },
      ExpressionAttributeValues: { ':h': { S: holder } },
    });
    await table.putItem(heldBy('dead'), heldByHolder('dead'));
    await expect(table.putItem(heldBy('new'), heldByHolder('other'))).rejects.toThrow('The conditional request failed');
    await table.putItem(heldBy('new'), heldByHolder('dead'));
    await expect(table.deleteItem(key, { ...heldByHolder('dead'), ConditionExpression: '#h = :h' })).rejects.toThrow();
    await table.deleteItem(key, { ...heldByHolder('new'), ConditionExpression: '#h = :h' });
    expect(await table.getItem(key)).toBeUndefined();
  });

  test.each([
    ['attribute_exists(holder) AND holder = :a', true],
    ['NOT holder = :a OR (holder <> :b AND attribute_exists(#p))', true],
    ['holder = :b or attribute_not_exists(gone)', true],
    ['holder = :a AND (holder = :b OR gone = :a)', false],
    ['gone <> :a', true],
    ['gone = :a', false],
    ['gone = lost', false],
  ])('holds or fails "%s" as DynamoDB does', async (ConditionExpression, expected) => {
    const table = lockTable();
    await table.putItem(heldBy('a'));
    const condition = {
      ConditionExpression,
      ExpressionAttributeNames: { '#p': 'pipeline' },
      ExpressionAttributeValues: { ':a': { S: 'a' }, ':b': { S: 'b' } },
    };
    const written = table.putItem(heldBy('a'), condition).then(
      () => true,
      () => false,
    );
    expect(await written).toBe(expected);
  });

  test.each([
    ['size(holder) > :a', /knows only/],
    ['begins_with(holder, :a)', /knows only/],
    ['holder = :missing', /has no value for :missing/],
    ['#x = :a', /has no name for #x/],
    ['holder = :a AND', /expects a name or a value, got "the end"/],
    ['a.b = :a', /knows only/],
    ['holder = :a )', /does not understand "\)"/],
  ])('refuses the condition "%s" and writes nothing', async (ConditionExpression, message) => {
    const table = lockTable();
    const refused = table.putItem(heldBy('a'), {
      ConditionExpression,
      ExpressionAttributeValues: { ':a': { S: 'a' } },
    });
    await expect(refused).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(message),
    });
    expect(await table.getItem(key)).toBeUndefined();
  });

  test('refuses an item without its key, and a table that does not exist', async () => {
    const table = lockTable();
    await expect(table.putItem({ holder: { S: 'a' } })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(new TableStore(temporaryHome(), 'none').getItem(key)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('gives a lock to exactly one of several processes, and loses no write', async () => {
    const home = temporaryHome();
    new TableStore(home, 'locks').create(['pipeline']);
    const script = join(temporaryFolder(), 'contend.ts');
    const stores = new URL('../../../local/cloudformation/table-store.ts', import.meta.url).href;
    const homes = new URL('../../../local/home.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { TableStore } from '${stores}';
       import { millraceHome } from '${homes}';
       const table = new TableStore(millraceHome(process.argv[2]), 'locks');
       let won = 0;
       await new Promise((resolve) => setTimeout(resolve, Number(process.argv[4]) - Date.now()));
       for (let round = 0; round < 10; round++) {
         const item = { pipeline: { S: 'round-' + round }, holder: { S: process.argv[3] } };
         await table.putItem(item, { ConditionExpression: 'attribute_not_exists(pipeline)' }).then(() => won++, () => {});
         await table.putItem({ pipeline: { S: process.argv[3] + '-' + round } });
       }
       console.log(won);`,
    );
    const run = promisify(execFile);
    // All begin at the same moment, or the first would be done before the last has started.
    const start = String(Date.now() + 1500);
    const arguments_ = (name: string) => ['--disable-warning=ExperimentalWarning', script, home.root, name, start];
    const outputs = await Promise.all(['a', 'b', 'c'].map((name) => run(process.execPath, arguments_(name))));
    expect(outputs.map(({ stdout }) => Number(stdout)).reduce((sum, won) => sum + won, 0)).toBe(10);
    const table = new TableStore(home, 'locks');
    for (const name of ['a', 'b', 'c']) {
      for (let round = 0; round < 10; round++)
        expect(await table.getItem({ pipeline: { S: `${name}-${round}` } })).toBeDefined();
    }
  });
});

describe('the Parameter Store', () => {
  test('holds the last value of each name, whatever the name', () => {
    const store = new ParameterStore(temporaryHome());
    store.put('/millrace/dev/platform', '{}');
    store.put('/millrace/dev/platform', '{"a":1}');
    store.put('/millrace/dev', 'above');
    expect(store.get('/millrace/dev/platform')).toMatchObject({ value: '{"a":1}', type: 'String' });
    expect(store.get('/millrace/dev')).toMatchObject({ value: 'above' });
    store.delete('/millrace/dev');
    expect(store.get('/millrace/dev')).toBeUndefined();
  });
});

describe('a bucket', () => {
  test.each([
    ['s3://data/a/b.csv', 'data/a/b.csv'],
    ['s3a://data/a', 'data/a'],
    ['s3://data', 'data'],
    ['s3://data/', 'data'],
  ])('has a path for %s', (url, path) => {
    const home = temporaryHome();
    expect(bucketPath(home, url).replace(/\/$/, '')).toBe(join(home.buckets, path));
  });

  test.each(['s3://data/../other/secret', 's3://../x', 's3://..', 'file:///etc/passwd', 'data/x', 's3://'])(
    'has no path for %s',
    (url) => {
      expect(() => bucketPath(temporaryHome(), url)).toThrow(url);
    },
  );

  test('is deleted with empty folders in it, and not with objects', () => {
    const home = temporaryHome();
    const store = new BucketStore(home);
    store.create('data');
    writeFileSync(bucketPath(home, 's3://data/object'), '');
    expect(() => store.delete('data')).toThrow('The bucket data is not empty');
    store.empty('data');
    store.delete('data');
    expect(store.exists('data')).toBe(false);
  });
});
