/**
 * What is remembered of each execution: `executions/<pipeline>/<name>/{execution.json,definition.json,history.jsonl}`. Written by
 * `execute.ts`; read by the lock's question whether its holder still runs, by `status` and by `down`.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isSameProcess, type ProcessIdentity } from '../services/process.ts';
import type { HistoryEntry, Outcome } from './interpreter.ts';
import type { Json, JsonObject } from './task.ts';

export interface ExecutionRecord {
  readonly arn: string;
  readonly name: string;
  readonly pipeline: string;
  readonly stateMachineArn: string;
  readonly input: JsonObject;
  readonly startedAt: string;
  status: 'RUNNING' | Outcome['status'];
  stoppedAt?: string;
  output?: Json;
  error?: string;
  cause?: string;
  /** The command that runs it: an execution whose command is gone was aborted. */
  readonly process?: ProcessIdentity;
}

export class Executions {
  private readonly folder: string;

  /** @param folder `executions` of the home */
  constructor(folder: string) {
    this.folder = folder;
  }

  create(execution: Omit<ExecutionRecord, 'status' | 'startedAt' | 'process'>, definition: string): ExecutionRecord {
    const identity = identityOf();
    const record: ExecutionRecord = {
      ...execution,
      status: 'RUNNING',
      startedAt: new Date().toISOString(),
      ...(identity && { process: identity }),
    };
    const folder = this.folderOf(record);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'definition.json'), definition);
    this.write(record);
    return record;
  }

  append(record: ExecutionRecord, entry: HistoryEntry): void {
    appendFileSync(join(this.folderOf(record), 'history.jsonl'), `${JSON.stringify(entry)}\n`);
  }

  finish(record: ExecutionRecord, outcome: Outcome): void {
    Object.assign(record, outcome, { stoppedAt: new Date().toISOString() });
    this.write(record);
  }

  /** The executions of a pipeline, the newest last. */
  list(pipeline: string): ExecutionRecord[] {
    return namesIn(join(this.folder, pipeline)).flatMap((name) => this.read(pipeline, name) ?? []);
  }

  /** The executions of all pipelines that still run, each with the command that runs it. */
  running(): ExecutionRecord[] {
    return namesIn(this.folder)
      .flatMap((pipeline) => this.list(pipeline))
      .filter(({ status }) => status === 'RUNNING');
  }

  /** Executions whose command was killed, so that nothing was cleaned up after them. */
  abandoned(): ExecutionRecord[] {
    return namesIn(this.folder)
      .flatMap((pipeline) => this.list(pipeline))
      .filter(({ status, stoppedAt }) => status === 'ABORTED' && stoppedAt === undefined);
  }

  /** An execution by its ARN, which ends with its name. */
  find(arn: string): ExecutionRecord | undefined {
    const name = arn.split(':').at(-1) ?? '';
    return namesIn(this.folder)
      .map((pipeline) => this.read(pipeline, name))
      .find((record) => record?.arn === arn);
  }

  /** Where the records of one execution lie. */
  folderOf({ pipeline, name }: Pick<ExecutionRecord, 'pipeline' | 'name'>): string {
    return join(this.folder, pipeline, name);
  }

  private read(pipeline: string, name: string): ExecutionRecord | undefined {
    const file = join(this.folder, pipeline, name, 'execution.json');
    if (!existsSync(file)) return undefined;
    const record = JSON.parse(readFileSync(file, 'utf8')) as ExecutionRecord;
    if (record.status !== 'RUNNING' || (record.process && isSameProcess(record.process))) return record;
    return { ...record, status: 'ABORTED', cause: 'The command that ran it was ended.' };
  }

  private write(record: ExecutionRecord): void {
    const file = join(this.folderOf(record), 'execution.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
