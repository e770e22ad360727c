/** How rows and records are counted, in each of the forms that a pipeline may declare. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { avro, jsonSchema } from '../../../lib/declaration/index.ts';
import { countFile, decoderOf, totalOf } from '../../../local/accounts/counts.ts';

function fileWith(content: string): { path: string; rejectsFolder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-counts-'));
  writeFileSync(join(folder, 'lines'), content);
  mkdirSync(join(folder, 'rejects'));
  writeFileSync(join(folder, 'rejects', 'part-0'), '{"line":1,"reason":"not-json"}\n{"line":2,"reason":"late"}\n');
  writeFileSync(join(folder, 'rejects', 'part-1'), '{"line":3,"reason":"late"}\n');
  return { path: join(folder, 'lines'), rejectsFolder: join(folder, 'rejects') };
}

describe('rows of a file', () => {
  test('that is delimited come after its header', async () => {
    const { path, rejectsFolder } = fileWith('word\none\ntwo\n\nthree\n');
    expect(await countFile({ path, hasHeader: true, rows: 0, rejectsFolder })).toMatchObject({ read: 3, rejected: 3 });
    expect(await countFile({ path, hasHeader: true, rows: 7 })).toMatchObject({ read: 7, rejected: 0 });
  });

  test('of JSON lines are all its lines', async () => {
    const { path } = fileWith('{"word":"one"}\n{"word":"two"}\nno json');
    const counted = await countFile({ path, hasHeader: false, rows: 0, rejectsFolder: '/nowhere' });
    expect(counted).toMatchObject({ read: 3, rejected: 0 });
  });

  test('that were rejected are counted by their reason', async () => {
    const file = fileWith('');
    const { rejectedByReason } = await countFile({ ...file, hasHeader: false, rows: 3 });
    expect(rejectedByReason).toEqual({ 'not-json': 1, late: 2 });
  });
});

describe('the value of a result', () => {
  const decode = decoderOf(jsonSchema('word.schema.json'), 'http://127.0.0.1:1');

  test('of a JSON Schema is read as JSON, without a registry', async () => {
    expect(await decode(Buffer.from('{"word":"Türkiye","times":3}'))).toEqual({ word: 'Türkiye', times: 3 });
  });

  test.each(['[1]', 'null', '\0\0\0\0\u0001abc', ''])('is refused when it is %j', async (text) => {
    await expect(decode(Buffer.from(text))).rejects.toThrow(/no JSON object/);
  });

  test('of Avro has to be framed', async () => {
    const framed = decoderOf(avro('count.avsc'), 'http://127.0.0.1:1');
    await expect(framed(Buffer.from('{"times":3}'))).rejects.toThrow(/not framed/);
  });
});

describe('the total of a compacted topic', () => {
  const decode = decoderOf(jsonSchema('word.schema.json'), 'http://127.0.0.1:1');
  const total = (...records: (readonly [times: number | null, batch?: string])[]) => {
    const read = async (_topic: string, _range: unknown, onRecord: (record: never, partition: number) => void) => {
      for (const [offset, [times, batch]] of records.entries()) {
        const value = times === null ? null : Buffer.from(JSON.stringify({ times }));
        const headers = batch === undefined ? {} : { 'millrace.batch': Buffer.from(batch) };
        const record = {
          key: Buffer.from('mill'),
          value,
          headers,
          offset: String(offset),
          timestamp: `${5_000 + offset}`,
        };
        onRecord(record as never, 0);
      }
    };
    const range = { from: { 0: 0 }, to: { 0: records.length } };
    return totalOf({ read } as never, 'counts', range, { field: 'times', decode, compacted: true });
  };

  test('is of the last record of each key, and of none where that deletes', async () => {
    expect(await total([1], [2])).toBe(2);
    expect(await total([1], [null])).toBe(0);
  });

  test('is not of what came last from an earlier batch', async () => {
    expect(await total([7, '4800'], [6, '4700'])).toBe(7);
    expect(await total([7, '4800'], [8, '4800'])).toBe(8);
  });

  test('is of what others wrote after a batch', async () => {
    expect(await total([7, '4800'], [null])).toBe(0);
    expect(await total([7, '4800'], [9, 'x'])).toBe(9);
  });
});

test('without a field each record counts, and one that comes again with its key once', async () => {
  const decode = () => Promise.reject(new Error('no value needs to be read'));
  const records = ['mill', 'race', 'mill', null, null];
  const read = async (_topic: string, _range: unknown, onRecord: (record: never, partition: number) => void) => {
    for (const [offset, key] of records.entries()) {
      const [value, timestamp] = [Buffer.from('{}'), '5000'];
      onRecord({ key: key && Buffer.from(key), value, offset: String(offset), timestamp } as never, 0);
    }
  };
  const range = { from: { 0: 0 }, to: { 0: records.length } };
  expect(await totalOf({ read } as never, 'words', range, { field: undefined, decode, compacted: false })).toBe(4);
});
