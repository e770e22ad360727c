/**
 * Looks at what one pipeline does on this machine: the record and history of its newest execution, the records and lines of its job runs, the
 * offsets of its topics. It writes nothing.
 */
import { readdirSync } from 'node:fs';
import { tablesOf, topicsOf } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { readEnd, readText } from '../../tools/files.mjs';
import { settledIn } from '../accounts/balance.ts';
import { KafkaReader, type TopicReader } from '../accounts/kafka-reader.ts';
import { bucketPath } from '../cloudformation/index.ts';
import { hasEnded, type JobRunRecord, partsOf, specOf } from '../emr/job-run-records.ts';
import type { JobRuns } from '../emr/job-runs.ts';
import { LineTail } from '../emr/line-tail.ts';
import { knownJobRuns } from '../emr/streams.ts';
import type { Home } from '../home.ts';
import type { PlainEndpoints } from '../services/types.ts';
import { type ExecutionRecord, Executions } from '../stepfunctions/executions.ts';
import { visibleIn } from '../visible.ts';
import { accountsSoFar, edgesOf, type Figures, noFigures, reportFolder, reportJob, withLine } from './figures.ts';
import { machineIn } from './machine.ts';
import type {
  AccountTold,
  EdgeTold,
  ExecutionTold,
  Machine,
  Model,
  ResultsTold,
  RowsTold,
  RunDetails,
  RunTold,
  TopicTold,
} from './model.ts';
import { pictureOf } from './picture.ts';
import { newestRecords } from './records.ts';
import { ResultsSoFar, resultsIn } from './results.ts';
import { lastRows } from './rows.ts';
import { States } from './states.ts';

/** How long rows are counted for a rate. */
const rateMs = 8_000;
/** Characters of a log that are shown, and bytes that are looked through for them. */
const [shownLog, readLog] = [16_000, 256_000];

export interface Observed {
  readonly home: Home;
  readonly pipeline: Pipeline;
  /** Where topics are read; undefined while the services do not run. */
  readonly endpoints: () => PlainEndpoints | undefined;
  /** The name of an execution. @default the newest one, whichever that is */
  readonly execution?: string | undefined;
}

interface Run {
  record: JobRunRecord;
  figures: Figures;
  tail: LineTail | undefined;
}

export class Observer {
  private readonly options: Observed;
  private readonly executions: Executions;
  private readonly jobRuns: JobRuns;
  private execution: ExecutionRecord | undefined;
  private history: { readonly machine: Machine | null; readonly states: States; readonly tail: LineTail } | undefined;
  private readonly runs = new Map<string, Run>();
  /** Runs that are of no interest while this execution is followed. */
  private readonly passed = new Set<string>();
  private readonly rates = new Map<string, { readonly at: number; readonly rows: number }[]>();
  private topics: Record<string, TopicTold> = {};
  private soFar: ResultsSoFar;
  private live: ResultsTold | undefined;
  private final: ResultsTold | undefined;

  constructor(options: Observed) {
    this.options = options;
    this.executions = new Executions(options.home.executions, () => undefined);
    this.jobRuns = knownJobRuns(options.home);
    this.soFar = new ResultsSoFar(options.pipeline);
  }

  /** Whether anything may happen by itself. */
  get isLive(): boolean {
    return this.execution?.status === 'RUNNING' || [...this.runs.values()].some(({ record }) => !hasEnded(record));
  }

  /** What files and topics read so far say now. */
  look(): Model {
    const { pipeline } = this.options;
    this.findExecution();
    this.findRuns();
    const runs = [...this.runs.values()].map(runTold);
    const edges = edgesOf(pipeline, runs);
    // Reasons, causes and results have words of strangers.
    return visibleIn({
      picture: pictureOf(pipeline),
      execution: this.execution ? executionTold(this.execution) : null,
      machine: this.history?.machine ?? null,
      states: this.history?.states.told() ?? [],
      runs,
      topics: this.topics,
      edges: this.isLive ? this.withRates(edges) : edges,
      accounts: this.accounts(runs),
      results: this.results(),
    });
  }

  /** Asks the broker where its topics end, and for results that came. Nothing changes while it does not run. */
  async readTopics(): Promise<void> {
    await this.withReader(async (reader, { registryUrl }) => {
      const topics: Record<string, TopicTold> = {};
      for (const [alias, { name }] of Object.entries(topicsOf(this.options.pipeline))) {
        const { from, to } = await reader.range(name);
        const told = ([partition, end]: [string, number]) => {
          return { partition: Number(partition), from: from[Number(partition)] ?? 0, to: end };
        };
        topics[alias] = { partitions: Object.entries(to).map(told) };
      }
      this.topics = topics;
      if (!this.final) this.live = (await this.soFar.next(reader, registryUrl)) ?? this.live;
    });
  }

  /** The newest records of a topic, by its alias; undefined where the pipeline has none of that name. */
  async records(alias: string) {
    const topics = topicsOf(this.options.pipeline);
    const topic = Object.hasOwn(topics, alias) ? topics[alias] : undefined;
    return (
      topic && ((await this.withReader((reader, { registryUrl }) => newestRecords(reader, topic, registryUrl))) ?? [])
    );
  }

  /** What a table holds, by its alias; undefined where the pipeline has none of that name. */
  async rows(alias: string): Promise<RowsTold | undefined> {
    const { home, pipeline } = this.options;
    const tables = tablesOf(pipeline);
    const table = Object.hasOwn(tables, alias) ? tables[alias] : undefined;
    return table && lastRows(home, pipeline.name, table);
  }

  /** What a run was told, and the end of what it wrote for people. */
  details(id: string): RunDetails | undefined {
    const run = this.runs.get(id);
    if (!run) return undefined;
    const { records } = this.jobRuns;
    const words = lastOf(records.stdout(id)).filter((line) => !objectIn(line));
    const log = [...lastOf(records.stderr(id)), ...words].join('\n').trimEnd();
    const spec = (specOf(run.record) as RunDetails['spec'] | undefined) ?? null;
    return visibleIn({ spec, log: log.slice(-shownLog) });
  }

  close(): void {
    this.forget();
  }

  private forget(): void {
    this.history?.tail.close();
    for (const { tail } of this.runs.values()) tail?.close();
    this.history = undefined;
    this.runs.clear();
    this.passed.clear();
    this.rates.clear();
    [this.final, this.live, this.soFar] = [undefined, undefined, new ResultsSoFar(this.options.pipeline)];
  }

  private findExecution(): void {
    const { pipeline, execution: name } = this.options;
    const found = name
      ? this.executions.list(pipeline.name).find((one) => one.name === name)
      : this.executions.newest(pipeline.name);
    if (found?.name !== this.execution?.name) this.forget();
    this.execution = found;
    this.history?.tail.read();
    if (!found || this.history) return;
    const machine = machineIn(readText(this.executions.definitionOf(found)) ?? '');
    const states = new States(machine);
    const tail = new LineTail(this.executions.historyOf(found), (line) => {
      const entry = objectIn(line);
      if (entry) states.add(entry as unknown as Parameters<States['add']>[0]);
    });
    tail.read();
    this.history = { machine, states, tail };
  }

  /** The runs of the execution, and the pipeline's streams that an earlier one has left. */
  private findRuns(): void {
    const { execution, runs, passed, jobRuns } = this;
    for (const run of runs.values()) if (run.tail) this.refresh(run);
    for (const id of readdirSync(jobRuns.records.folder).sort()) {
      if (runs.has(id) || passed.has(id)) continue;
      const record = jobRuns.get(id);
      if (!record) continue;
      const parts = partsOf(record);
      const isOurs = parts.execution === execution?.name || (record.request.mode === 'STREAMING' && !hasEnded(record));
      if (parts.pipeline !== this.options.pipeline.name || !isOurs) {
        passed.add(id);
        continue;
      }
      const run: Run = { record, figures: noFigures, tail: undefined };
      run.tail = new LineTail(jobRuns.records.stdout(id), (line) => {
        const event = objectIn(line);
        if (event) run.figures = withLine(run.figures, event);
      });
      runs.set(id, run);
      this.refresh(run);
    }
  }

  private refresh(run: Run): void {
    run.record = this.jobRuns.get(run.record.id) ?? run.record;
    run.tail?.read();
    if (!hasEnded(run.record)) return;
    run.tail?.close();
    run.tail = undefined;
  }

  private withRates(edges: Readonly<Record<string, EdgeTold>>): Record<string, EdgeTold> {
    const now = Date.now();
    const rated = Object.entries(edges).map(([id, edge]) => {
      const known = (this.rates.get(id) ?? []).filter(({ at }) => now - at <= rateMs);
      this.rates.set(id, [...known, { at: now, rows: edge.rows }]);
      const [first] = known;
      const seconds = first ? (now - first.at) / 1000 : 0;
      return [id, first && seconds >= 1 ? { ...edge, perSecond: (edge.rows - first.rows) / seconds } : edge] as const;
    });
    return Object.fromEntries(rated);
  }

  private accounts(runs: readonly RunTold[]): AccountTold[] {
    const settled = this.execution && settledIn(this.executions.folderOf(this.execution));
    return settled?.map((one) => ({ ...one, settled: true })) ?? accountsSoFar(this.options.pipeline, runs);
  }

  private results(): ResultsTold | null {
    const { pipeline, home } = this.options;
    const run = [...this.runs.values()].find(
      ({ record }) => record.state === 'SUCCESS' && partsOf(record).run === reportJob(pipeline),
    );
    const url = run && specOf(run.record)?.writes[reportFolder(pipeline)]?.url;
    if (url) this.final ??= resultsIn(bucketPath(home, url));
    return this.final ?? this.live ?? null;
  }

  private async withReader<T>(
    work: (reader: TopicReader, endpoints: PlainEndpoints) => Promise<T>,
  ): Promise<T | undefined> {
    const endpoints = this.options.endpoints();
    if (!endpoints) return undefined;
    // A connection that stays open costs more than one that is made every time.
    const reader = new KafkaReader(endpoints.bootstrapServers);
    await reader.connect();
    try {
      return await work(reader, endpoints);
    } finally {
      await reader.close();
    }
  }
}

/** The last lines of a file, which may be long or not there yet. */
function lastOf(file: string): string[] {
  const text = readEnd(file, readLog);
  const lines = text.split('\n').filter((line) => line !== '');
  return Buffer.byteLength(text) < readLog ? lines : lines.slice(1);
}

function executionTold(record: ExecutionRecord): ExecutionTold {
  const { name, status, startedAt, stoppedAt, error, cause, input, region } = record;
  return { name, status, startedAt, stoppedAt, error, cause, input, region };
}

function runTold({ record, figures }: Run): RunTold {
  const { id, state, stateDetails: details, createdAt: startedAt, updatedAt, request } = record;
  const spec = specOf(record);
  const mode = spec?.mode ?? (request.mode === 'BATCH' ? 'batch' : 'stream');
  const endedAt = hasEnded(record) ? updatedAt : undefined;
  return { ...figures, id, job: spec?.job ?? partsOf(record).run, mode, state, details, startedAt, endedAt };
}
