/** Records of transactions on a real broker: what is committed counts, whatever lies around it. */
import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import type { Range } from '../../../local/accounts/offsets.ts';
import { until } from '../../e2e/cli.ts';
import { withTestAdmin } from '../../support/kafka.ts';

const bootstrapServers = inject('bootstrapServers');
const name = 'transactions.words';
const client = new Kafka({ clientId: 'millrace-test', brokers: [bootstrapServers], logLevel: logLevel.NOTHING });

/** Sends so many records to a partition at once. */
const send = (to: Pick<Producer, 'send'>, count: number, partition: number) =>
  to.send({
    topic: name,
    compression: CompressionTypes.GZIP,
    messages: Array.from({ length: count }, (_, at) => ({ partition, value: `word ${at}` })),
  });

/** The range of the topic, when so many offsets are decided. */
async function rangeOf(reader: KafkaReader, offsets: number): Promise<Range> {
  const sum = ({ to }: Range) => Object.values(to).reduce((all, one) => all + one, 0);
  let range = await reader.range(name);
  await until(
    async () => {
      range = await reader.range(name);
      return sum(range) === offsets;
    },
    () => JSON.stringify(range),
  );
  return range;
}

test('records of aborted transactions, and the marks of all, do not count; those of one that is open come later', async () => {
  await withTestAdmin(bootstrapServers, (admin) => admin.createTopics({ topics: [{ topic: name, numPartitions: 2 }] }));
  const ofTransactions = (id: string) =>
    client.producer({ transactionalId: `${name}-${id}`, idempotent: true, maxInFlightRequests: 1 });
  const [plain, first, second] = [client.producer(), ofTransactions('one'), ofTransactions('two')];
  const reader = new KafkaReader(bootstrapServers);
  await Promise.all([plain, first, second, reader].map((one) => one.connect()));
  try {
    const none = await reader.range(name);
    expect(await reader.count(name, none.to, none)).toBe(0);
    const [one, two] = [await first.transaction(), await second.transaction()];
    await send(plain, 3, 0);
    await send(one, 5, 0);
    await send(two, 7, 0);
    await send(one, 11, 1);
    await send(plain, 2, 1);
    const open = await reader.range(name);
    expect(open.to).toEqual({ 0: 3, 1: 0 });
    expect(await reader.count(name, {}, open)).toBe(3);
    await one.abort();
    await send(plain, 13, 0);
    await two.commit();
    // The broker writes the marks after it has answered.
    const ended = await rangeOf(reader, 30 + 14);
    expect(ended.to).toEqual({ 0: 3 + 5 + 7 + 1 + 13 + 1, 1: 11 + 2 + 1 });
    expect(await reader.count(name, {}, ended)).toBe(3 + 7 + 13 + 2);
    // From the middle of an aborted transaction, and of a batch.
    expect(await reader.count(name, { 0: 5, 1: 4 }, ended)).toBe(7 + 13 + 2);
    const again = await first.transaction();
    await send(again, 17, 0);
    await again.commit();
    const last = await rangeOf(reader, 30 + 14 + 18);
    expect(await reader.count(name, ended.to, last)).toBe(17);
    const seen: string[] = [];
    await reader.read(name, last, ({ offset }, partition) => void seen.push(`${partition}/${offset}`));
    expect(seen).toHaveLength(3 + 7 + 13 + 2 + 17);
    // One record out of the middle of a batch.
    const middle: string[] = [];
    await reader.read(name, { from: { 0: 1 }, to: { 0: 2 } }, ({ offset }, at) => void middle.push(`${at}/${offset}`));
    expect(middle).toEqual(['0/1']);
  } finally {
    await Promise.all([plain, first, second].map((one) => one.disconnect()));
    await reader.close();
  }
});
