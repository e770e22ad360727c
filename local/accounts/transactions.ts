/**
 * What transactions of other applications leave in a topic, told by the headers of Kafka's batches. It asks the broker by itself (Fetch, version 4):
 * kafkajs says neither where committed records end nor which offsets a transaction took, and to count by headers no record has to be decompressed.
 */
import { MillraceError } from '../../tools/errors.mjs';
import type { Offsets, Range } from './offsets.ts';
import { type Connection, connectionTo, int32, int64, requestOf, text } from './protocol.ts';

const [fetchRequest, version, readCommitted] = [1, 4, 1];
/** At least one whole batch comes, whatever the limit. */
const mostBytes = 4 * 1024 * 1024;

interface Fetched {
  /** Behind it lie records of transactions that have not ended. */
  readonly stableEnd: number;
  /** Where the records of aborted transactions begin, with their producers. */
  readonly aborted: readonly { readonly producer: bigint; readonly first: number }[];
  readonly batches: Buffer;
}

type Fetch = (partition: number, offset: number) => Promise<Fetched>;

/** The broker that leads each partition of a topic, such as `127.0.0.1:9092`. */
export type Leaders = ReadonlyMap<number, string>;

/** Where each partition ends for who reads committed records, and so waits for transactions that have not ended. */
export function stableEnds(leaders: Leaders, topic: string, ends: Offsets): Promise<Offsets> {
  return withFetch(leaders, topic, async (fetch) => {
    const stable: Record<number, number> = {};
    for (const [partition, end] of partitionsOf(ends)) stable[partition] = (await fetch(partition, end)).stableEnd;
    return stable;
  });
}

/** How many offsets of a range hold no committed record: the marks at the ends of transactions, and records of aborted ones. */
export function uncommitted(leaders: Leaders, topic: string, { from, to }: Range): Promise<number> {
  return withFetch(leaders, topic, async (fetch) => {
    let count = 0;
    for (const [partition, end] of partitionsOf(to)) {
      const begin = from[partition] ?? 0;
      for (let next = begin; next < end; ) {
        const batches = [...batchesOf(await fetch(partition, next))];
        for (const { first, last, isCommitted } of batches) {
          if (!isCommitted) count += Math.max(0, Math.min(last + 1, end) - Math.max(first, begin));
        }
        // The last records of a range may have been compacted away.
        next = Math.max(next + 1, (batches.at(-1)?.last ?? end) + 1);
      }
    }
    return count;
  });
}

const partitionsOf = (offsets: Offsets) => Object.entries(offsets).map(([at, offset]) => [Number(at), offset] as const);

/** The whole batches of an answer, by their headers (Kafka's message format 2). */
function* batchesOf({ batches, aborted }: Fetched) {
  const pending = [...aborted];
  for (let at = 0; at + 61 <= batches.length; ) {
    const first = Number(batches.readBigInt64BE(at));
    const bytes = 12 + batches.readInt32BE(at + 8);
    if (at + bytes > batches.length) return;
    const attributes = batches.readInt16BE(at + 21);
    const last = first + batches.readInt32BE(at + 23);
    const producer = batches.readBigInt64BE(at + 43);
    const [isOfTransaction, isMark] = [(attributes & 0x10) !== 0, (attributes & 0x20) !== 0];
    // An aborted transaction reaches from its first record to its producer's next mark.
    const ofAborted = pending.findIndex((one) => one.producer === producer && one.first <= first);
    yield { first, last, isCommitted: !isMark && !(isOfTransaction && ofAborted >= 0) };
    if (isMark && ofAborted >= 0) pending.splice(ofAborted, 1);
    at += bytes;
  }
}

/** Runs the work with connections of its own to the brokers that lead the partitions. */
async function withFetch<T>(leaders: Leaders, topic: string, work: (fetch: Fetch) => Promise<T>): Promise<T> {
  const unreadable = (why: string) =>
    new MillraceError('TOPIC_UNREADABLE', `Topic ${topic} could not be read: ${why}. See "npx millrace logs kafka".`);
  const connections = new Map<string, Connection>();
  try {
    return await work(async (partition, offset) => {
      const server = leaders.get(partition);
      if (server === undefined) throw unreadable(`no broker leads its partition ${partition}`);
      const connection = connections.get(server) ?? (await connectionTo(server, unreadable));
      connections.set(server, connection);
      const answer = await connection.ask(requestFor(topic, partition, offset));
      return answerOf(answer, (code) => unreadable(`partition ${partition} at offset ${offset} gives error ${code}`));
    });
  } finally {
    for (const { close } of connections.values()) close();
  }
}

/** The request for one partition. */
function requestFor(topic: string, partition: number, offset: number): Buffer {
  const [replica, waitMs, leastBytes] = [-1, 0, 0];
  const limits = [...int32(replica), ...int32(waitMs), ...int32(leastBytes), ...int32(mostBytes), readCommitted];
  const place = [...int32(1), ...text(topic), ...int32(1), ...int32(partition), ...int64(offset), ...int32(mostBytes)];
  return requestOf(fetchRequest, version, [...limits, ...place]);
}

/** What the broker says of the one partition. */
function answerOf(answer: Buffer, refused: (code: number) => MillraceError): Fetched {
  // Its length, the number of the request, the time to wait, the number of topics; then the topic with the number of partitions, and the partition.
  let at = 16;
  at += 2 + answer.readInt16BE(at) + 4 + 4;
  const code = answer.readInt16BE(at);
  if (code !== 0) throw refused(code);
  const stableEnd = Number(answer.readBigInt64BE(at + 10));
  const count = answer.readInt32BE(at + 18);
  at += 22;
  const aborted = Array.from({ length: Math.max(0, count) }, (_, index) => ({
    producer: answer.readBigInt64BE(at + 16 * index),
    first: Number(answer.readBigInt64BE(at + 16 * index + 8)),
  }));
  at += 16 * aborted.length;
  return { stableEnd, aborted, batches: answer.subarray(at + 4, at + 4 + Math.max(0, answer.readInt32BE(at))) };
}
