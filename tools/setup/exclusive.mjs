/**
 * Lets one process at a time work in a folder: takes the path of a lock file, gives a function that releases it.
 * Called by `toolchain.mjs`, so that two set-ups at once do not collide. A lock whose holder is dead is taken over.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrorCode } from './errors.mjs';

const POLL_MILLISECONDS = 200;

/**
 * When a process started, as text that is only compared; a process id alone may have been given to another program since.
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process
 */
function startOf(pid) {
  const answer = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (!answer.error) return answer.status === 0 ? answer.stdout.trim() : undefined;
  try {
    // Without `ps` the best that can be asked is whether the id is in use.
    process.kill(pid, 0);
    return 'unknown';
  } catch (error) {
    return hasErrorCode(error, 'EPERM') ? 'unknown' : undefined;
  }
}

/**
 * @param {string} path
 * @returns {string | undefined} the text of the lock, or undefined when nobody holds it
 */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * @param {string} text what a lock file holds
 * @returns {{ pid: number, alive: boolean }}
 */
function holderOf(text) {
  const [pid = '', start = ''] = text.split('\n');
  const startNow = startOf(Number(pid));
  return {
    pid: Number(pid),
    alive: startNow !== undefined && (startNow === start || startNow === 'unknown' || start === 'unknown'),
  };
}

/**
 * Removes the lock of a dead holder, and only that one: another waiter may have replaced it since it was read.
 * @param {string} path
 * @param {string} stale
 */
function takeAway(path, stale) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, path);
  unlinkSync(aside);
}

/**
 * Waits until the lock is ours.
 * @param {string} path
 * @param {(pid: number) => void} waiting called once when somebody else holds it
 * @returns {Promise<() => void>} releases the lock; may be called twice
 */
export async function lock(path, waiting) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${process.pid}\n${startOf(process.pid) ?? 'unknown'}\n${randomUUID()}\n`;
  // Written beside it and linked into place, so that nobody ever reads a lock without its holder.
  const draft = `${path}.${randomUUID()}`;
  let told = false;
  for (;;) {
    writeFileSync(draft, mine);
    try {
      linkSync(draft, path);
      return () => {
        if (read(path) === mine) rmSync(path, { force: true });
      };
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const text = read(path);
    if (text === undefined) continue;
    const holder = holderOf(text);
    if (!holder.alive) {
      takeAway(path, text);
      continue;
    }
    if (!told) waiting(holder.pid);
    told = true;
    await sleep(POLL_MILLISECONDS);
  }
}
