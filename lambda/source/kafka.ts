/**
 * Kafka as the sink of a source: records and how far a channel has come are one transaction. Transactions of one name belong to who began with it last, so that a
 * run which another one follows writes nothing any more, however late.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompressionTypes, type Consumer, Kafka, type Producer } from 'kafkajs';
import { cursorTopic, sourcePrefix, sourceTransaction } from '../../lib/declaration/names.ts';
import { type Connection, settingsOf } from '../kafka/client.ts';
import { messageOf, RETRY } from '../kafka/records.ts';
import { type OpenSink, TakenOver } from './run.ts';

export interface KafkaSinkProps extends Connection {
  readonly pipeline: string;
  readonly source: string;
  /** Names of the topics by their aliases. */
  readonly topics: Readonly<Record<string, string>>;
}

/** What brokers say of a transaction whose name somebody else has begun with since; also where they have given it up themselves. */
const FENCED = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'];

/** A transaction that is not ended for so long is given up by the brokers. */
export const TRANSACTION_MS = 60_000;

/** How long it may take to read how far everything has come. */
export const READ_MS = 30_000;

/** Records at the end of the topic of cursors that are read first; where those of a channel are further back, eight times as many, and so on. */
const FIRST_BACK = 400;

/** Opens the sink, which takes it from whoever has it. */
export async function openKafka(props: KafkaSinkProps): Promise<OpenSink> {
  const { pipeline, source, topics } = props;
  const kafka = new Kafka({ ...settingsOf(props, sourcePrefix(pipeline, source)), retry: RETRY });
  const producers = new Map<string, Producer>();
  const close = async () => {
    await Promise.all([...producers.values()].map((one) => one.disconnect().catch(() => undefined)));
  };
  try {
    for (const alias of Object.keys(topics)) {
      const producer = kafka.producer({
        transactionalId: sourceTransaction(pipeline, source, alias),
        transactionTimeout: TRANSACTION_MS,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        retry: RETRY,
      });
      producers.set(alias, producer);
      await producer.connect();
      // Its beginning is what takes it over, and ends what others had not ended.
      await (await producer.transaction()).abort();
    }
  } catch (error) {
    await close();
    throw error;
  }
  const cursors = cursorTopic(pipeline, source);
  return {
    progress: () => lastOf(kafka, cursors, Object.keys(topics), `${sourcePrefix(pipeline, source)}-${randomUUID()}`),
    async commit(alias, records, progress) {
      const topic = topics[alias];
      const producer = producers.get(alias);
      if (topic === undefined || !producer) throw new Error(`The source writes no topic ${alias}.`);
      try {
        const transaction = await producer.transaction();
        await transaction.sendBatch({
          compression: CompressionTypes.GZIP,
          topicMessages: [
            ...(records.length > 0 ? [{ topic, messages: records.map(messageOf) }] : []),
            { topic: cursors, messages: [{ key: alias, value: progress }] },
          ],
        });
        await transaction.commit();
      } catch (error) {
        if (FENCED.includes(Object(error).type)) throw new TakenOver(`topic ${topic} has another writer now`);
        throw error;
      }
    },
    close,
  };
}

/** The last value of each of some keys of a topic of one partition; of keys that it does not have nothing. */
async function lastOf(
  kafka: Kafka,
  topic: string,
  keys: readonly string[],
  groupId: string,
): Promise<ReadonlyMap<string, string>> {
  const admin = kafka.admin();
  await admin.connect();
  const [{ low, high } = { low: '0', high: '0' }] = await admin
    .fetchTopicOffsets(topic)
    .finally(() => admin.disconnect());
  const [first, end] = [Number(low), Number(high)];
  const found = new Map<string, string>();
  const places = new Map<string, number>();
  if (first >= end) return found;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false, retry: RETRY });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let back = FIRST_BACK;
    await reading(consumer, (read) => {
      const from = () => Math.max(first, end - back);
      const seek = () => consumer.seek({ topic, partition: 0, offset: String(from()) });
      // Whoever is not of the group yet cannot seek.
      consumer.on(consumer.events.GROUP_JOIN, seek);
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { lastOffset } }) => {
        // The last records are marks of transactions, of which a batch knows only where they end.
        if (Number(lastOffset) + 1 < end) return;
        if (from() === first || keys.every((key) => found.has(key))) return read();
        back *= 8;
        seek();
      });
      return consumer.run({
        autoCommit: false,
        eachMessage: async ({ message: { key, value, offset } }) => {
          if (Number(offset) < from() || Number(offset) >= end || !key || !value) return;
          // After a seek what was read already may come again, also when all has been read: the last one stays the last.
          const name = key.toString();
          if (Number(offset) < (places.get(name) ?? 0)) return;
          places.set(name, Number(offset));
          found.set(name, value.toString());
        },
      });
    });
    return found;
  } finally {
    await consumer.disconnect();
  }
}

/** Waits until something has been read. */
async function reading(consumer: Consumer, start: (read: () => void) => Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = sleep(READ_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`How far the source has come could not be read within ${READ_MS / 1_000} s.`);
  });
  const done = new Promise<void>((read, failed) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) failed(payload.error);
    });
    start(read).catch(failed);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([done, late]);
  } finally {
    over.abort();
  }
}
