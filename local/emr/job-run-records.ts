/** What is remembered of each job run: `job-runs/<id>/run.json` beside its stdout and stderr, for every command that comes later. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Spec } from '../../lib/declaration/spec.ts';
import { readJson, writeJson } from '../../tools/files.mjs';
import { identityOf, type ProcessIdentity } from '../services/process.ts';

/** What EMR Serverless is asked to start, in the parts that matter here. */
export interface JobRunRequest {
  readonly applicationId: string;
  readonly name: string;
  readonly clientToken: string;
  /** The role whose credentials the job gets. */
  readonly executionRoleArn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly mode: 'BATCH' | 'STREAMING';
  readonly entryPoint: string;
  readonly entryPointArguments: readonly string[];
  readonly sparkSubmitParameters: string;
  /** Batch: attempts in all. */
  readonly maxAttempts: number;
  /** Streaming: failed attempts in any hour before it is given up. */
  readonly maxFailedAttemptsPerHour: number;
  /** Minutes before a batch run is ended; 0 is never. */
  readonly timeoutMinutes: number;
}

export interface JobRunRecord {
  readonly id: string;
  readonly request: JobRunRequest;
  /** The states of EMR Serverless that occur here. */
  state: 'SUBMITTED' | 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELLING' | 'CANCELLED';
  stateDetails: string;
  readonly createdAt: string;
  updatedAt: string;
  attempt: number;
  failures: string[];
  process?: ProcessIdentity;
  /** The command that keeps this record while the run lives; a stream that was let go has none. */
  watcher?: ProcessIdentity;
  cancelRequestedAt?: string;
  exitCode?: number;
}

const isWhole = ({ id, state, request }: JobRunRecord): boolean =>
  [id, state, request?.name].every((text) => typeof text === 'string');

export const hasEnded = ({ state }: JobRunRecord): boolean => ['SUCCESS', 'FAILED', 'CANCELLED'].includes(state);

/** The parts of a run's name: the pipeline, the run (a job, or the drain of one) and the execution. */
export function partsOf({ request }: JobRunRecord): { pipeline: string; run: string; execution: string } {
  const [pipeline = '', run = request.name, execution = ''] = request.name.split('/');
  return { pipeline, run, execution };
}

/** The parts of a spec by alias, as far as this machine looks into them: the address of a file or folder, and how a file is delimited. */
type SpecParts = Readonly<
  Record<string, { readonly kind: string; readonly url?: string; readonly separator?: string }>
>;
export type JobSpec = Omit<Spec, 'reads' | 'writes'> & { readonly reads: SpecParts; readonly writes: SpecParts };

/** What a run was told; undefined for one of an earlier version, which was told otherwise. */
export function specOf({ request }: JobRunRecord): JobSpec | undefined {
  const [flag, text = ''] = request.entryPointArguments;
  return flag === '--spec' ? (JSON.parse(text) as JobSpec) : undefined;
}

/** Files of a run's folder. */
export const [stdoutName, stderrName] = ['stdout.jsonl', 'stderr.log'];

/** What a run's folder has for the files that Spark needs while it runs. */
export const scratchName = 'scratch';

export class JobRunRecords {
  readonly folder: string;

  /** @param folder `job-runs` of the home */
  constructor(folder: string) {
    this.folder = folder;
  }

  create(request: JobRunRequest): JobRunRecord {
    const now = new Date().toISOString();
    const record: JobRunRecord = {
      id: `${this.nextTime(now)}${randomBytes(3).toString('hex')}`,
      request,
      state: 'SUBMITTED',
      stateDetails: '',
      createdAt: now,
      updatedAt: now,
      attempt: 0,
      failures: [],
      watcher: identityOf(),
    };
    mkdirSync(this.runFolder(record.id), { recursive: true });
    this.write(record);
    return record;
  }

  /** The time with which an id begins: behind those that are there, also where the clock was set back. */
  private nextTime(now: string): string {
    const time = now.replace(/\D/g, '').slice(0, 17);
    const last = readdirSync(this.folder).sort().at(-1)?.slice(0, 17) ?? '';
    return time > last || !/^\d{17}$/.test(last) ? time : String(BigInt(last) + 1n);
  }

  /** A run by its id; undefined where there is none, or its record cannot be read: ending the others must not fail by it. */
  read(id: string): JobRunRecord | undefined {
    try {
      return readJson(join(this.runFolder(id), 'run.json'), '', isWhole) as JobRunRecord | undefined;
    } catch {
      return undefined;
    }
  }

  write(record: JobRunRecord): void {
    record.updatedAt = new Date().toISOString();
    writeJson(join(this.runFolder(record.id), 'run.json'), record);
  }

  /** All runs, the newest last. */
  all(): JobRunRecord[] {
    const ids = readdirSync(this.folder).sort();
    return ids.flatMap((id) => this.read(id) ?? []);
  }

  /** Removes all that is remembered of a run. */
  forget(id: string): void {
    rmSync(this.runFolder(id), { recursive: true, force: true });
  }

  runFolder = (id: string): string => join(this.folder, id);

  /** Where a run's JSON lines go. */
  stdout = (id: string): string => join(this.folder, id, stdoutName);

  /** Where a run's text for people goes. */
  stderr = (id: string): string => join(this.folder, id, stderrName);
}
