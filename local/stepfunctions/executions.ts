/** What is remembered of each execution: its input and outcome, its definition, its history. */
import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from '../../lib/declaration/json.ts';
import { readJson, writeFileAtomically, writeJson } from '../../tools/files.mjs';
import type { JobRuns } from '../emr/job-runs.ts';
import { identityOf, isSameProcess, type ProcessIdentity } from '../services/process.ts';
import type { HistoryEntry, Outcome } from './interpreter.ts';
import type { JsonObject } from './task.ts';

export interface ExecutionRecord extends Omit<Outcome, 'status'> {
  readonly arn: string;
  readonly name: string;
  readonly pipeline: string;
  readonly stateMachineArn: string;
  readonly input: JsonObject;
  readonly startedAt: string;
  /** Where on AWS it ran; absent for one of this machine. */
  readonly region?: string;
  status: 'RUNNING' | Outcome['status'];
  stoppedAt?: string;
  /** The command that runs it: an execution whose command is gone was aborted. */
  readonly process?: ProcessIdentity;
}

export class Executions {
  private readonly folder: string;
  private readonly onDamaged: ((error: unknown) => void) | undefined;

  /**
   * @param folder `executions` of the home
   * @param onDamaged gets the error for an execution whose file is damaged, which then counts as none; without it the
   *   error is thrown
   */
  constructor(folder: string, onDamaged?: (error: unknown) => void) {
    this.folder = folder;
    this.onDamaged = onDamaged;
  }

  create(execution: Omit<ExecutionRecord, 'status' | 'startedAt' | 'process'>, definition: string): ExecutionRecord {
    const process = identityOf();
    const startedAt = new Date().toISOString();
    const record: ExecutionRecord = { ...execution, status: 'RUNNING', startedAt, ...(process && { process }) };
    writeFileAtomically(this.definitionOf(record), definition);
    this.write(record);
    return record;
  }

  append(record: ExecutionRecord, entry: HistoryEntry): void {
    appendFileSync(this.historyOf(record), `${JSON.stringify(entry)}\n`);
  }

  /** Where the definition is that an execution runs. */
  definitionOf(record: Pick<ExecutionRecord, 'pipeline' | 'name'>): string {
    return join(this.folderOf(record), 'definition.json');
  }

  /** Where the history of an execution goes, an entry a line. */
  historyOf(record: Pick<ExecutionRecord, 'pipeline' | 'name'>): string {
    return join(this.folderOf(record), 'history.jsonl');
  }

  finish(record: ExecutionRecord, outcome: Outcome): void {
    Object.assign(record, outcome, { stoppedAt: new Date().toISOString() });
    this.write(record);
  }

  /** The executions of a pipeline, the newest last. */
  list(pipeline: string): ExecutionRecord[] {
    return namesIn(join(this.folder, pipeline)).flatMap((name) => this.read(pipeline, name) ?? []);
  }

  /** The execution that somebody who looks wants to see: of the newest the one that runs, which refuses others, or else the last. */
  newest(pipeline: string): ExecutionRecord | undefined {
    const newest = namesIn(join(this.folder, pipeline)).slice(-8);
    const records = newest.flatMap((name) => this.read(pipeline, name) ?? []);
    return records.findLast(({ status }) => status === 'RUNNING') ?? records.at(-1);
  }

  /** The executions of all pipelines, those of each with the newest last. */
  all(): ExecutionRecord[] {
    return namesIn(this.folder).flatMap((pipeline) => this.list(pipeline));
  }

  /** The executions of all pipelines that still run, each with the command that runs it. */
  running(): ExecutionRecord[] {
    return this.all().filter(({ status }) => status === 'RUNNING');
  }

  /** Executions whose command was killed, so that nothing was cleaned up after them. */
  abandoned(): ExecutionRecord[] {
    return this.all().filter(({ status, stoppedAt }) => status === 'ABORTED' && stoppedAt === undefined);
  }

  /** Those of a pipeline that are older than its last ones and have ended, the oldest first; also what is left of one that was being forgotten. */
  older(pipeline: string, last: number): string[] {
    const names = namesIn(join(this.folder, pipeline)).slice(0, -last);
    return names.filter((name) => this.read(pipeline, name)?.status !== 'RUNNING');
  }

  /** Removes all that is remembered of an execution. */
  forget(pipeline: string, name: string): void {
    rmSync(this.folderOf({ pipeline, name }), { recursive: true, force: true });
  }

  /** An execution by its ARN, which ends with its name. */
  find(arn: string): ExecutionRecord | undefined {
    const name = arn.split(':').at(-1) ?? '';
    const named = namesIn(this.folder).map((pipeline) => this.read(pipeline, name));
    return named.find((record) => record?.arn === arn);
  }

  folderOf({ pipeline, name }: Pick<ExecutionRecord, 'pipeline' | 'name'>): string {
    return join(this.folder, pipeline, name);
  }

  private read(pipeline: string, name: string): ExecutionRecord | undefined {
    const file = join(this.folder, pipeline, name, 'execution.json');
    let record: ExecutionRecord | undefined;
    try {
      const remedy = `Remove the folder of this execution, ${dirname(file)}.`;
      record = readJson(file, remedy, isWhole) as ExecutionRecord | undefined;
    } catch (error) {
      if (!this.onDamaged) throw error;
      this.onDamaged(error);
    }
    if (!record) return undefined;
    if (record.status !== 'RUNNING' || (record.process && isSameProcess(record.process))) return record;
    return { ...record, status: 'ABORTED', cause: 'The command that ran it was ended.' };
  }

  private write(record: ExecutionRecord): void {
    writeJson(join(this.folderOf(record), 'execution.json'), record);
  }
}

const isWhole = ({ pipeline, name, status, startedAt, input }: ExecutionRecord): boolean =>
  [pipeline, name, status, startedAt].every((text) => typeof text === 'string') && isObject(input);

/** Executions of a pipeline that are remembered. */
const keptExecutions = 50;

/**
 * Forgets the oldest executions of a pipeline and their job runs. What these wrote for people, results and rejects, is not touched. A stream may run for longer
 * than its execution would be remembered: then that is kept.
 */
export function forgetOld(executions: Executions, jobRuns: JobRuns, pipeline: string, kept = keptExecutions): void {
  for (const name of executions.older(pipeline, kept)) {
    if (jobRuns.forget(pipeline, name)) executions.forget(pipeline, name);
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
