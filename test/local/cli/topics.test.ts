/** Which topic is meant, where reading begins, and how its records are printed. */
import type { KafkaMessage } from 'kafkajs';
import { expect, test, vi } from 'vitest';
import { deadLettersOf, events, jsonSchema, replaysOf, stream, topic } from '../../../lib/declaration/index.ts';
import type { Range } from '../../../local/accounts/offsets.ts';
import { newestOf } from '../../../local/accounts/records.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import {
  type Begin,
  beginOf,
  chosenOf,
  type KnownTopic,
  knownTopicsOf,
  show,
  summaryOf,
  topics,
} from '../../../local/cli/topics.ts';
import { temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();
const known = knownTopicsOf(pipeline);

/** A broker of one topic, whose partitions hold these records; `null` is a gap. */
function readerOf(...partitions: (Partial<KafkaMessage> | null)[][]) {
  const range: Range = {
    from: Object.fromEntries(partitions.map((_, at) => [at, 0])),
    to: Object.fromEntries(partitions.map((records, at) => [at, records.length])),
  };
  const looks: Range[] = [];
  return {
    looks,
    range: async () => range,
    offsetsAt: async (_topic: string, moment: number) =>
      Object.fromEntries(
        partitions.map((records, at) => [
          at,
          (records.findIndex((record) => Number(record?.timestamp) >= moment) + records.length + 1) %
            (records.length + 1),
        ]),
      ),
    read: async (
      _topic: string,
      read: Range,
      onRecord: (record: KafkaMessage, partition: number) => unknown,
      enough?: AbortSignal,
    ) => {
      looks.push(read);
      for (const [partition, to] of Object.entries(read.to)) {
        for (let offset = read.from[Number(partition)] ?? 0; offset < to; offset += 1) {
          const record = partitions[Number(partition)]?.[offset];
          if (enough?.aborted) return;
          if (record) await onRecord({ offset: String(offset), timestamp: '0', ...record } as never, Number(partition));
        }
      }
    },
  };
}

const at = (second: number, value: string, headers = {}): Partial<KafkaMessage> => ({
  key: Buffer.from('k'),
  value: Buffer.from(value),
  timestamp: String(Date.parse('2026-01-31T13:00:00Z') + second * 1_000),
  headers,
});

interface Asked {
  readonly json?: boolean;
  readonly from?: Begin;
  readonly most?: number;
  readonly reason?: readonly string[];
}

/** What is printed of a topic, and what is said beside it. */
async function shown(reader: ReturnType<typeof readerOf>, chosen: KnownTopic, asked: Asked = {}) {
  const [printed, said]: string[][] = [[], []];
  const terminal = new Terminal({ write: (text: string) => said?.push(text) } as never);
  const { json = true, from, ...reading } = asked;
  const { signal } = new AbortController();
  const print = (text: string) => void printed?.push(text);
  await show({ json, print, terminal, signal }, reader, chosen, { ...reading, from, registryUrl: '' });
  return { printed: printed ?? [], said: (said ?? []).join('') };
}

const valuesOf = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).value.n);
const words = chosenOf(known, 'tiny.words', false);
const letters = chosenOf(known, 'words', true);

test('a topic is found by its name or alias, and its dead letters by both', () => {
  expect(words).toMatchObject({ alias: 'words', pipeline: 'tiny' });
  expect(chosenOf(known, 'words', false)).toBe(words);
  expect(letters.topic.name).toBe('tiny.words.dead-letters');
  expect(letters.source).toBe(words.topic);
  expect(chosenOf(known, 'tiny.words.dead-letters', true)).toBe(letters);
});

test('a wrong name says which topics there are, and one without dead letters which have some', () => {
  expect(() => chosenOf(known, 'wrods', false)).toThrow(
    'There is no topic "wrods". Allowed: tiny.counts, tiny.words, tiny.words.dead-letters.',
  );
  expect(() => chosenOf(known, 'tiny.counts', true)).toThrow(
    'Topic tiny.counts has no dead letters. Allowed: tiny.words.',
  );
  const other = { ...words, topic: topic('other.words', { partitions: 1 }), pipeline: 'other' };
  expect(() => chosenOf([...known, other], 'words', false)).toThrow(
    '"words" is the alias of several topics. Allowed: other.words, tiny.words.',
  );
});

test('replays are read as their source is', () => {
  const source = topic('tiny.sent', { partitions: 1, value: jsonSchema('word.schema.json') });
  const replays = replaysOf(source);
  const lost = deadLettersOf(source);
  const count = stream('count.py', { reads: { sent: events(source, { replays }), replays }, writes: { lost } });
  const found = knownTopicsOf({ ...pipeline, jobs: { count } });
  expect(found.find(({ topic }) => topic === replays)?.source).toBe(source);
});

test.each<[string, Begin]>([
  ['earliest', { at: 'earliest' }],
  ['2026-01-31T13:00:00Z', { at: 'moment', timestampMs: 1_769_864_400_000 }],
  ['1:42', { at: 'offset', partition: 1, offset: 42 }],
])('reading begins at %s', (text, begin) => expect(beginOf(text)).toEqual(begin));

test.each(['', 'latest', '1:', '-1:0', '1:2:3', '2026-01-31'])('the place %j is refused', (text) => {
  expect(() => beginOf(text)).toThrow(`--from is ${JSON.stringify(text)}. Allowed: earliest, an instant in UTC`);
});

test('without a place to begin the newest records are shown, the newest last', async () => {
  const reader = readerOf([at(0, '{"n": 0}'), at(2, '{"n": 2}')], [at(1, '{"n": 1}'), at(3, '{"n": 3}')]);
  expect(valuesOf((await shown(reader, words, { most: 3 })).printed)).toEqual([1, 2, 3]);
});

test('the newest are found behind gaps and others that are not wanted', async () => {
  const none = [null, null, null];
  const reader = readerOf([at(0, '0'), at(1, '1'), at(2, '2'), ...none, ...none, ...none, ...none], [at(3, '3')]);
  const found = await newestOf(reader, 'any', await reader.range(), 2, ({ record }) => String(record.value) !== '1');
  expect(found.map(({ record }) => String(record.value))).toEqual(['2', '3']);
});

test('from a place on records are shown in their order, and no more are read than are wanted', async () => {
  const records = Array.from({ length: 9 }, (_, n) => at(n, `{"n": ${n}}`));
  const reader = readerOf(records, [at(5, '{"n": 50}')]);
  const from = async (text: string, most?: number) =>
    valuesOf((await shown(reader, words, { from: beginOf(text), ...(most && { most }) })).printed);
  expect(await from('earliest')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 50]);
  expect(await from('0:6')).toEqual([6, 7, 8]);
  expect(await from('2026-01-31T13:00:05Z')).toEqual([5, 6, 7, 8, 50]);
  expect(await from('0:2', 2)).toEqual([2, 3]);
  await expect(from('7:0')).rejects.toThrow('Topic tiny.words has no partition 7. Allowed: 0, 1.');
});

const letter = (n: number, reason: string) => at(n, `{"n": ${n}}`, { 'millrace.error.reason': Buffer.from(reason) });

test('dead letters of a reason alone, with what is said of them; a reason that none has names those there are', async () => {
  const reader = readerOf([letter(0, 'late'), letter(1, 'not-framed'), letter(2, 'late')]);
  const { printed } = await shown(reader, letters, { reason: ['late'] });
  expect(valuesOf(printed)).toEqual([0, 2]);
  expect(JSON.parse(printed[0] ?? '').deadLetter).toMatchObject({ reason: 'late', isCut: false });
  const { printed: none, said } = await shown(reader, letters, { reason: ['lost'], from: { at: 'earliest' } });
  expect(none).toEqual([]);
  expect(said).toContain('no dead letters of lost in tiny.words.dead-letters from there on (2 late, 1 not-framed)');
});

test('JSON lines keep numbers, each with its digits, and say what is not as the schema says', async () => {
  const record = at(0, '{"amount": 12.50, "big": 12345678901234567890, "n": 7}', {
    trace: [Buffer.from('a'), Buffer.from('b')],
  });
  const { printed } = await shown(readerOf([record, { ...at(1, 'no json'), key: null }]), words);
  expect(printed[0]).toContain('"value":{"amount":12.50,"big":12345678901234567890,"n":7},"valueDecoded":true');
  expect(JSON.parse(printed[0] ?? '')).toMatchObject({
    topic: 'tiny.words',
    partition: 0,
    offset: 0,
    timestamp: '2026-01-31T13:00:00.000Z',
    key: 'k',
    headers: { trace: ['a', 'b'] },
  });
  expect(JSON.parse(printed[1] ?? '')).toMatchObject({ key: null, value: 'no json', valueDecoded: false });
});

test('a record for people is a block of its own, whatever it holds', async () => {
  const hostile = 'x\n2026-01-01 00:00:00 UTC  0:9\u001b[31m\u202e';
  const record = { ...at(0, '{"n": 7.50}', { [hostile]: Buffer.from(hostile) }), key: Buffer.from(hostile) };
  const { printed } = await shown(readerOf([record, { ...at(1, ''), key: null, value: null }]), words, { json: false });
  const told = 'x␊2026-01-01 00:00:00 UTC  0:9␛[31m⟨U+202E⟩';
  expect(printed).toEqual([
    `2026-01-31 13:00:00 UTC  0:0  key ${told}\n  { "n": 7.50 }\n  ${told}=${told}`,
    '2026-01-31 13:00:01 UTC  0:1\n  (no value)',
  ]);
});

test('JSON lines hide nothing on a terminal and are the same data', async () => {
  const hostile = '\u001b[31m\u009b31m\u007f\u202e\u{e0041}';
  const { printed } = await shown(readerOf([at(0, JSON.stringify({ n: hostile }))]), words);
  expect(printed[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(valuesOf(printed)).toEqual([hostile]);
});

test('what topics hold, and of each its dead letters', async () => {
  const range = async (name: string): Promise<Range> =>
    name.endsWith('dead-letters') ? { from: { 0: 1 }, to: { 0: 4 } } : { from: { 0: 2, 1: 0 }, to: { 0: 7, 1: 5 } };
  const [one, ...others] = await summaryOf({ range: vi.fn(range) }, [words, letters]);
  expect(one).toEqual({
    topic: 'tiny.words',
    alias: 'words',
    pipeline: 'tiny',
    partitions: 2,
    records: 10,
    compacted: false,
    deadLetters: { topic: 'tiny.words.dead-letters', records: 3 },
  });
  expect(others).toMatchObject([{ records: 3 }]);
});

test('what is about one topic asks for it, and records ask for services that run', async () => {
  const { signal } = new AbortController();
  const context = {
    home: temporaryHome(),
    terminal: new Terminal(),
    json: false,
    signal,
    onForce: [],
    print: () => {},
  };
  await expect(topics(context, undefined, { follow: true })).rejects.toMatchObject({
    code: 'NO_TOPIC',
    message: expect.stringContaining('--follow is about the records of one topic.'),
  });
  await expect(topics(context, 'words', {})).rejects.toMatchObject({ code: 'NOT_UP' });
});
