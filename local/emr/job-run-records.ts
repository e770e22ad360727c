/**
 * What is remembered of each job run: `job-runs/<id>/run.json` beside the run's stdout and stderr. Written by `job-runs.ts`, read by every
 * command, also after the one that started the run was killed.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, type ProcessIdentity } from '../services/process.ts';

/** The states of EMR Serverless that occur here. */
export type JobRunState = 'SUBMITTED' | 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILED' | 'CANCELLING' | 'CANCELLED';

export const endStates: readonly JobRunState[] = ['SUCCESS', 'FAILED', 'CANCELLED'];

/** What EMR Serverless is asked to start, in the parts that matter here. */
export interface JobRunRequest {
  readonly applicationId: string;
  readonly name: string;
  readonly clientToken: string;
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
  state: JobRunState;
  stateDetails: string;
  readonly createdAt: string;
  updatedAt: string;
  attempt: number;
  /** When attempts failed. */
  failures: string[];
  process?: ProcessIdentity;
  /** The command that keeps this record while the run lives; a stream that was let go has none. */
  watcher?: ProcessIdentity;
  cancelRequestedAt?: string;
  exitCode?: number;
}

export class JobRunRecords {
  readonly folder: string;

  /** @param folder `job-runs` of the home */
  constructor(folder: string) {
    this.folder = folder;
  }

  create(request: JobRunRequest): JobRunRecord {
    const now = new Date().toISOString();
    const watcher = identityOf();
    const record: JobRunRecord = {
      id: `${now.replace(/\D/g, '').slice(0, 14)}${randomBytes(3).toString('hex')}`,
      request,
      state: 'SUBMITTED',
      stateDetails: '',
      createdAt: now,
      updatedAt: now,
      attempt: 0,
      failures: [],
      ...(watcher && { watcher }),
    };
    mkdirSync(this.runFolder(record.id), { recursive: true });
    this.write(record);
    return record;
  }

  read(id: string): JobRunRecord | undefined {
    try {
      return JSON.parse(readFileSync(join(this.runFolder(id), 'run.json'), 'utf8')) as JobRunRecord;
    } catch {
      return undefined; // No such run, or its folder was made a moment ago.
    }
  }

  write(record: JobRunRecord): void {
    record.updatedAt = new Date().toISOString();
    const file = join(this.runFolder(record.id), 'run.json');
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  }

  /** All runs, the newest last. */
  all(): JobRunRecord[] {
    return readdirSync(this.folder)
      .sort()
      .flatMap((id) => this.read(id) ?? []);
  }

  runFolder(id: string): string {
    return join(this.folder, id);
  }

  /** Where a run's JSON lines go. */
  stdout(id: string): string {
    return join(this.runFolder(id), 'stdout.jsonl');
  }

  /** Where a run's text for people goes. */
  stderr(id: string): string {
    return join(this.runFolder(id), 'stderr.log');
  }
}
