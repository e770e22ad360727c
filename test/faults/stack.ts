/** The local run under test: what is sent to it from outside, how far its streams have come, and which processes can be hit. */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kebab } from '../../lib/declaration/names.ts';
import { JobRunRecords, partsOf } from '../../local/emr/job-run-records.ts';
import { millraceHome } from '../../local/home.ts';
import { isSameProcess } from '../../local/services/process.ts';
import { brokersOf, serviceStatus } from '../../local/services/services.ts';
import type { BrokerName, FixedName } from '../../local/services/types.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { Machine, until as waitUntil } from '../e2e/cli.ts';
import { withTestAdmin } from '../support/kafka.ts';
import { kill } from '../support/kill.ts';

const sender = fileURLToPath(new URL('send.py', import.meta.url));
/** Nothing that is waited for takes so long where all is well. */
const longestMs = 240_000;

/** Bytes that a driver may need, its Python among them: a heap of 1 GiB, half as much beside it, and 256 MiB of Python. */
export const MOST_MEMORY = (1024 + 512 + 256) * 2 ** 20;

/** A record to be sent; without a partition it goes where its key says. */
export interface Sent {
  readonly topic: string;
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** A client that sends. */
export interface Sending {
  /** How many records the broker took. */
  readonly taken: Promise<number>;
}

/** Offsets by topic and partition. */
type Positions = ReadonlyMap<string, number>;

export class Stack extends Machine {
  readonly folders = millraceHome(this.home);
  /** For files of the tests, which go with the stack. */
  readonly scratch = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  /** What is deployed to it; all there are, where nothing is said. */
  pipelines: readonly string[] = [];
  bootstrapServers = '';
  registryUrl = '';

  async up(): Promise<void> {
    await this.json('up', ...this.pipelines);
    this.bootstrapServers = brokersOf(this.folders).bootstrapServers;
    this.registryUrl = serviceStatus(this.folders, 'registry').url ?? '';
  }

  override async remove(): Promise<void> {
    await super.remove();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  /** Signals a service. */
  hitService(name: FixedName | BrokerName, signal: NodeJS.Signals): void {
    kill(serviceStatus(this.folders, name).pid, { signal });
  }

  /** Whether the process of a service lives. */
  isServing(name: FixedName | BrokerName): boolean {
    return serviceStatus(this.folders, name).state === 'running';
  }

  /** Signals the newest run of a job: who is asked to end is the driver alone, all else hits its children too. */
  hitRun(pipeline: string, run: string, signal: NodeJS.Signals): void {
    kill(this.runOf(pipeline, run)?.process?.pid, { signal, group: signal !== 'SIGTERM' });
  }

  /** Whether the process of the newest run of a job lives. */
  isAlive(pipeline: string, run: string): boolean {
    const process = this.runOf(pipeline, run)?.process;
    return process !== undefined && isSameProcess(process);
  }

  /** The most bytes that the processes of the newest run of a job, each by itself, ever had in memory; undefined where the system does not tell. */
  peakMemory(pipeline: string, run: string): number | undefined {
    const leader = this.runOf(pipeline, run)?.process?.pid;
    if (!existsSync('/proc/self/status')) return undefined;
    const all = execFileSync('ps', ['-A', '-o', 'pid=,pgid='], { encoding: 'utf8' }).trim().split('\n');
    const ours = all.map((line) => line.trim().split(/\s+/)).filter(([, group]) => Number(group) === leader);
    const peaks = ours.map(([pid]) => /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    // A process that has ended, and was not waited for yet, has none.
    return peaks.reduce((sum, kilobytes) => sum + Number(kilobytes ?? 0) * 1024, 0);
  }

  /** The last thing that the newest run of a job said. */
  lastWords(pipeline: string, run: string): string {
    const records = new JobRunRecords(this.folders.jobRuns);
    const found = this.runOf(pipeline, run);
    return found ? (readFileSync(records.stdout(found.id), 'utf8').trim().split('\n').at(-1) ?? '') : 'there is no run';
  }

  /** The newest run of a job. */
  runOf(pipeline: string, run: string) {
    const runs = new JobRunRecords(this.folders.jobRuns).all();
    return runs.findLast((one) => partsOf(one).pipeline === pipeline && partsOf(one).run === run);
  }

  /** Sends records in the background, as an application outside does. */
  send(records: readonly Sent[], { rate = 0, transaction = '' } = {}): Sending {
    const file = join(this.scratch, `${randomUUID()}.jsonl`);
    const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;
    const lines = records.map(({ key, value, ...place }) =>
      JSON.stringify({ ...place, key: base64(key), value: base64(value) }),
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
    const words = ['--bootstrap', this.bootstrapServers, '--records', file, '--rate', String(rate)];
    if (transaction !== '') words.push('--transaction', transaction);
    const child = spawn(readToolchain().python, [sender, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = [child.stdout.toArray(), child.stderr.toArray()];
    const taken = once(child, 'close').then(async ([code]) => {
      if (code !== 0) throw new Error(`the sender ended with ${code}: ${Buffer.concat(await err)}`);
      return (JSON.parse(String(Buffer.concat(await out))) as { taken: number }).taken;
    });
    taken.catch(() => undefined);
    return { taken };
  }

  /** Where the partitions of a topic end. */
  async ends(...topics: readonly string[]): Promise<Positions> {
    const ends = new Map<string, number>();
    await withTestAdmin(this.bootstrapServers, async (admin) => {
      for (const topic of topics) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
          ends.set(`${topic}/${partition}`, Number(high));
        }
      }
    });
    return ends;
  }

  async length(topic: string): Promise<number> {
    return sum(await this.ends(topic));
  }

  /** The folder in which a stream keeps its checkpoint. */
  checkpoint(pipeline: string, job: string): string {
    const [found] = globSync(join(this.folders.buckets, '*', 'checkpoints', pipeline, kebab(job)));
    return found ?? join(this.folders.buckets, 'none');
  }

  /** The batches that a stream has planned and has finished, the last of each; -1 where there is none. */
  batches(pipeline: string, job: string): { readonly planned: number; readonly finished: number } {
    const last = (log: string) => {
      const folder = join(this.checkpoint(pipeline, job), 'query', log);
      const names = existsSync(folder) ? readdirSync(folder) : [];
      return Math.max(-1, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
    };
    // In this order: a batch that ends in between is none that runs.
    const planned = last('offsets');
    return { planned, finished: last('commits') };
  }

  /** How far the finished batches of a stream reach. */
  finished(pipeline: string, job: string): Positions {
    const { finished } = this.batches(pipeline, job);
    const file = join(this.checkpoint(pipeline, job), 'query', 'offsets', String(finished));
    const found = new Map<string, number>();
    if (finished < 0) return found;
    // Spark reads a topic once for each branch of a union.
    for (const line of readFileSync(file, 'utf8').split('\n').slice(2)) {
      for (const [topic, partitions] of Object.entries(JSON.parse(line || '{}') as Record<string, object>)) {
        for (const [partition, offset] of Object.entries(partitions)) {
          const place = `${topic}/${partition}`;
          found.set(place, Math.min(offset, found.get(place) ?? offset));
        }
      }
    }
    return found;
  }

  /** Whether the finished batches of a stream reach these positions. */
  hasReached(pipeline: string, job: string, positions: Positions): boolean {
    const finished = this.finished(pipeline, job);
    return [...positions].every(([place, offset]) => offset === 0 || (finished.get(place) ?? 0) >= offset);
  }

  /** Records of a topic that no finished batch of a stream has read. */
  async backlog(pipeline: string, job: string, topic: string): Promise<number> {
    const finished = this.finished(pipeline, job);
    const ends = await this.ends(topic);
    return sum(ends) - [...ends.keys()].reduce((all, place) => all + (finished.get(place) ?? 0), 0);
  }
}

const sum = (positions: Positions) => [...positions.values()].reduce((all, one) => all + one, 0);

/** Waits until something holds, which it does some time: how long is not what is tested. */
export const until = (what: string, holds: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil(holds, () => `it is not so yet that ${what}`, { longestMs, everyMs: 20 });

/** Ends a case whose fault hit nothing, or whose recovery was another than the documented one. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`It should be that ${what}.`);
}
