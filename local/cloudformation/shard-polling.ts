/**
 * Calls a function with what stands on the stream of a table, as Lambda does: the records of a shard in their order and in batches, those of a shard behind those of its
 * parent. A batch at which the function fails is divided, down to the record at which it does; that one is tried again, and in the end given up. Knows neither DynamoDB
 * nor functions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../tools/errors.mjs';

/** One change, as DynamoDB tells it. */
export interface StreamRecord {
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** In seconds since 1970. */
    readonly ApproximateCreationDateTime?: number;
  };
}

export interface Shard {
  readonly id: string;
  readonly parent: string | undefined;
}

/** How far a shard was worked through. */
export interface Position {
  /** The last record that was, if there was any. */
  readonly after?: string;
  /** Whether it has no more. */
  readonly ended?: true;
}

/** Why records were given up, in Lambda's words. */
export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface Polled {
  shards(): Promise<readonly Shard[]>;
  /** Records of a shard behind a position; no shard that has ended gets more. */
  read(shard: string, after: string | undefined): Promise<{ records: readonly StreamRecord[]; ended: boolean }>;
  /** Calls the function. */
  call(records: readonly StreamRecord[]): Promise<void>;
  /** What becomes of records that could not be told. */
  giveUp(shard: string, records: readonly StreamRecord[], condition: Condition, tries: number): void;
  /** Where each shard was left, and where it is now. */
  readonly positions: { get(shard: string): Position | undefined; set(shard: string, position: Position): void };
  /** Is told what fails. */
  readonly failed: (message: string) => void;
}

export interface PollingSettings {
  readonly batchSize: number;
  readonly retries: number;
  readonly maxAgeMs: number;
  /** Between two looks at a shard that has nothing new, and before a batch that failed is tried again: first, and at most. */
  readonly pollMs: number;
  readonly waitMs: readonly [first: number, most: number];
}

/** As Lambda does it, as far as it says so. */
export const PACE: Pick<PollingSettings, 'pollMs' | 'waitMs'> = { pollMs: 250, waitMs: [250, 10_000] };

/** Polls until the signal. */
export async function poll(polled: Polled, settings: PollingSettings, signal: AbortSignal): Promise<void> {
  const open = new Map<string, Promise<void>>();
  for (let failures = 0; !signal.aborted; ) {
    try {
      const shards = await polled.shards();
      const isDone = (id: string | undefined) =>
        id === undefined || polled.positions.get(id)?.ended || !shards.some((one) => one.id === id);
      for (const { id, parent } of shards) {
        if (open.has(id) || isDone(id) || !isDone(parent)) continue;
        open.set(
          id,
          followShard(id, polled, settings, signal).finally(() => open.delete(id)),
        );
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      polled.failed(messageOf(error));
    }
    await pause(failures === 0 ? settings.pollMs * 4 : backOff(failures, settings.waitMs), signal);
  }
  await Promise.all(open.values());
}

/** Works through a shard until it has ended; whatever cannot be read is read again later. */
async function followShard(id: string, polled: Polled, settings: PollingSettings, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const { records, ended } = await polled.read(id, polled.positions.get(id)?.after);
      failures = 0;
      for (let from = 0; from < records.length; from += settings.batchSize) {
        await work(id, records.slice(from, from + settings.batchSize), polled, settings, signal);
        if (signal.aborted) return;
      }
      if (records.length > 0) continue;
      if (ended) return polled.positions.set(id, { ...polled.positions.get(id), ended: true });
      await pause(settings.pollMs, signal);
    } catch (error) {
      failures += 1;
      polled.failed(messageOf(error));
      await pause(backOff(failures, settings.waitMs), signal);
    }
  }
}

/** Tells a batch, or gives it up, or is asked to end before. */
async function work(
  shard: string,
  records: readonly StreamRecord[],
  polled: Polled,
  settings: PollingSettings,
  signal: AbortSignal,
): Promise<void> {
  const last = records.at(-1)?.dynamodb.SequenceNumber;
  const done = () => polled.positions.set(shard, last === undefined ? {} : { after: last });
  for (let tries = 0; ; tries += 1) {
    const tooOld = records.filter((one) => isTooOld(one, settings.maxAgeMs)).length;
    if (tooOld > 0) {
      // They are in the order of their age.
      polled.giveUp(shard, records.slice(0, tooOld), 'RecordAgeExceeded', tries);
      if (tooOld === records.length) return done();
      return work(shard, records.slice(tooOld), polled, settings, signal);
    }
    try {
      await polled.call(records);
      return done();
    } catch (error) {
      if (signal.aborted) return;
      polled.failed(messageOf(error));
    }
    if (records.length > 1) {
      const middle = Math.ceil(records.length / 2);
      await work(shard, records.slice(0, middle), polled, settings, signal);
      if (signal.aborted) return;
      return work(shard, records.slice(middle), polled, settings, signal);
    }
    if (tries >= settings.retries) {
      polled.giveUp(shard, records, 'RetryAttemptsExhausted', tries + 1);
      return done();
    }
    await pause(backOff(tries + 1, settings.waitMs), signal);
    if (signal.aborted) return;
  }
}

const isTooOld = ({ dynamodb }: StreamRecord, maxAgeMs: number): boolean =>
  Date.now() - (dynamodb.ApproximateCreationDateTime ?? Number.POSITIVE_INFINITY) * 1_000 > maxAgeMs;

const backOff = (failures: number, [first, most]: PollingSettings['waitMs']): number =>
  Math.min(most, first * 2 ** (failures - 1));

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
