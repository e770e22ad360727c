/**
 * What the operating system says of a process. An id alone is no identity: ids are used again, and a file that
 * remembers one may be days old. So an id always goes with the time at which its process started. Plain JavaScript,
 * because set-up needs it before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';

/**
 * A process that cannot be mistaken for a later one with the same id.
 * @typedef {object} ProcessIdentity
 * @property {number} pid
 * @property {string} startTime opaque, and equal only to itself
 */

/**
 * The identity of a process that was started, or, without an argument, of this one. Undefined when there is no such
 * process: one that could not be started, or that has exited and only waits to be collected.
 * @param {[pid?: number | undefined]} given
 */
export function identityOf(...given) {
  const pid = given.length === 0 ? process.pid : given[0];
  if (pid === undefined) return undefined;
  const startTime = hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** @param {ProcessIdentity} identity of a process that may have ended */
export function isSameProcess({ pid, startTime }) {
  return identityOf(pid)?.startTime === startTime;
}

/**
 * What a program says on both streams, to a question that takes moments; undefined when it is not there or fails.
 * @param {string} command
 * @param {string[]} words
 * @param {NodeJS.ProcessEnv} [env]
 */
export function ask(command, words, env = process.env) {
  const answer = spawnSync(command, words, { encoding: 'utf8', timeout: 20_000, env });
  return answer.status === 0 ? answer.stdout + answer.stderr : undefined;
}

/**
 * Columns of `ps` for a process, such as `rss=`; undefined when it cannot be told.
 * @param {string} columns
 * @param {number} pid
 */
export function askPs(columns, pid) {
  const words = columns.split(',').flatMap((column) => ['-o', column]);
  // A date in the same words whatever the language and the time zone of the person are who compares it.
  return ask('ps', [...words, '-p', String(pid)], { ...process.env, LC_ALL: 'C', TZ: 'UTC' })?.trim();
}

const STARTED_IN = 'MILLRACE_STARTED_IN';

/**
 * The variable that tells of a process, and of all that it starts, in which folder of a home it was started: it can be found by it though who started it was
 * killed before writing it down.
 * @param {string} folder
 */
export const startedInVariable = (folder) => ({ [STARTED_IN]: `${folder}${sep}` });

/**
 * The processes that were started in a folder or below it, the oldest first.
 * @param {string} folder
 */
export function startedIn(folder) {
  const token = `${STARTED_IN}=${folder}${sep}`;
  const pids = hasProc ? pidsFromProc(`\0${token}`) : pidsFromPs(` ${token}`);
  return pids.sort((one, other) => one - other).flatMap((pid) => identityOf(pid) ?? []);
}

/** @param {string} token */
function pidsFromProc(token) {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(token);
      } catch {
        return false; // It is another person's, or gone.
      }
    });
}

/** @param {string} token */
function pidsFromPs(token) {
  const lines = ask('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='])?.split('\n') ?? [];
  return lines.filter((line) => line.includes(token)).map((line) => Number.parseInt(line, 10));
}

const hasProc = existsSync('/proc/self/stat') && existsSync('/proc/sys/kernel/random/boot_id');
/** @type {string | undefined} */
let bootId;

/**
 * Linux counts start times in ticks since boot, which no change of the clock moves (`ps` adds the clock and may
 * differ by a second).
 * @param {number} pid
 */
function startTimeFromProc(pid) {
  let stat = '';
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

/** @param {number} pid */
function startTimeFromPs(pid) {
  const [, state, started] = /^(\S+)\s+(.*)$/.exec(askPs('stat=,lstart=', pid) ?? '') ?? [];
  return state === undefined || state.startsWith('Z') || !started ? undefined : started;
}
