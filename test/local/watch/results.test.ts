/** What the topic of results says while the report's job has not run. */
import { expect, test } from 'vitest';
import { batch, deadLettersOf, folder, jsonSchema, pipeline, stream, topic } from '../../../lib/declaration/index.ts';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { ResultsSoFar } from '../../../local/watch/results.ts';

const value = jsonSchema('count.schema.json');
const words = topic('words', { partitions: 1, value });
const counts = topic('counts', { partitions: 1, cleanup: 'compact', value });
const lost = deadLettersOf(words);
const results = folder('results');
const count = stream('count.py', { reads: { words }, writes: { counts, lost }, keys: 10 });
const show = batch('show.py', { reads: { counts }, writes: { results } });
const report = {
  job: show,
  folder: results,
  columns: [
    { field: 'word', title: 'word', format: 'text' },
    { field: 'times', title: 'times', format: 'count' },
  ],
} as const;
const declared = pipeline(`file:///project/pipelines/tiny/pipeline.ts`, {
  description: 'Words.',
  jobs: { count, show },
  accounts: [{ sent: words, deadLetters: lost, results: { topic: counts, count: 'times' } }],
  report,
});

test('rows of a key replace each other, deleted ones go, and each record is read once', async () => {
  const records: { key: string; value: object | null }[] = [];
  const read: number[] = [];
  const reader: Pick<TopicReader, 'range' | 'read'> = {
    range: async () => ({ from: { 0: 0 }, to: { 0: records.length } }),
    read: async (_topic, { from }, onRecord) => {
      for (const [offset, { key, value }] of records.entries()) {
        if (offset < (from[0] ?? 0)) continue;
        read.push(offset);
        const bytes = value && Buffer.from(JSON.stringify(value));
        await onRecord({ key: Buffer.from(key), value: bytes, offset: String(offset), timestamp: '0' } as never, 0);
      }
    },
  };
  const soFar = new ResultsSoFar(declared);
  expect(await soFar.next(reader, '')).toBeUndefined();
  records.push({ key: 'a', value: { word: 'a', times: 1 } }, { key: 'b', value: { word: 'b', times: 1 } });
  await soFar.next(reader, '');
  records.push(
    { key: 'a', value: { word: 'a', times: 5 } },
    { key: 'b', value: null },
    { key: 'c', value: { other: 1 } },
  );
  expect(await soFar.next(reader, '')).toEqual({ rows: [{ word: 'a', times: 5 }], final: false, more: 0 });
  expect(await soFar.next(reader, '')).toMatchObject({ rows: [{ times: 5 }] });
  expect(read).toEqual([0, 1, 2, 3, 4]);
});

test('of a long topic the last five thousand records of a partition are read, and two thousand rows are shown', async () => {
  const asked: unknown[] = [];
  const reader: Pick<TopicReader, 'range' | 'read'> = {
    range: async () => ({ from: { 0: 10 }, to: { 0: 100_000 } }),
    read: async (_topic, { from }, onRecord) => {
      asked.push(from);
      for (let offset = 0; offset < 2_003; offset += 1) {
        const value = Buffer.from(JSON.stringify({ word: String(offset), times: 1 }));
        await onRecord({ key: Buffer.from(String(offset)), value, offset: String(offset), timestamp: '0' } as never, 0);
      }
    },
  };
  const found = await new ResultsSoFar(declared).next(reader, '');
  expect(asked).toEqual([{ 0: 95_000 }]);
  expect([found?.rows.length, found?.more]).toEqual([2_000, 3]);
});

test.each([
  [{ x: 'word', y: 'times' }, ['c', 'b', 'a']],
  [{ x: 'since', y: 'times' }, ['b', 'a', 'c']],
])('those of most weight in the chart %j come first', async (chart, words) => {
  const columns = [...report.columns, { field: 'since', title: 'since', format: 'time' as const }];
  const rows = ['a 2 03:00', 'b 10 03:00', 'c 11 02:00'].map((row) => {
    const [word, times, time] = row.split(' ');
    return { key: word, value: { word, times: Number(times), since: `2026-01-31T${time}:00.000Z` } };
  });
  const reader: Pick<TopicReader, 'range' | 'read'> = {
    range: async () => ({ from: { 0: 0 }, to: { 0: rows.length } }),
    read: async (_topic, _range, onRecord) => {
      for (const [offset, { key, value }] of rows.entries())
        await onRecord(
          { key: Buffer.from(`${key}`), value: Buffer.from(JSON.stringify(value)), offset: `${offset}` } as never,
          0,
        );
    },
  };
  const told = await new ResultsSoFar({ ...declared, report: { ...report, columns, chart } }).next(reader, '');
  expect(told?.rows.map(({ word }) => word)).toEqual(words);
});

test('a pipeline without accounts has the topic that its report reads, and one whose report reads none has none until its end', () => {
  const { accounts: _accounts, ...without } = declared;
  expect(new ResultsSoFar(without).topic).toBe(counts);
  const alone = { ...without, jobs: { count, show: { ...show, reads: {} } as never } };
  expect(new ResultsSoFar(alone).topic).toBeUndefined();
});
