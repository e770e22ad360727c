/** A channel that says what a test wants, and a sink that keeps what it is given, or fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace, Tell } from '../../../lambda/source/channel.ts';
import type { OpenSink } from '../../../lambda/source/run.ts';
import type { Channel, Heard, HeardRecord, Outside } from '../../../lib/declaration/listening.ts';

/** Something that was told, as large as its cursor. */
export const told = (cursor: number, key = `k${cursor}`, id = key): Heard => ({
  cursor: BigInt(cursor),
  record: { key, id, value: { cursor } },
});

/** What a connection does: things that it tells, a pause in milliseconds, an error that ends it; then it ends. */
export type Script = readonly (Heard | number | Error)[];

export const PACE: Pace = {
  flushMs: 10,
  mostRecords: 100,
  mostCharacters: 1_000,
  silenceMs: 200,
  waitMs: [1, 4],
  tellMs: 60_000,
};

/** A channel whose connections do these things, one after the other; the last one stays and says nothing. */
export class Played implements Channel {
  readonly overlap = 10n;
  readonly connections: Outside[] = [];
  timeMs = (cursor: bigint) => Number(cursor);
  private readonly scripts: Script[];

  constructor(...scripts: Script[]) {
    this.scripts = scripts;
  }

  async *listen(outside: Outside): AsyncIterable<Heard> {
    const script = this.scripts[this.connections.length];
    this.connections.push(outside);
    for (const step of script ?? []) {
      if (step instanceof Error) throw step;
      if (typeof step === 'number') await sleep(step, undefined, { signal: outside.signal });
      else yield step;
    }
    if (!script) await sleep(60_000, undefined, { signal: outside.signal });
  }
}

/** Records by their topic, and how far each channel has come; shared by the sinks that are opened of it. */
export class Broker {
  readonly records: Record<string, HeardRecord[]> = {};
  readonly progress = new Map<string, string>();
  readonly commits: number[] = [];
  opened = 0;
  closed = 0;
  /** Called before each commit, with its number; may throw. */
  before: (commit: number) => void = () => {};

  open = async (): Promise<OpenSink> => {
    this.opened += 1;
    return {
      progress: async () => new Map(this.progress),
      commit: async (alias, records, progress) => {
        this.before(this.commits.length + 1);
        this.commits.push(records.length);
        const topic = this.records[alias] ?? [];
        this.records[alias] = topic;
        topic.push(...records);
        this.progress.set(alias, progress);
      },
      close: async () => {
        this.closed += 1;
      },
    };
  };

  keys = (alias: string): string[] => (this.records[alias] ?? []).map(({ key }) => key);
}

/** Lines that were told, by their event. */
export function lines(): { tell: Tell; of: (event: string) => Readonly<Record<string, unknown>>[] } {
  const all: Readonly<Record<string, unknown>>[] = [];
  return { tell: (line) => void all.push(line), of: (event) => all.filter((line) => line.event === event) };
}

export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await sleep(2)) {
    if (Date.now() > deadline) throw new Error('waited in vain');
  }
}
