/** The local stand-in for EMR Serverless: runs each job as a process of its own, which outlives this command, and keeps its record. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, objectIn } from '../../lib/declaration/json.ts';
import { messageOf } from '../../tools/errors.mjs';
import { endProcess, identityOf, isSameProcess, startedIn, startedInVariable } from '../services/process.ts';
import {
  hasEnded,
  type JobRunRecord,
  JobRunRecords,
  type JobRunRequest,
  partsOf,
  scratchName,
} from './job-run-records.ts';
import { endOf, lastWords } from './job-run-words.ts';
import { LineTail } from './line-tail.ts';

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
  readonly onState?: (run: JobRunRecord) => void;
  /** A run wrote a JSON line. */
  readonly onEvent?: (run: JobRunRecord, event: JsonObject) => void;
}

/** Without grace a job still gets this long between SIGTERM and SIGKILL, as a container does that is shut down. */
const leastGraceSeconds = 2;
const pollMs = 200;
const hour = 3_600_000;
/** What an attempt gives when it goes on without this process. */
const letGo = Symbol('let go');

export class JobRuns {
  readonly records: JobRunRecords;
  private readonly options: JobRunsOptions;
  private readonly children = new Map<string, ChildProcess>();
  /** Runs between their record and the end of their last attempt, in this process. */
  private readonly supervised = new Map<string, Promise<void>>();
  /** Lets go of a supervised run. */
  private readonly releases = new Map<string, () => void>();
  private readonly ending = new Set<string>();

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
    const released = new Promise<typeof letGo>((resolve) => this.releases.set(run.id, () => resolve(letGo)));
    this.supervised.set(run.id, this.supervise(run, released));
    return run;
  }

  /** A run as it stands now. When nobody watches it any more, what it left behind tells whether it ended, and how. */
  get(id: string): JobRunRecord | undefined {
    const run = this.records.read(id);
    if (!run || hasEnded(run) || this.supervised.has(id)) return run;
    if ([run.watcher, run.process].some((one) => one && isSameProcess(one))) return run;
    const [unrecorded] = run.process ? [] : startedIn(this.records.runFolder(id));
    if (unrecorded) return this.enter({ ...run, process: unrecorded }, run.state, run.stateDetails);
    const end = endOf(run, this.records);
    delete run.process;
    return this.enter(run, end.state, end.details);
  }

  /**
   * Lets go of the streams that run: they live on without this process, like a stream on AWS whose execution has ended. The next command finds them by
   * their records. A stream that fails from now on is not started again.
   */
  async release(): Promise<JobRunRecord[]> {
    const streams = this.alive().filter(({ id, request }) => request.mode === 'STREAMING' && this.releases.has(id));
    for (const { id } of streams) this.releases.get(id)?.();
    await Promise.all(streams.map(({ id }) => this.supervised.get(id)));
    return streams.flatMap(({ id }) => this.get(id) ?? []);
  }

  alive(): JobRunRecord[] {
    return this.all().filter((run) => !hasEnded(run));
  }

  /** Removes all that is remembered of the runs of an execution; false, and nothing is removed, while one of them has not ended. */
  forget(pipeline: string, execution: string): boolean {
    const runs = this.all().filter((run) => partsOf(run).pipeline === pipeline && partsOf(run).execution === execution);
    if (!runs.every(hasEnded)) return false;
    for (const { id } of runs) this.records.forget(id);
    return true;
  }

  /** All runs as they stand now, the newest last. */
  all(): JobRunRecord[] {
    return this.records.all().flatMap(({ id }) => this.get(id) ?? []);
  }

  /** Asks a run to end: SIGTERM, and SIGKILL for it and its children when the grace is over. Returns at once. */
  cancel(id: string, graceSeconds: number): JobRunRecord | undefined {
    const run = this.get(id);
    if (!run || hasEnded(run) || this.ending.has(id)) return run;
    this.ending.add(id);
    // Another command may have asked before and be gone by now: then it is asked once more.
    if (run.cancelRequestedAt === undefined) {
      run.cancelRequestedAt = new Date().toISOString();
      this.enter(run, 'CANCELLING', '');
    }
    const { process: identity } = run;
    if (!identity) return run;
    const grace = Math.max(graceSeconds, leastGraceSeconds) * 1000;
    const ended = endProcess(identity, grace).finally(() => endGroup(identity.pid));
    const record = () => void (this.supervised.delete(id) && this.get(id));
    if (!this.supervised.has(id)) this.supervised.set(id, ended.then(record));
    return run;
  }

  async wait(id: string): Promise<JobRunRecord> {
    for (;;) {
      const run = this.get(id);
      if (!run) throw new Error(`There is no job run ${id}.`);
      if (hasEnded(run)) return run;
      await Promise.race([sleep(pollMs), this.supervised.get(id) ?? sleep(pollMs)]);
    }
  }

  /**
   * Ends every run that has not ended and whose name contains the text; all runs when it is empty.
   *
   * @param streamGraceSeconds what a running stream gets to finish its batch
   */
  async end(name: string, streamGraceSeconds = 0): Promise<JobRunRecord[]> {
    const runs = this.alive().filter(({ request }) => request.name.includes(name));
    for (const { id, request } of runs) this.cancel(id, request.mode === 'STREAMING' ? streamGraceSeconds : 0);
    return Promise.all(runs.map(({ id }) => this.wait(id)));
  }

  /** Asks every run that this process started to end, without a grace for its batch. */
  stop(): void {
    for (const id of this.children.keys()) this.cancel(id, 0);
  }

  /** Kills at once every run that this process started. For a second Ctrl-C. */
  kill(): void {
    for (const { pid } of this.children.values()) if (pid !== undefined) endGroup(pid);
  }

  private async supervise(run: JobRunRecord, released: Promise<typeof letGo>): Promise<void> {
    try {
      for (let again = true; again; ) {
        const outcome = await this.attempt(run.id, released);
        again = outcome !== letGo && this.ended(run.id, outcome);
      }
    } catch (error) {
      this.enter(run, 'FAILED', messageOf(error));
    } finally {
      this.releases.delete(run.id);
      this.supervised.delete(run.id);
    }
  }

  /** Runs one attempt to its end, or to where it is let go, and gives its exit code; null when a signal ended it. */
  private async attempt(id: string, released: Promise<typeof letGo>): Promise<number | null | typeof letGo> {
    const { records } = this;
    const { request } = this.current(id);
    const folder = records.runFolder(id);
    const launch = await this.options.launch(request, folder);
    // A request to cancel may have come while the launch was prepared.
    if (this.current(id).cancelRequestedAt !== undefined) return null;
    // What an earlier attempt wrote is told already.
    const told = statSync(records.stdout(id), { throwIfNoEntry: false })?.size;
    const child = startProcess(launch, folder, [records.stdout(id), records.stderr(id)]);
    const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
    exited.catch(() => undefined);
    if (child.pid === undefined) return exited;
    this.children.set(id, child);
    const tail = new LineTail(records.stdout(id), (line) => this.line(id, line), told);
    const timer = setTimeout(() => void this.expire(id), request.timeoutMinutes * 60_000 || 2 ** 31 - 1);
    let outcome: number | null | typeof letGo = null;
    try {
      const run = this.current(id);
      run.process = identityOf(child.pid);
      run.attempt += 1;
      this.enter(run, request.mode === 'BATCH' ? 'RUNNING' : 'PENDING', '');
      outcome = await Promise.race([exited, released]);
    } finally {
      clearTimeout(timer);
      this.children.delete(id);
      if (outcome !== letGo) endGroup(child.pid);
      tail.close();
    }
    if (outcome === letGo) {
      // From here on the process and its record belong to nobody, and this process may end.
      child.unref();
      this.records.write({ ...this.current(id), watcher: undefined });
    }
    return outcome;
  }

  /** Puts a run whose process ended into the state that follows; gives whether there is to be another attempt. */
  private ended(id: string, exitCode: number | null): boolean {
    const run = this.current(id);
    delete run.process;
    run.exitCode = exitCode ?? run.exitCode;
    const { mode, maxAttempts, maxFailedAttemptsPerHour } = run.request;
    const cancelled = run.cancelRequestedAt !== undefined;
    if (exitCode === 0 || (cancelled && exitCode !== 1)) {
      this.enter(run, cancelled ? 'CANCELLED' : 'SUCCESS', cancelled ? run.stateDetails : '');
      return false;
    }
    const now = new Date();
    const recent = run.failures.filter((at) => now.getTime() - Date.parse(at) < hour);
    run.failures = [...recent, now.toISOString()];
    const allowed = mode === 'BATCH' ? run.attempt < maxAttempts : run.failures.length < maxFailedAttemptsPerHour;
    const why = exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`;
    const details = run.stateDetails || lastWords(why, this.records.stderr(id));
    const again = allowed && !cancelled;
    this.enter(run, again ? 'PENDING' : 'FAILED', details);
    return again;
  }

  private line(id: string, line: string): void {
    const event = objectIn(line);
    if (!event) return;
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

  private current(id: string): JobRunRecord {
    const run = this.records.read(id);
    if (!run) throw new Error(`The record of job run ${id} is gone.`);
    return run;
  }

  private enter(run: JobRunRecord, state: JobRunRecord['state'], details: string): JobRunRecord {
    run.state = state;
    run.stateDetails = details;
    this.records.write(run);
    if (hasEnded(run)) rmSync(join(this.records.runFolder(run.id), scratchName), { recursive: true, force: true });
    this.options.onState?.(run);
    return run;
  }
}

/** Starts an attempt; its output goes to files, so that it can outlive this process. */
function startProcess(launch: Launch, folder: string, outputs: readonly string[]): ChildProcess {
  const descriptors = outputs.map((file) => openSync(file, 'a'));
  // A process group of its own: Ctrl-C in the terminal does not reach it, and it can be ended with all its children.
  const child = spawn(launch.command, launch.arguments, {
    cwd: folder,
    env: { ...launch.environment, ...startedInVariable(folder) },
    detached: true,
    stdio: ['ignore', ...descriptors],
  });
  for (const descriptor of descriptors) closeSync(descriptor);
  return child;
}

/** Ends what is left of a process group whose leader was ours a moment ago. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
