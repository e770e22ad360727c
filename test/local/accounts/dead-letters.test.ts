/** Which dead letters count, and of which execution they are. */
import { describe, expect, test } from 'vitest';
import { jsonSchema, topic } from '../../../lib/declaration/index.ts';
import { Accounts } from '../../../local/accounts/accounts.ts';
import { deadLettersIn } from '../../../local/accounts/dead-letters.ts';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

type Record = Readonly<{ value?: string; headers?: { readonly [name: string]: string } }>;

/** A dead letter of a record. */
const letter = (offset: number, reason = 'late', of = 'tiny.words', partition = 0): Record => ({
  headers: {
    'millrace.error.topic': of,
    'millrace.error.partition': String(partition),
    'millrace.error.offset': String(offset),
    'millrace.error.reason': reason,
  },
});

/** Topics of one partition, in memory. */
function readerOf(topics: { readonly [topic: string]: Record[] }): TopicReader {
  return {
    connect: async () => {},
    close: async () => {},
    clusterId: async () => 'one',
    range: async (name) => ({ from: { 0: 0 }, to: { 0: topics[name]?.length ?? 0 } }),
    count: async (_name, from, { to }) => (to[0] ?? 0) - (from[0] ?? 0),
    read: async (name, { from, to }, onRecord) => {
      for (const [index, { value = '', headers = {} }] of (topics[name] ?? []).entries()) {
        if (index < (from[0] ?? 0) || index >= (to[0] ?? 0)) continue;
        const bytes = Object.fromEntries(Object.entries(headers).map(([key, text]) => [key, Buffer.from(text)]));
        const record = { key: Buffer.from(''), value: Buffer.from(value), offset: String(index), timestamp: '0' };
        onRecord({ ...record, headers: bytes } as never, 0);
      }
    },
  };
}

const all = { from: { 0: 0 }, to: { 0: 99 } };

describe('dead letters', () => {
  test('count once for each record, whatever wrote them again, and by their last reason', async () => {
    const lost = [letter(1), letter(1, 'future'), letter(2), letter(2, 'late', 'tiny.words', 1)];
    const found = await deadLettersIn(readerOf({ lost }), 'lost', all, ['tiny.words']);
    expect(found).toMatchObject({ total: 3, byReason: { future: 1, late: 2 } });
  });

  test('of another source of the stream are not counted', async () => {
    const lost = [letter(1), letter(2, 'late', 'tiny.others')];
    expect((await deadLettersIn(readerOf({ lost }), 'lost', all, ['tiny.words'])).total).toBe(1);
  });

  test('that do not say what they were are counted one by one', async () => {
    const found = await deadLettersIn(readerOf({ lost: [{}, {}] }), 'lost', all, ['tiny.words']);
    expect(found).toMatchObject({ total: 2, byReason: { unknown: 2 }, sources: [undefined, undefined] });
  });
});

const { pipeline, topics } = wordsPipeline();
const results = { topic: topic('tiny.each', { partitions: 1, value: jsonSchema('word.schema.json') }), count: 'times' };
const account = { sent: topics.words, deadLetters: topics.lost, results };

test.each([
  [1, 0],
  [2, 1],
  [3, 1],
])(
  'a dead letter of the record %d, where two were there before, is of %d of the execution',
  async (offset, expected) => {
    const records: { [topic: string]: Record[] } = { 'tiny.words': [{}, {}] };
    const accounted = { ...pipeline, accounts: [account] };
    const at = { bootstrapServers: '', registryUrl: '' };
    const accounts = new Accounts(temporaryHome(), accounted, at, readerOf(records));
    await accounts.open();
    records['tiny.words']?.push({}, {});
    records['tiny.words.dead-letters'] = [letter(offset)];
    expect(topics.lost.name).toBe('tiny.words.dead-letters');
    expect(await accounts.settle([])).toMatchObject([{ deadLetters: 1, deadLettersOfExecution: expected }]);
  },
);

test('a row that did not fit into a table counts once, also where its batch was repeated', async () => {
  const row = (id: string): Record => ({
    headers: { 'millrace.error.topic': 'tiny.table', 'millrace.error.reason': 'bad-town', 'millrace.row': id },
  });
  const letters = [row('7/a/1'), row('7/a/2'), row('7/a/1'), row('8/a/1')];
  const all = { from: { 0: 0 }, to: { 0: letters.length } };
  expect(await deadLettersIn(readerOf({ letters }), 'letters', all, ['tiny.table'])).toMatchObject({
    total: 3,
    byReason: { 'bad-town': 3 },
  });
});
