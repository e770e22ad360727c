/** Records of a real broker as the command shows them: of Avro with their schema in the registry, while they come, and without a trace. */
import { setTimeout as sleep } from 'node:timers/promises';
import avro from 'avsc';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, expect, inject, test } from 'vitest';
import { avro as avroSchema, deadLettersOf, topic } from '../../../lib/declaration/index.ts';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { type Begin, listPartitions, show } from '../../../local/cli/topics.ts';
import { withTestAdmin } from '../../support/kafka.ts';

const [bootstrapServers, registryUrl] = [inject('bootstrapServers'), inject('registryUrl')];
const client = new Kafka({ clientId: 'millrace-test', brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
const source = topic('shown.words', { partitions: 2, value: avroSchema('sale.avsc') });
const known = (shown: typeof source) => ({ topic: shown, alias: 'shown', pipeline: 'tiny', source });
const money = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 };
const schema = {
  type: 'record',
  name: 'Sale',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'amount', type: money },
  ],
};
const start = Date.parse('2026-01-31T13:00:00Z');
let contentId = 0;

/** A sale of so many hundredths, at that second. */
function sale(id: number, hundredths: number, partition: number) {
  const plain = avro.Type.forSchema({
    ...schema,
    fields: [schema.fields[0], { name: 'amount', type: 'bytes' }],
  } as never);
  const amount = Buffer.alloc(4);
  amount.writeInt32BE(hundredths);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(contentId, 1);
  const value = Buffer.concat([frame, plain.toBuffer({ id, amount })]);
  return { partition, key: `sale ${id}`, value, timestamp: String(start + id * 1_000) };
}

async function send(to: string, ...messages: object[]): Promise<void> {
  const producer = client.producer();
  await producer.connect();
  for (const message of messages) await producer.send({ topic: to, messages: [message as never] });
  await producer.disconnect();
}

interface Asked {
  readonly from?: Begin;
  readonly most?: number;
  readonly follow?: boolean;
  readonly reason?: string[];
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

async function shown(name: typeof source, { from, signal, onLine, ...asked }: Asked = {}) {
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
    onLine?.(line);
  };
  const terminal = new Terminal({ write: () => true } as never);
  const reader = new KafkaReader(bootstrapServers);
  await reader.connect();
  try {
    const context = { json: true, print, terminal, signal: signal ?? new AbortController().signal };
    await show(context, reader, known(name), { ...asked, from, registryUrl });
  } finally {
    await reader.close();
  }
  return lines.map((line) => JSON.parse(line));
}

const groups = () => withTestAdmin(bootstrapServers, async (admin) => (await admin.listGroups()).groups);
const idsOf = (records: readonly { value: { id: number } }[]) => records.map(({ value }) => value.id).sort();

beforeAll(async () => {
  await withTestAdmin(bootstrapServers, (admin) =>
    admin.createTopics({
      topics: [
        { topic: source.name, numPartitions: 2 },
        { topic: deadLettersOf(source).name, numPartitions: 1 },
      ],
    }),
  );
  const response = await fetch(
    `${registryUrl}/apis/registry/v3/groups/default/artifacts?ifExists=FIND_OR_CREATE_VERSION`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        artifactId: `${source.name}-value`,
        artifactType: 'AVRO',
        firstVersion: { content: { content: JSON.stringify(schema), contentType: 'application/json' } },
      }),
    },
  );
  contentId = ((await response.json()) as { version: { contentId: number } }).version.contentId;
  await send(source.name, sale(0, 1250, 0), sale(1, -5, 1), sale(2, 7, 0), sale(3, 100, 0));
});

test('the newest records come decoded: numbers as numbers, money with every digit', async () => {
  expect(await shown(source, { most: 3 })).toMatchObject([
    { partition: 1, offset: 0, key: 'sale 1', value: { id: 1, amount: '-0.05' }, valueDecoded: true },
    { partition: 0, offset: 1, value: { id: 2, amount: '0.07' }, timestamp: '2026-01-31T13:00:02.000Z' },
    { partition: 0, offset: 2, value: { id: 3, amount: '1.00' } },
  ]);
});

test('reading begins at a time or an offset, and ends when there are enough', async () => {
  expect(idsOf(await shown(source, { from: { at: 'earliest' } }))).toEqual([0, 1, 2, 3]);
  expect(idsOf(await shown(source, { from: { at: 'moment', timestampMs: start + 2_000 } }))).toEqual([2, 3]);
  expect(idsOf(await shown(source, { from: { at: 'offset', partition: 0, offset: 1 } }))).toEqual([2, 3]);
  expect(await shown(source, { from: { at: 'earliest' }, most: 2 })).toHaveLength(2);
});

test('dead letters of one reason are read as their source', async () => {
  const letters = deadLettersOf(source);
  const of = (reason: string) => ({ 'millrace.error.reason': reason, 'millrace.error.topic': source.name });
  await send(letters.name, { ...sale(8, 1, 0), headers: of('late') }, { ...sale(9, 1, 0), headers: of('future') });
  expect(await shown(letters, { reason: ['future'] })).toMatchObject([
    { value: { id: 9 }, deadLetter: { reason: 'future', topic: source.name } },
  ]);
});

test('partitions are told with who leads and keeps them, their offsets and their bytes', async () => {
  const reader = new KafkaReader(bootstrapServers);
  const printed: string[] = [];
  await reader.connect();
  try {
    for (const json of [true, false]) {
      await listPartitions({ json, print: (line) => void printed.push(line) }, reader, [source.name]);
    }
  } finally {
    await reader.close();
  }
  const [object = '', lines = ''] = printed;
  const { partitions } = JSON.parse(object) as { partitions: { bytes: number }[] };
  const kept = { topic: source.name, leader: 1, replicas: [1], inSync: [1], first: 0 };
  expect(partitions).toMatchObject([
    { ...kept, partition: 0, end: 3 },
    { ...kept, partition: 1, end: 1 },
  ]);
  // A batch has a header of 61 bytes and is one record here: three of them take three times as much as one.
  expect(partitions[1]?.bytes).toBeGreaterThan(61);
  expect(partitions[0]?.bytes).toBeGreaterThan(2.9 * (partitions[1]?.bytes ?? 0));
  expect(lines.split('\n')[0]).toMatch(/topic +partition +leader +replicas +in sync +first +end +bytes/);
});

test('what comes is followed until the command is ended, each record once; no consumer group stays behind', async () => {
  const ending = new AbortController();
  const seen: string[] = [];
  const onLine = (line: string) => void seen.push(line);
  const following = shown(source, { most: 1, follow: true, signal: ending.signal, onLine });
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(1);
  await send(source.name, sale(4, 1, 1));
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(2);
  await send(source.name, sale(5, 1, 0));
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(3);
  await sleep(1_500);
  ending.abort();
  expect(idsOf(await following)).toEqual([3, 4, 5]);
  expect((await groups()).filter(({ groupId }) => groupId.startsWith('millrace-report-'))).toEqual([]);
});
