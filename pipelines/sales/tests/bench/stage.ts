/** A deployment of this project, and the processes that are measured on it: the stream of the sales pipeline, and what is compared with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Spec } from '../../../../lib/declaration/spec.ts';
import { type SparkLaunch, sparkSubmit } from '../../../../local/emr/spark-submit.ts';
import { credentialVariables, readAccess } from '../../../../local/iam/access.ts';
import { truststoreOptions } from '../../../../local/iam/kafka-certificate.ts';
import { Stack } from '../../../../test/faults/stack.ts';
import { withTestAdmin } from '../../../../test/support/kafka.ts';
import { root } from '../../../../tools/setup/folders.mjs';
import { readToolchain } from '../../../../tools/setup/toolchain.mjs';
import { peerClassPath } from './peers.ts';

export { root };
export const schemas = join(root, 'pipelines', 'sales', 'schemas');
const regions = join(root, 'sample_data', 'sales', 'regions.csv');
/** Cores that each has. */
const parallelism = 2;
const heap = '1g';

/** The topics of one stream. */
export interface Topics {
  readonly source: string;
  readonly target: string;
  readonly deadLetters: string;
}

/** The topics of the pipeline itself. */
export const deployed: Topics = {
  source: 'pagila.sales.avro',
  target: 'pagila.sales.summary.avro',
  deadLetters: 'pagila.sales.dead-letters',
};

export interface StreamOptions {
  readonly topics?: Topics;
  /** `iam`: as jobs sign in; else as the peers do, on the plain listener. */
  readonly security: Spec['kafka']['security'];
  /** Whether the optimizing compiler works, as on EMR Serverless and for the peers. */
  readonly optimized: boolean;
  /** Another program than the job's own, with its spec. */
  readonly entryPoint?: URL | undefined;
  /** From the start of one micro-batch to that of the next. @default 0: the next begins at once */
  readonly triggerSeconds?: number;
}

/** A process with its children. */
export class Running {
  readonly events: Record<string, unknown>[] = [];
  /** Seconds since 1970. */
  readonly startedAt = Date.now() / 1000;
  private readonly child: ChildProcess;
  private readonly log: string;
  private ended = false;

  constructor(command: string, words: readonly string[], environment: NodeJS.ProcessEnv, folder: string) {
    this.log = join(folder, 'stderr.log');
    // A group of its own, which can be paused as a whole.
    const stdio = ['ignore', 'pipe', openSync(this.log, 'a')] as const;
    this.child = spawn(command, words, { cwd: folder, env: environment, detached: true, stdio: [...stdio] });
    let rest = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('{')) this.events.push(JSON.parse(line));
        // What Python writes for people comes by the same way.
        else appendFileSync(this.log, `${line}\n`);
      }
    });
    this.child.once('close', () => {
      this.ended = true;
    });
  }

  /** Waits for an event of a job. */
  async until(what: string, holds: () => boolean, seconds = 300): Promise<void> {
    for (const deadline = Date.now() + seconds * 1000; !holds(); await sleep(50)) {
      if (!this.ended && Date.now() <= deadline) continue;
      const why = this.ended ? 'the process has ended' : `not within ${seconds} s`;
      throw new Error(`in vain it was waited for ${what}: ${why}. It said last:\n${this.said()}`);
    }
  }

  /** The last that it has said. */
  said(): string {
    const lines = readFileSync(this.log, 'utf8').split('\n');
    return [...lines.slice(-30), JSON.stringify(this.events.at(-1))].join('\n');
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    const closed = once(this.child, 'close');
    this.resume();
    this.signal('SIGTERM');
    await Promise.race([closed, sleep(20_000, undefined, { ref: false })]);
    this.signal('SIGKILL');
    if (!this.ended) await closed;
  }

  /** Processor time of all its processes. */
  cpuSeconds(): number {
    const ticks = this.processes().map(({ fields }) => Number(fields[11]) + Number(fields[12]));
    return ticks.reduce((all, one) => all + one, 0) / 100;
  }

  /** Memory of its processes, what they share among themselves counted once, in MiB. */
  megabytes(): number {
    return this.processes().reduce((all, { pid }) => all + megabytesOf(pid), 0);
  }

  private processes(): { pid: string; fields: string[] }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => ({ pid, fields: statOf(pid) }))
      .filter(({ fields }) => fields[2] === String(this.child.pid));
  }

  private signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid ?? 0), name);
    } catch {
      // It has ended.
    }
  }
}

/** The fields of `/proc/PID/stat` behind the program's name. */
const statOf = (pid: string): string[] =>
  textOf(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');

/** A file; nothing where its process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** MiB that a process takes, its share of what it shares included. */
export const megabytesOf = (pid: number | string): number =>
  Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;

export class Stage {
  readonly stack = new Stack();
  private readonly scratch = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  private readonly running: Running[] = [];
  private made = 0;
  private ids: Readonly<Record<'saleId' | 'saleKeyId' | 'keyId' | 'valueId', number>> | undefined;

  get bootstrapServers(): string {
    return this.stack.bootstrapServers;
  }

  folder(): string {
    this.made += 1;
    const folder = join(this.scratch, String(this.made));
    mkdirSync(folder);
    return folder;
  }

  /** Topics like those of the pipeline. */
  async topics(name: string, { partitions = 4 } = {}): Promise<Topics> {
    this.made += 1;
    const prefix = `bench.${name}.${this.made}`;
    const topics = { source: `${prefix}.sales`, target: `${prefix}.summaries`, deadLetters: `${prefix}.dead-letters` };
    const stamped = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
    await withTestAdmin(this.bootstrapServers, (admin) =>
      admin.createTopics({
        topics: [
          { topic: topics.source, numPartitions: partitions, configEntries: stamped },
          { topic: topics.target, numPartitions: 2 },
          { topic: topics.deadLetters, numPartitions: partitions },
        ],
      }),
    );
    // A stream asks for all versions of the schema of its source.
    const { schema } = await this.latest(`${deployed.source}-value`);
    const answer = await fetch(`${this.stack.registryUrl}/apis/ccompat/v7/subjects/${topics.source}-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema }),
    });
    if (!answer.ok) throw new Error(`the registry does not take a schema: ${await answer.text()}`);
    return topics;
  }

  /** The latest version of a schema. */
  private async latest(subject: string): Promise<{ readonly id: number; readonly schema: string }> {
    const url = `${this.stack.registryUrl}/apis/ccompat/v7/subjects/${subject}/versions/latest`;
    return (await (await fetch(url)).json()) as { id: number; schema: string };
  }

  async schemaIds() {
    const of = async (subject: string) => (await this.latest(subject)).id;
    this.ids ??= {
      saleId: await of(`${deployed.source}-value`),
      saleKeyId: await of(`${deployed.source}-key`),
      keyId: await of(`${deployed.target}-key`),
      valueId: await of(`${deployed.target}-value`),
    };
    return this.ids;
  }

  /** A job of the sales pipeline, started by the very command that a cold run uses; its spec may be changed. */
  async job(
    words: readonly string[],
    change: (spec: Spec) => Spec,
    { optimized, entryPoint }: Pick<StreamOptions, 'optimized' | 'entryPoint'>,
  ): Promise<Running> {
    type Shown = {
      readonly run: string;
      readonly entryPoint: string;
      readonly submitParameters: string;
      readonly spec: Spec;
    };
    const dry = await this.stack.json<Record<string, Shown[]>>('run', 'sales', ...words, '--dry-run');
    const [shown] = [...(dry.streams ?? []), ...(dry.during ?? []), ...(dry.after ?? [])];
    if (!shown) throw new Error(`millrace run sales ${words.join(' ')} would start nothing`);
    const home = this.stack.folders;
    const folder = this.folder();
    const spec = change({ ...shown.spec, execution: `bench-${this.made}` });
    const role = readAccess(home).roles.find(({ job }) => job === `sales/${spec.job}`)?.arn ?? '';
    const request = {
      mode: dry.streams?.length ? ('STREAMING' as const) : ('BATCH' as const),
      entryPoint: entryPoint ? fileURLToPath(entryPoint) : shown.entryPoint,
      entryPointArguments: ['--spec', JSON.stringify(spec)],
      sparkSubmitParameters: shown.submitParameters,
    };
    const options = {
      toolchain: readToolchain(),
      buckets: home.buckets,
      variables: { ...credentialVariables(home, role), AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
      javaOptions: truststoreOptions(home),
    };
    const launch: SparkLaunch = sparkSubmit(request, folder, options);
    const said = optimized ? launch.arguments.map((word) => word.replace(/-XX:Tier\S+ /g, '')) : launch.arguments;
    return this.run(launch.command, said, launch.environment, folder);
  }

  /** The stream of the sales pipeline, which begins at the beginning. */
  async stream({ topics = deployed, security, triggerSeconds = 0, ...how }: StreamOptions): Promise<Running> {
    const input = JSON.stringify({ triggerSeconds });
    const bound = (spec: Spec): Spec => this.bound(spec, topics, security);
    const running = await this.job(['--action', 'start', '--input', input], bound, how);
    await running.until('the start of the stream', () => running.events.some(({ event }) => event === 'started'));
    return running;
  }

  private bound(spec: Spec, { source, target, deadLetters }: Topics, security: 'iam' | 'none'): Spec {
    const own = source !== deployed.source;
    const { sales } = spec.reads as Record<string, object>;
    const { summaries, deadLetters: letters } = spec.writes as Record<string, object>;
    return {
      ...spec,
      ...(own && { checkpoint: pathToFileURL(join(this.folder(), 'checkpoint')).href }),
      kafka: security === 'iam' ? spec.kafka : { bootstrapServers: this.bootstrapServers, security },
      reads: { ...spec.reads, sales: { ...sales, topic: source } },
      writes: {
        ...spec.writes,
        summaries: { ...summaries, topic: target },
        deadLetters: { ...letters, topic: deadLetters },
      },
    } as unknown as Spec;
  }

  /** A peer: a class of `bench/peers`. */
  async peer(main: 'KafkaStreamsPeer' | 'FlinkPeer', { source, target, deadLetters }: Topics): Promise<Running> {
    const folder = this.folder();
    const { saleId, keyId, valueId } = await this.schemaIds();
    const task = { bootstrapServers: this.bootstrapServers, source, target, deadLetters, regions, scratch: folder };
    const told = { ...task, name: `bench-${this.made}`, saleId, keyId, valueId, parallelism, flushMs: 100 };
    const opened = ['java.lang', 'java.util'].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
    const words = [
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      ...opened,
      ...Object.entries(told).map(([name, value]) => `-Dtask.${name}=${value}`),
      ...['-cp', await peerClassPath(), `millrace.bench.${main}`],
    ];
    return this.run(readToolchain().java17, words, process.env, folder);
  }

  /** A Python script of the benchmark; gives the object that it prints. */
  async python<T>(script: URL, ...words: string[]): Promise<T> {
    const child = spawn(readToolchain().python, [fileURLToPath(script), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = [child.stdout.toArray(), child.stderr.toArray()];
    const [code] = await once(child, 'close');
    if (code !== 0)
      throw new Error(`${script.pathname.split('/').at(-1)} ended with ${code}: ${Buffer.concat(await err)}`);
    return JSON.parse(String(Buffer.concat(await out))) as T;
  }

  run(command: string, words: readonly string[], environment: NodeJS.ProcessEnv, folder: string): Running {
    const running = new Running(command, words, environment, folder);
    this.running.push(running);
    return running;
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((one) => one.stop()));
    await this.stack.remove();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}
