/** Records between two sets of offsets, each exactly once and in order. No consumer group is left behind. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka, type KafkaMessage } from 'kafkajs';
import { MillraceError } from '../../tools/errors.mjs';
import { distance, type Offsets, type Range, since } from './offsets.ts';
import { sizeKey, sizesOn } from './sizes.ts';
import { type Leaders, stableEnds, uncommitted } from './transactions.ts';

/** What is done with a record; the next one waits for it. */
export type OnRecord = (record: KafkaMessage, partition: number) => void | Promise<void>;

/** Reading stops with an error when nothing came for so long. */
const silenceMs = 20_000;

const [forgetAttempts, forgetAgainMs] = [20, 100];

// What jobs send is compressed with LZ4, which kafkajs leaves to others. It is loaded when the first such record comes.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: async ({ buffer }: { readonly buffer: Buffer }) => (await import('lz4-napi')).compressFrame(buffer),
  decompress: async (frame: Buffer) => (await import('lz4-napi')).decompressFrame(frame),
});

export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** Number of the node, as in `replicas` and `inSync`: 1 is the service `kafka`, 2 is `kafka-2`. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  /** Offset of the first record that is kept, and the one that the next record gets. */
  readonly first: number;
  readonly end: number;
  readonly bytes: number;
}

export type TopicReader = Pick<KafkaReader, 'connect' | 'close' | 'clusterId' | 'range' | 'count' | 'read'>;

export class KafkaReader {
  private readonly kafka: Kafka;
  private readonly admin: Admin;

  constructor(bootstrapServers: string) {
    const brokers = bootstrapServers.split(',');
    this.kafka = new kafkajs.Kafka({ clientId: 'millrace', brokers, logLevel: kafkajs.logLevel.NOTHING });
    this.admin = this.kafka.admin();
  }

  connect(): Promise<void> {
    return this.admin.connect();
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  /** Another id means another broker with other records. */
  async clusterId(): Promise<string> {
    return (await this.admin.describeCluster()).clusterId;
  }

  /** The names of all topics. */
  topics(): Promise<string[]> {
    return this.admin.listTopics();
  }

  /** Where each partition begins and ends now. What a transaction that has not ended wrote, and all behind that, is none of it yet. */
  async range(topic: string): Promise<Range> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    const ends = Object.fromEntries(offsets.map(({ partition, high }) => [partition, Number(high)]));
    return {
      from: Object.fromEntries(offsets.map(({ partition, low }) => [partition, Number(low)])),
      to: await stableEnds(await this.leadersOf(topic), topic, ends),
    };
  }

  /** The brokers that run, by the number of their node. */
  private async brokers(): Promise<ReadonlyMap<number, string>> {
    const { brokers } = await this.admin.describeCluster();
    return new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
  }

  private async leadersOf(topic: string): Promise<Leaders> {
    const brokers = await this.brokers();
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics.flatMap((one) => one.partitions);
    return new Map(
      partitions.flatMap(({ partitionId, leader }) => {
        const server = brokers.get(leader);
        return server === undefined ? [] : [[partitionId, server] as const];
      }),
    );
  }

  /** The partitions of topics, each with the brokers that keep it, its offsets and what it takes on the disk of its leader. */
  async partitions(names: readonly string[]): Promise<PartitionState[]> {
    const brokers = await this.brokers();
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [...names] });
    const sizes = new Map<number, ReadonlyMap<string, number>>();
    for (const [node, server] of brokers) sizes.set(node, await sizesOn(server));
    const found: PartitionState[] = [];
    for (const { name, partitions } of topics.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name))) {
      const offsets = await this.admin.fetchTopicOffsets(name);
      for (const one of partitions.toSorted((a, b) => a.partitionId - b.partitionId)) {
        const { low, high } = offsets.find(({ partition }) => partition === one.partitionId) ?? { low: 0, high: 0 };
        found.push({
          topic: name,
          partition: one.partitionId,
          leader: one.leader,
          replicas: one.replicas,
          inSync: one.isr,
          first: Number(low),
          end: Number(high),
          bytes: sizes.get(one.leader)?.get(sizeKey(name, one.partitionId)) ?? 0,
        });
      }
    }
    return found;
  }

  /** The first offset of each partition whose record is not older than a moment; its end where there is none. */
  async offsetsAt(topic: string, timestampMs: number): Promise<Offsets> {
    const offsets = await this.admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** How many records were put between two sets of offsets of a topic that `range` gave. Those of aborted transactions do not count. */
  async count(topic: string, from: Offsets, now: Range): Promise<number> {
    return distance(from, now.to) - (await uncommitted(await this.leadersOf(topic), topic, since(from, now)));
  }

  /** Gives every record of the range that the broker still has, until the signal says that it is enough. */
  async read(topic: string, range: Range, onRecord: OnRecord, enough?: AbortSignal): Promise<void> {
    const ends = Object.entries(range.to).map(([partition, to]) => [Number(partition), to] as const);
    const missing = new Map(ends.filter(([partition, to]) => to > (range.from[partition] ?? 0)));
    if (missing.size === 0 || enough?.aborted) return;
    const groupId = `millrace-report-${randomUUID()}`;
    const consumer = this.kafka.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
    const done = new EventEmitter();
    // Noted before anything is started: an error that came before `await` would have no listener.
    const ended = once(done, 'end');
    ended.catch(() => undefined);
    const end = () => void done.emit('end');
    enough?.addEventListener('abort', end);
    const silence = setTimeout(() => done.emit('error', silent(topic, missing)), silenceMs);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      // Compaction leaves gaps: a batch's last offset, not its last record, tells how far reading has come.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        silence.refresh();
        if (Number(lastOffset) + 1 >= (missing.get(partition) ?? Number.POSITIVE_INFINITY)) missing.delete(partition);
        if (missing.size === 0) end();
      });
      // On a broker that never had a group the first join fails and is tried again: only a joined group can seek.
      consumer.on(consumer.events.GROUP_JOIN, () => {
        for (const partition of missing.keys()) {
          consumer.seek({ topic, partition, offset: String(range.from[partition] ?? 0) });
        }
      });
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) done.emit('error', payload.error);
      });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          const [from, to] = [range.from[partition] ?? 0, range.to[partition] ?? 0];
          for (const message of messages) {
            if (enough?.aborted) return;
            const offset = Number(message.offset);
            if (offset >= from && offset < to) await onRecord(message, partition);
          }
        },
      });
      await ended;
    } finally {
      clearTimeout(silence);
      enough?.removeEventListener('abort', end);
      await consumer.disconnect();
      await this.forget(groupId);
    }
  }

  /** Deletes a group, which the broker refuses for a moment after its member has left. A group that stays is empty, and expires. */
  private async forget(groupId: string): Promise<void> {
    for (let attempt = 0; attempt < forgetAttempts; attempt += 1) {
      try {
        await this.admin.deleteGroups([groupId]);
        return;
      } catch (error) {
        const { groups = [] } = error as { groups?: readonly { readonly error?: { readonly type?: string } }[] };
        if (!groups.some(({ error }) => error?.type === 'NON_EMPTY_GROUP')) return;
        await sleep(forgetAgainMs);
      }
    }
  }
}

function silent(topic: string, missing: ReadonlyMap<number, number>): MillraceError {
  const rest = [...missing].map(([partition, to]) => `partition ${partition} before offset ${to}`).join(', ');
  return new MillraceError(
    'TOPIC_UNREADABLE',
    `Topic ${topic} could not be read to its end: for ${silenceMs / 1000} s nothing came of ${rest}. See "npx millrace logs kafka".`,
  );
}
