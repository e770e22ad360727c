/** One run of a source: follows all of its channels until it is to end, or until another run has taken over. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channels } from '../../lib/declaration/listening.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';
import { type Followed, follow, type Sink } from './channel.ts';
import { Progress } from './progress.ts';

/** A sink that was opened for this run: whoever had it before has it no more. */
export interface OpenSink extends Sink {
  /** How far the channels have come, by their aliases, as it was committed. */
  progress(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** Thrown by a sink that another run has opened since. */
export class TakenOver extends Error {
  override readonly name = 'TakenOver';
}

export interface RunProps extends Pick<Followed, 'outside' | 'tell' | 'pace' | 'signal'> {
  readonly channels: Channels;
  readonly open: () => Promise<OpenSink>;
}

/** Before a sink that failed is opened again: first, and at most. */
const [FIRST_MS, MOST_MS] = [500, 10_000];

/** @returns why it ended */
export async function run(props: RunProps): Promise<'time is over' | 'another run took over'> {
  const { signal, tell } = props;
  for (let failures = 0; !signal.aborted; failures += 1) {
    const begun = Date.now();
    try {
      await once(props);
    } catch (error) {
      if (signal.aborted) break;
      if (isTakenOver(error)) return 'another run took over';
      // One that went well for a while has not failed several times.
      if (Date.now() - begun > MOST_MS) failures = 0;
      const waitMs = Math.min(MOST_MS, FIRST_MS * 2 ** failures);
      tell({ event: 'broken', message: messageOf(error), waitMs });
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return 'time is over';
}

const isTakenOver = (error: unknown): boolean =>
  error instanceof TakenOver || (error instanceof Error && error.cause !== undefined && isTakenOver(error.cause));

/** Follows all channels by one sink, until it fails. */
async function once({ channels, open, signal, ...props }: RunProps): Promise<void> {
  const sink = await open();
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  try {
    const known = await sink.progress();
    props.tell({ event: 'opened', topics: Object.keys(channels) });
    const all = Object.entries(channels).map(async ([alias, channel]) => {
      const progress = new Progress(channel.overlap, known.get(alias));
      try {
        await follow({ ...props, alias, channel, progress, sink, signal: either });
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    });
    const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
    if (failed) throw failing.signal.reason;
  } finally {
    await sink.close();
  }
}
