/** Which dead letters are sent again, by a broker that is a table of records. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaMessage, Message } from 'kafkajs';
import { expect, test } from 'vitest';
import { type ReplayWay, replayWaysOf } from '../../../lib/declaration/flow.ts';
import { deadLettersOf, events, replaysOf, stream, topic } from '../../../lib/declaration/index.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { choiceOf, replay, replayAll } from '../../../local/cli/replay.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { millraceHome } from '../../../local/home.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline, topics } = wordsPipeline();
const replays = replaysOf(topics.words);
const others = topic('tiny.others', { partitions: 1 });
const count = stream('count.py', {
  reads: { words: events(topics.words, { replays }), replays, others: events(others) },
  writes: { wordCounts: topics.wordCounts, lost: topics.lost },
});
const ways = replayWaysOf({ ...pipeline, jobs: { ...pipeline.jobs, count } });

interface Letter {
  readonly reason?: string;
  readonly topic?: string;
  readonly offset?: number;
  readonly job?: string;
  readonly truncated?: boolean;
  /** When it was set aside. */
  readonly at?: string;
}

function letter(
  { reason = 'late', topic: from = 'tiny.words', offset = 0, job = 'count', truncated = false, at }: Letter,
  index: number,
) {
  const headers = {
    trace: 'abc',
    'millrace.error.reason': reason,
    'millrace.error.topic': from,
    'millrace.error.partition': '1',
    'millrace.error.offset': String(offset),
    'millrace.error.job': job,
    'millrace.first-timestamp': '1790000000000',
    ...(truncated ? { 'millrace.error.truncated': 'key of 1 bytes' } : {}),
  };
  return {
    key: Buffer.from(`key ${offset}`),
    value: Buffer.from(`value ${offset}`),
    offset: String(index),
    timestamp: String(Date.parse(at ?? '2026-09-01T00:00:00Z')),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  };
}

/** A broker of topics with one partition, and how often records were sent to it. */
function brokerOf(...letters: Letter[]) {
  const records = new Map<string, object[]>([['tiny.words.dead-letters', letters.map(letter)]]);
  const of = (name: string) => records.get(name) ?? [];
  const reader = {
    range: async (name: string) => ({ from: { 0: 0 }, to: { 0: of(name).length } }),
    read: async (name: string, _range: unknown, onRecord: (record: KafkaMessage, partition: number) => unknown) => {
      for (const record of of(name)) await onRecord(record as KafkaMessage, 0);
    },
  } as unknown as TopicReader;
  const send = async (name: string, messages: Message[]) => void records.set(name, [...of(name), ...messages]);
  return { reader, send, sent: () => of('tiny.words.replays') as Message[] };
}

const all = choiceOf({});

test('each record is sent once as it is, with its headers, however often it was set aside', async () => {
  const broker = brokerOf({ offset: 7 }, { offset: 8 }, { offset: 7 });
  const [replayed] = await replayAll(broker.reader, broker.send, ways, all);
  expect(replayed).toEqual({
    deadLetters: 'tiny.words.dead-letters',
    sent: { late: 2 },
    sentBefore: 0,
    cut: 0,
    withoutReplays: 0,
    others: {},
  });
  expect(broker.sent()).toEqual(
    [7, 8].map((offset, index) => {
      const { key, value, headers } = letter({ offset }, index);
      return { key, value, headers };
    }),
  );
});

test('what was sent before is not sent again, but what failed a second time is', async () => {
  const broker = brokerOf({ offset: 7 }, { offset: 8 });
  await replayAll(broker.reader, broker.send, ways, all);
  expect(await replayAll(broker.reader, broker.send, ways, all)).toMatchObject([{ sent: {}, sentBefore: 2 }]);
  expect(broker.sent()).toHaveLength(2);
  const again = brokerOf({ offset: 7 }, { offset: 0, topic: 'tiny.words.replays' });
  expect(await replayAll(again.reader, again.send, ways, all)).toMatchObject([{ sent: { late: 2 } }]);
});

test('a record that is not whole, and one whose topic has no replays, are counted and not sent', async () => {
  const broker = brokerOf({ truncated: true }, { offset: 1, topic: 'tiny.others' }, { offset: 2, job: 'another' });
  expect(await replayAll(broker.reader, broker.send, ways, all)).toMatchObject([
    { sent: {}, cut: 1, withoutReplays: 2 },
  ]);
  expect(broker.sent()).toEqual([]);
});

test('each record comes back to the stream that set it aside, where several share a topic of dead letters', async () => {
  const broker = brokerOf({ offset: 1 }, { offset: 2, topic: 'tiny.others' }, { offset: 3 });
  const sentTo: [string, number][] = [];
  const send = async (name: string, messages: Message[]) => void sentTo.push([name, messages.length]);
  const [way] = ways as [ReplayWay];
  const another = { ...way, source: others, replays: replaysOf(others) };
  await replayAll(broker.reader, send, [way, another], all);
  expect(sentTo).toEqual([
    ['tiny.words.replays', 1],
    ['tiny.others.replays', 1],
    ['tiny.words.replays', 1],
  ]);
});

test('reasons and times choose: from the first moment on, and before the other', async () => {
  const letters = [
    { offset: 1, at: '2026-09-01T11:59:59.999Z' },
    { offset: 2, at: '2026-09-01T12:00:00Z' },
    { offset: 3, at: '2026-09-01T12:59:59Z', reason: 'unknown-schema-id' },
    { offset: 4, at: '2026-09-01T12:59:59Z', reason: 'future' },
    { offset: 5, at: '2026-09-01T13:00:00Z' },
  ];
  const broker = brokerOf(...letters);
  const chosen = choiceOf({
    reason: ['late', 'unknown-schema-id'],
    since: '2026-09-01T12:00:00Z',
    until: '2026-09-01T13:00:00Z',
  });
  expect(await replayAll(broker.reader, broker.send, ways, chosen)).toMatchObject([
    { sent: { late: 1, 'unknown-schema-id': 1 }, others: { late: 2, future: 1 } },
  ]);
});

test('records go in groups that a topic takes', async () => {
  const groups: number[] = [];
  const records = Array.from({ length: 5 }, (_, offset) => ({
    ...letter({ offset }, offset),
    value: Buffer.alloc(200_000),
  }));
  const broker = brokerOf();
  const reader = {
    ...broker.reader,
    read: async (name: string, _range: unknown, onRecord: (record: KafkaMessage, partition: number) => unknown) => {
      if (name === 'tiny.words.dead-letters') for (const record of records) await onRecord(record as never, 0);
    },
  } as unknown as TopicReader;
  await replayAll(reader, async (_, messages) => void groups.push(messages.length), ways, all);
  expect(groups).toEqual([2, 2, 1]);
});

test('a pipeline has a way for each topic that is followed with replays', () => {
  const { source, deadLetters, ...way } = ways[0] as ReplayWay;
  expect(ways).toHaveLength(1);
  expect({ ...way, source: source.name, deadLetters: deadLetters.name }).toEqual({
    job: 'count',
    source: 'tiny.words',
    deadLetters: 'tiny.words.dead-letters',
    replays,
  });
  expect(replayWaysOf(pipeline)).toEqual([]);
  expect(deadLettersOf(topics.words).deadLettersOf).toBe(topics.words);
});

test.each(['', 'yesterday', '2026-01-31', '2026-01-31T13:00:00+01:00'])('the time %j is refused', (since) => {
  expect(() => choiceOf({ since })).toThrow(
    `--since is ${JSON.stringify(since)}. Allowed: an instant in UTC, such as 2026-01-31T13:00:00Z.`,
  );
});

test('a pipeline without replays is refused in words, and one that is not deployed asks for up', async () => {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-replay-')));
  const { signal } = new AbortController();
  const context = { home, terminal: new Terminal(), json: false, signal, onForce: [], print: () => {} };
  const known = await loadPipelines();
  const able = known.filter((one) => replayWaysOf(one).length > 0);
  const without = known.find((one) => !able.includes(one));
  await expect(replay(context, without?.name ?? '', {})).rejects.toMatchObject({
    code: 'NO_REPLAYS',
    message: expect.stringContaining(`Allowed: ${able.map(({ name }) => name).join(', ')}. Declare replaysOf(source)`),
  });
  await expect(replay(context, able[0]?.name ?? '', {})).rejects.toMatchObject({ code: 'NOT_UP' });
});
