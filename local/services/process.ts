/**
 * Takes process ids and gives what the operating system says of them: when they started, what memory they hold; and ends them. Called by the
 * services, by the workflow for the jobs that it starts, and by `millrace down`.
 *
 * A process id alone is no identity: ids are used again, and a file that remembers one may be days old. So an id always goes with the time at which
 * its process started, and a process whose start time differs is never signalled.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
 * When the process started, as an opaque string that only equals itself; `undefined` when there is no such process (one that has exited and
 * only waits to be collected counts as none).
 */
export function processStartTime(pid: number): string | undefined {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** Whether the very process that was remembered still runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return processStartTime(identity.pid) === identity.startTime;
}

/** The identity of a process that was just started, or of this one. */
export function identityOf(pid: number = process.pid): ProcessIdentity | undefined {
  const startTime = processStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime };
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
 * Asks the process to end (SIGTERM) and, after the grace, ends it (SIGKILL). Does nothing when it is no longer the same process.
 *
 * @param options.group the process leads a group of its own (it was spawned `detached`): signal all of the group, also what the leader left behind.
 */
export async function endProcess(
  identity: ProcessIdentity,
  graceMs: number,
  options: { readonly group?: boolean } = {},
): Promise<Ending> {
  const target = options.group ? -identity.pid : identity.pid;
  const current = processStartTime(identity.pid);
  if (current !== undefined && current !== identity.startTime) return 'gone';
  // The kernel gives an id to nobody else while a group of that id has members: with the leader gone, the group is still the leader's.
  if (current === undefined && !options.group) return 'gone';
  if (!signal(target, 'SIGTERM')) return 'gone';
  if (await waitUntilGone(identity, target, graceMs)) return 'ended';
  signal(target, 'SIGKILL');
  await waitUntilGone(identity, target, 5_000);
  return 'killed';
}

async function waitUntilGone(identity: ProcessIdentity, target: number, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const gone = target < 0 ? !isSameProcess(identity) && !signal(target, 0) : !isSameProcess(identity);
    if (gone) return true;
    if (Date.now() >= deadline) return false;
    await sleep(50);
  }
}

/** Sends a signal; false when there is nobody to receive it. */
function signal(target: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    // macOS answers EPERM for a group of which only exited, uncollected processes are left.
    if ((error as NodeJS.ErrnoException).code === 'EPERM' && target < 0) return false;
    throw error;
  }
}

let bootId: string | undefined;

/** Linux counts start times in ticks since boot, which no change of the clock moves (`ps` adds the clock and may differ by a second). */
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
  try {
    const tokens = columns.split(',').flatMap((column) => ['-o', column]);
    return execFileSync('ps', [...tokens, '-p', String(pid)], {
      encoding: 'utf8',
      // A date in the same words whatever the user's language and time zone are when it is compared.
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
