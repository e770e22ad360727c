/**
 * Takes process ids and gives what the operating system says of them: when they started, what memory they hold; and
 * ends them. Called by the services, by the workflow for the jobs that it starts, and by `millrace down`.
 *
 * A process id alone is no identity: ids are used again, and a file that remembers one may be days old. So an id always
 * goes with the time at which its process started, and a process whose start time differs is never signalled.
 */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What {@link processStartTime} gave when the process was started; opaque. */
  readonly startTime: string;
}

/** How {@link endProcess} found or left the process. */
export type Ending = 'gone' | 'ended' | 'killed';

/**
 * When the process started, as an opaque string that only equals itself; `undefined` when there is no such process (one
 * that has exited and only waits to be collected counts as none).
 */
export function processStartTime(pid: number): string | undefined {
  return hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** Whether the very process that was remembered still runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return processStartTime(identity.pid) === identity.startTime;
}

/**
 * The identity of a process that was just started, or, without an argument, of this one; `undefined` for a process that
 * could not be started.
 */
export function identityOf(...given: [pid?: number | undefined]): ProcessIdentity | undefined {
  const pid = given.length === 0 ? process.pid : given[0];
  const startTime = pid === undefined ? undefined : processStartTime(pid);
  return pid === undefined || startTime === undefined ? undefined : { pid, startTime };
}

/** Resident memory of a process in bytes; `undefined` when it cannot be told. */
export function residentMemory(pid: number): number | undefined {
  const kilobytes = Number(askPs('rss=', pid));
  return Number.isFinite(kilobytes) && kilobytes > 0 ? kilobytes * 1024 : undefined;
}

/** The command name of a process for messages ("java"); `undefined` when it cannot be told. */
export function commandName(pid: number): string | undefined {
  return askPs('comm=', pid)?.split('/').at(-1) || undefined;
}

/**
 * Asks the process to end (SIGTERM) and, after the grace, ends it (SIGKILL). Does nothing when it is no longer the same
 * process.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<Ending> {
  if (!signal(identity, 'SIGTERM')) return 'gone';
  if (await waitUntilGone(identity, graceMs)) return 'ended';
  signal(identity, 'SIGKILL');
  await waitUntilGone(identity, 5_000);
  return 'killed';
}

async function waitUntilGone(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (isSameProcess(identity)) {
    if (Date.now() >= deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Sends a signal; false when there is nobody to receive it. */
function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isSameProcess(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (error) {
    // It ended between the two calls.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

const hasProc = existsSync('/proc/self/stat') && existsSync('/proc/sys/kernel/random/boot_id');
let bootId: string | undefined;

/**
 * Linux counts start times in ticks since boot, which no change of the clock moves (`ps` adds the clock and may differ
 * by a second).
 */
function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses and may hold blanks and parentheses itself: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' || ticks === undefined ? undefined : `${bootId}/${ticks}`;
}

function startTimeFromPs(pid: number): string | undefined {
  const [, state, started] = /^(\S+)\s+(.*)$/.exec(askPs('stat=,lstart=', pid) ?? '') ?? [];
  return state === undefined || state.startsWith('Z') || !started ? undefined : started;
}

function askPs(columns: string, pid: number): string | undefined {
  const tokens = columns.split(',').flatMap((column) => ['-o', column]);
  // A date in the same words whatever the user's language and time zone are when it is compared.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const options = {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  } satisfies ExecFileSyncOptionsWithStringEncoding;
  try {
    return execFileSync('ps', [...tokens, '-p', String(pid)], options).trim();
  } catch {
    return undefined;
  }
}
