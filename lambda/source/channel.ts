/** Follows one channel for ever: writes what it hears together with how far it has come, and listens anew from there whenever it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type Heard, type HeardRecord, type Outside, TryLater } from '../../lib/declaration/listening.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';
import type { Progress } from './progress.ts';

/** Where what is heard goes. */
export interface Sink {
  /** Writes records to the topic of an alias, and how far its channel has come, all of it or nothing. */
  commit(alias: string, records: readonly HeardRecord[], progress: string): Promise<void>;
}

/** One line of a log, for those who count them. */
export type Tell = (line: Readonly<Record<string, unknown>>) => void;

/** How long what takes; tests have less time. */
export interface Pace {
  /** The longest that a record waits for others, to be written with them. */
  readonly flushMs: number;
  /** Records, and characters of them, that are written at once: the largest record that a topic takes is a megabyte. */
  readonly mostRecords: number;
  readonly mostCharacters: number;
  /** Who has said nothing for so long is not there any more. */
  readonly silenceMs: number;
  /** Before it is listened to again: first, and at most. */
  readonly waitMs: readonly [first: number, most: number];
  /** Between two lines that say how it goes. */
  readonly tellMs: number;
}

export const PACE: Pace = {
  flushMs: 500,
  mostRecords: 500,
  mostCharacters: 300_000,
  silenceMs: 90_000,
  waitMs: [250, 30_000],
  tellMs: 60_000,
};

/** What was written could not be: it is not known whether it was, and all begins anew. */
export class SinkFailed extends Error {
  override readonly name = 'SinkFailed';
}

export interface Followed {
  readonly alias: string;
  readonly channel: Channel;
  readonly progress: Progress;
  readonly outside: Pick<Outside, 'parameters' | 'secret' | 'standIn'>;
  readonly sink: Sink;
  readonly tell: Tell;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** Follows a channel until the signal. @throws SinkFailed */
export async function follow(followed: Followed): Promise<void> {
  const { alias, progress, tell, pace, signal } = followed;
  const counts = new Counts(followed);
  const telling = setInterval(() => counts.tell(), pace.tellMs);
  let failures = 0;
  try {
    while (!signal.aborted) {
      const before = progress.at;
      let error: unknown;
      try {
        await listenOnce(followed, counts);
      } catch (thrown) {
        if (thrown instanceof SinkFailed) throw thrown;
        error = thrown;
      }
      if (signal.aborted) return;
      // Who was told something has not failed, whatever came then.
      failures = progress.at === before ? failures + 1 : 0;
      const waitMs = error instanceof TryLater ? error.afterMs : backOff(failures, pace.waitMs);
      tell({ event: 'broken', topic: alias, message: error === undefined ? 'it was ended' : messageOf(error), waitMs });
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    clearInterval(telling);
    counts.tell();
  }
}

/** Half of it is chance, so that many who lost the same do not come back at once. */
function backOff(failures: number, [first, most]: Pace['waitMs']): number {
  return Math.round(Math.min(most, first * 2 ** failures) * (0.5 + Math.random() / 2));
}

/** Listens until the other side ends it; what came is written, also where it ends in an error. */
async function listenOnce(
  { channel, progress, outside, signal, ...followed }: Followed,
  counts: Counts,
): Promise<void> {
  const closing = new AbortController();
  const told = channel
    .listen({ ...outside, from: progress.from, signal: AbortSignal.any([signal, closing.signal]) })
    [Symbol.asyncIterator]();
  counts.connections += 1;
  try {
    for (let over = false; !over; ) {
      const batch = await nextBatch(told, followed.pace, counts);
      over = batch.over;
      await write(batch.heard, { ...followed, progress }, counts);
      if (batch.error !== undefined) throw batch.error;
    }
  } finally {
    closing.abort();
    // One that waits for what never comes would never end.
    await Promise.race([told.return?.().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
  }
}

interface Batch {
  readonly heard: readonly Heard[];
  readonly over: boolean;
  readonly error?: unknown;
}

/** What is asked for and has not come, by whom it was asked: an iterator must not be asked twice. */
const pending = new WeakMap<AsyncIterator<Heard>, Promise<IteratorResult<Heard>>>();

const LATE = Symbol('late');

/** What comes within a moment of the first, as far as it is not too much. */
async function nextBatch(told: AsyncIterator<Heard>, pace: Pace, counts: Counts): Promise<Batch> {
  const heard: Heard[] = [];
  let [characters, due] = [0, Date.now() + pace.silenceMs];
  while (heard.length < pace.mostRecords && characters < pace.mostCharacters) {
    const next = pending.get(told) ?? told.next();
    pending.set(told, next);
    let one: IteratorResult<Heard> | typeof LATE;
    try {
      one = await within(next, due - Date.now());
    } catch (error) {
      return { heard, over: true, error };
    }
    if (one === LATE) {
      if (heard.length > 0) break;
      const seconds = pace.silenceMs / 1_000;
      return { heard, over: true, error: new Error(`nothing was heard for ${seconds} s, not even that it lives`) };
    }
    pending.delete(told);
    if (one.done) return { heard, over: true };
    counts.hear(one.value);
    if (heard.length === 0) due = Date.now() + pace.flushMs;
    heard.push(one.value);
    characters += JSON.stringify(one.value.record?.value ?? null).length;
  }
  return { heard, over: false };
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof LATE> {
  const over = new AbortController();
  const late = sleep(Math.max(0, ms), LATE, { signal: over.signal });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

async function write(
  heard: readonly Heard[],
  { alias, progress, sink }: Pick<Followed, 'alias' | 'progress' | 'sink'>,
  counts: Counts,
): Promise<void> {
  const before = progress.at;
  const records = heard.flatMap((one) => (progress.take(one) && one.record ? [one.record] : []));
  counts.repeated += heard.filter(({ record }) => record).length - records.length;
  if (records.length === 0 && progress.at === before) return;
  try {
    await sink.commit(alias, records, progress.toText());
  } catch (error) {
    throw new SinkFailed(messageOf(error), { cause: error });
  }
  counts.written += records.length;
}

/** What is told of a channel from time to time, and the first time that somebody is heard. */
class Counts {
  heard = 0;
  written = 0;
  repeated = 0;
  unreadable = 0;
  connections = 0;
  private readonly followed: Pick<Followed, 'alias' | 'channel' | 'progress' | 'tell'>;
  private readonly begun = Date.now();
  private hasHeard = false;

  constructor(followed: Pick<Followed, 'alias' | 'channel' | 'progress' | 'tell'>) {
    this.followed = followed;
  }

  hear({ unreadable }: Heard): void {
    this.heard += 1;
    if (unreadable) this.unreadable += 1;
    if (this.hasHeard) return;
    this.hasHeard = true;
    this.tell();
  }

  tell(): void {
    const { alias, channel, progress, tell } = this.followed;
    const { heard, written, repeated, unreadable, connections } = this;
    const since = progress.at === undefined ? this.begun : channel.timeMs(progress.at);
    const behind = Math.max(0, Math.round((Date.now() - since) / 1_000));
    tell({ event: 'listening', topic: alias, heard, written, repeated, unreadable, connections, behind });
    this.heard = this.written = this.repeated = this.unreadable = this.connections = 0;
  }
}
