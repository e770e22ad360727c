/**
 * The local stand-in for EMR Serverless: takes requests for job runs, runs each as a process of its own that outlives this command, and
 * keeps their records. Called by the EMR tasks, by the endpoint of the clean-up function, and by `down`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { endProcess, identityOf, isSameProcess } from '../services/process.ts';
import { endStates, type JobRunRecord, JobRunRecords, type JobRunRequest } from './job-run-records.ts';
import { LineTail } from './line-tail.ts';
import { isObject, type Json, type JsonObject } from './task.ts';

/** How one attempt is started. */
export interface Launch {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface JobRunsOptions {
  /** `job-runs` of the home. */
  readonly folder: string;
  /** Makes the command of a run; `folder` is the run's own, where it may leave files. */
  readonly launch: (request: JobRunRequest, folder: string) => Launch | Promise<Launch>;
  /** A run came into another state. */
  readonly onState?: (run: JobRunRecord) => void;
  /** A run wrote a JSON line. */
  readonly onEvent?: (run: JobRunRecord, event: JsonObject) => void;
}

/** Without grace a job still gets this long between SIGTERM and SIGKILL, as a container does that is shut down. */
const leastGraceSeconds = 2;
const pollMilliseconds = 200;
const hour = 3_600_000;

export class JobRuns {
  readonly records: JobRunRecords;
  private readonly options: JobRunsOptions;
  private readonly children = new Map<string, ChildProcess>();
  /** Runs between their record and the end of their last attempt, in this process. */
  private readonly supervised = new Map<string, Promise<void>>();

  constructor(options: JobRunsOptions) {
    this.options = options;
    this.records = new JobRunRecords(options.folder);
  }

  /** Starts a run, or gives the one that the same client token started. */
  start(request: JobRunRequest): JobRunRecord {
    const same = this.records.all().find(({ request: earlier }) => earlier.clientToken === request.clientToken);
    if (same) return same;
    const run = this.records.create(request);
    this.options.onState?.(run);
    this.supervised.set(run.id, this.supervise(run));
    return run;
  }

  /** A run as it stands now: one whose process is gone, and with it the command that watched it, has failed. */
  get(id: string): JobRunRecord | undefined {
    const run = this.records.read(id);
    if (!run || endStates.includes(run.state) || this.supervised.has(id)) return run;
    if (run.process && isSameProcess(run.process)) return run;
    const cancelled = run.cancelRequestedAt !== undefined;
    return this.enter(run, cancelled ? 'CANCELLED' : 'FAILED', 'The command that started it was ended.');
  }

  /** All runs that have not ended. */
  alive(): JobRunRecord[] {
    return this.all().filter(({ state }) => !endStates.includes(state));
  }

  /** All runs as they stand now, the newest last. */
  all(): JobRunRecord[] {
    return this.records.all().flatMap(({ id }) => this.get(id) ?? []);
  }

  /** Asks a run to end: SIGTERM, and SIGKILL for it and its children when the grace is over. Returns at once. */
  cancel(id: string, graceSeconds: number): JobRunRecord | undefined {
    const run = this.get(id);
    if (!run || endStates.includes(run.state) || run.cancelRequestedAt !== undefined) return run;
    run.cancelRequestedAt = new Date().toISOString();
    this.enter(run, 'CANCELLING', '');
    const identity = run.process;
    if (identity) {
      const grace = Math.max(graceSeconds, leastGraceSeconds) * 1000;
      const ending = endProcess(identity, grace).finally(() => endGroup(identity.pid));
      if (!this.supervised.has(id))
        this.supervised.set(
          id,
          ending.then(() => void this.ended(id, null)),
        );
    }
    return run;
  }

  /** Waits until a run has ended. */
  async wait(id: string): Promise<JobRunRecord> {
    for (;;) {
      const run = this.get(id);
      if (!run) throw new Error(`There is no job run ${id}.`);
      if (endStates.includes(run.state)) return run;
      await Promise.race([sleep(pollMilliseconds), this.supervised.get(id) ?? sleep(pollMilliseconds)]);
    }
  }

  /** Ends every run that has not ended and whose name contains the text; all runs when it is empty. */
  async end(name: string): Promise<JobRunRecord[]> {
    const runs = this.alive().filter(({ request }) => request.name.includes(name));
    for (const { id } of runs) this.cancel(id, 0);
    return Promise.all(runs.map(({ id }) => this.wait(id)));
  }

  /** Kills at once every run that this process started. For a second Ctrl-C. */
  kill(): void {
    for (const { pid } of this.children.values()) if (pid !== undefined) endGroup(pid);
  }

  private async supervise(run: JobRunRecord): Promise<void> {
    try {
      for (let again = true; again; ) again = this.ended(run.id, await this.attempt(run.id));
    } catch (error) {
      this.enter(run, 'FAILED', messageOf(error));
    } finally {
      this.supervised.delete(run.id);
    }
  }

  /** Runs one attempt to its end and gives its exit code; null when a signal ended it. */
  private async attempt(id: string): Promise<number | null> {
    const { records } = this;
    const { request } = this.current(id);
    const { command, arguments: parameters, environment } = await this.options.launch(request, records.runFolder(id));
    // A request to cancel may have come while the launch was prepared.
    if (this.current(id).cancelRequestedAt !== undefined) return null;
    const [stdout, stderr] = [openSync(records.stdout(id), 'a'), openSync(records.stderr(id), 'a')];
    // A process group of its own: Ctrl-C in the terminal does not reach it, and it can be ended with all its children.
    const child = spawn(command, parameters, {
      cwd: records.runFolder(id),
      env: environment,
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    exited.catch(() => undefined);
    for (const descriptor of [stdout, stderr]) closeSync(descriptor);
    if (child.pid === undefined) return exited;
    this.children.set(id, child);
    const tail = new LineTail(records.stdout(id), (line) => this.line(id, line));
    const timer = setTimeout(() => void this.expire(id), request.timeoutMinutes * 60_000 || 2 ** 31 - 1);
    try {
      const run = this.current(id);
      const identity = identityOf(child.pid);
      if (identity) run.process = identity;
      run.attempt += 1;
      this.enter(run, request.mode === 'BATCH' ? 'RUNNING' : 'PENDING', '');
      return await exited;
    } finally {
      clearTimeout(timer);
      this.children.delete(id);
      tail.close();
      endGroup(child.pid);
    }
  }

  /** Puts a run whose process ended into the state that follows; gives whether there is to be another attempt. */
  private ended(id: string, exitCode: number | null): boolean {
    const run = this.current(id);
    delete run.process;
    if (exitCode !== null) run.exitCode = exitCode;
    const { mode, maxAttempts, maxFailedAttemptsPerHour } = run.request;
    if (run.cancelRequestedAt !== undefined && exitCode !== 1) {
      this.enter(run, 'CANCELLED', run.stateDetails);
      return false;
    }
    if (exitCode === 0) {
      this.enter(run, 'SUCCESS', '');
      return false;
    }
    const now = Date.now();
    run.failures = [...run.failures.filter((at) => now - Date.parse(at) < hour), new Date(now).toISOString()];
    const again = mode === 'BATCH' ? run.attempt < maxAttempts : run.failures.length < maxFailedAttemptsPerHour;
    const details = run.stateDetails || this.lastWords(id, exitCode);
    if (!again || run.cancelRequestedAt !== undefined) this.enter(run, 'FAILED', details);
    else this.enter(run, 'PENDING', details);
    return again && run.cancelRequestedAt === undefined;
  }

  private line(id: string, line: string): void {
    let event: Json;
    try {
      event = JSON.parse(line) as Json;
    } catch {
      return; // Not one of ours: a library wrote to stdout.
    }
    if (!isObject(event)) return;
    const run = this.current(id);
    const running = event.event === 'started' || event.event === 'progress';
    if (running && (run.state === 'SUBMITTED' || run.state === 'PENDING')) this.enter(run, 'RUNNING', '');
    if (event.event === 'failed') {
      run.stateDetails = `${event.code}: ${event.message}`;
      this.records.write(run);
    }
    this.options.onEvent?.(run, event);
  }

  private async expire(id: string): Promise<void> {
    const run = this.current(id);
    run.stateDetails = `It took longer than ${run.request.timeoutMinutes} minutes.`;
    this.records.write(run);
    if (run.process) await endProcess(run.process, leastGraceSeconds * 1000);
  }

  private lastWords(id: string, exitCode: number | null): string {
    const lines = readFileSync(this.records.stderr(id), 'utf8').trimEnd().split('\n').slice(-8).join('\n');
    return `${exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`}; its last words:\n${lines}`;
  }

  private current(id: string): JobRunRecord {
    const run = this.records.read(id);
    if (!run) throw new Error(`The record of job run ${id} is gone.`);
    return run;
  }

  private enter(run: JobRunRecord, state: JobRunRecord['state'], details: string): JobRunRecord {
    run.state = state;
    run.stateDetails = details;
    this.records.write(run);
    this.options.onState?.(run);
    return run;
  }
}

/** Ends what is left of a process group whose leader was ours a moment ago. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
