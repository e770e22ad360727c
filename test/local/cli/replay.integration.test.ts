/** Dead letters on a real broker, as they lie there and as they come back. */
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { deadLettersOf, replaysOf, topic } from '../../../lib/declaration/index.ts';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import { choiceOf, replayOn } from '../../../local/cli/replay.ts';
import { withTestAdmin } from '../../support/kafka.ts';

const bootstrapServers = inject('bootstrapServers');
const source = topic('replayed.words', { partitions: 1 });
const ways = [{ job: 'count', source, deadLetters: deadLettersOf(source), replays: replaysOf(source) }];
const letters = 'replayed.words.dead-letters';

async function send(...messages: { key: Buffer | null; value: Buffer | null; headers: object }[]): Promise<void> {
  const client = new Kafka({ clientId: 'millrace-test', brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  await producer.connect();
  for (const message of messages) await producer.send({ topic: letters, messages: [message as never] });
  await producer.disconnect();
}

async function recordsOf(name: string): Promise<KafkaMessage[]> {
  const reader = new KafkaReader(bootstrapServers);
  await reader.connect();
  const found: KafkaMessage[] = [];
  await reader.read(name, await reader.range(name), (record) => void found.push(record));
  await reader.close();
  return found;
}

const headersOf = (offset: number) => ({
  trace: ['first', 'second'],
  'millrace.error.reason': 'late',
  'millrace.error.topic': source.name,
  'millrace.error.partition': '0',
  'millrace.error.offset': String(offset),
  'millrace.error.job': 'count',
  'millrace.first-timestamp': '1790000000000',
});
const replayed = (dryRun = false) => replayOn(bootstrapServers, ways, choiceOf({}), dryRun);

test('dead letters come back byte by byte, once, also those without a key or value and large ones', async () => {
  await withTestAdmin(bootstrapServers, (admin) =>
    admin.createTopics({
      topics: [letters, 'replayed.words.replays'].map((name) => ({
        topic: name,
        numPartitions: 1,
        configEntries: [{ name: 'max.message.bytes', value: '1114124' }],
      })),
    }),
  );
  expect(await replayed()).toMatchObject([{ sent: {} }]);
  const records = [
    { key: Buffer.from([0, 255]), value: Buffer.from([0, 0, 0, 0, 9, 200]), headers: headersOf(0) },
    { key: null, value: Buffer.alloc(0), headers: headersOf(1) },
    { key: Buffer.from('k'), value: null, headers: headersOf(2) },
    { key: null, value: Buffer.alloc(1_048_000, 7), headers: headersOf(3) },
    { key: null, value: Buffer.alloc(400_000, 8), headers: headersOf(4) },
  ];
  await send(...records);
  expect(await replayed(true)).toMatchObject([{ sent: { late: 5 } }]);
  expect(await recordsOf('replayed.words.replays')).toEqual([]);
  expect(await replayed()).toMatchObject([{ sent: { late: 5 }, sentBefore: 0 }]);
  await send(records[0] as never, { ...(records[1] as (typeof records)[0]), headers: headersOf(5) });
  expect(await replayed()).toMatchObject([{ sent: { late: 1 }, sentBefore: 5 }]);
  const [before, after] = [await recordsOf(letters), await recordsOf('replayed.words.replays')];
  const bytesOf = ({ key, value, headers }: KafkaMessage) => ({ key, value, headers });
  expect(after.map(bytesOf)).toEqual(before.filter((_, index) => index !== 5).map(bytesOf));
  expect(after[0]?.headers?.trace).toEqual([Buffer.from('first'), Buffer.from('second')]);
});
