/**
 * Work that one process at a time does: a lock file that holds the identity of its holder, and that is taken over
 * when the holder is dead. Plain JavaScript, because set-up needs it before anything is installed.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrorCode, MillraceError } from './errors.mjs';
import { readText } from './files.mjs';
import { identityOf, isSameProcess } from './processes.mjs';

/**
 * @typedef {object} LockOptions
 * @property {number} [waitMs] how long to wait before giving up; for ever by default
 * @property {(holder: number) => void} [onWait] called once, with the holder's process id, when there is something to
 *   wait for
 * @property {AbortSignal | undefined} [signal]
 */

/**
 * Runs `work` while holding the lock file at `path`.
 * @template T
 * @param {string} path
 * @param {LockOptions} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws {MillraceError} LOCKED when the wait was too long
 */
export async function withLock(path, options, work) {
  const release = await acquireLock(path, options);
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * @param {string} path
 * @param {LockOptions} options
 * @returns {Promise<() => void>} releases it; may be called twice
 * @throws {MillraceError} LOCKED
 */
export async function acquireLock(path, { waitMs = Number.POSITIVE_INFINITY, onWait, signal }) {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = performance.now() + waitMs;
  const mine = JSON.stringify({ ...identityOf(), token: randomUUID() });
  let told = false;
  while (!tryCreate(path, mine)) {
    const text = readText(path);
    const holder = text === undefined ? undefined : liveHolder(text);
    if (text !== undefined && holder === undefined) removeStale(path, text);
    if (holder === undefined) continue;
    if (performance.now() >= deadline) {
      throw new MillraceError(
        'LOCKED',
        `Another millrace command (pid ${holder}) has held ${path} for more than ${Math.round(waitMs / 1000)} s. Wait for it or end it, then try again.`,
      );
    }
    if (!told) onWait?.(holder);
    told = true;
    await sleep(100, undefined, signal ? { signal } : {});
  }
  return () => {
    if (readText(path) === mine) rmSync(path, { force: true });
  };
}

/**
 * The file appears with its content at once: the link of a finished file succeeds, or finds the name taken.
 * @param {string} path
 * @param {string} content
 */
function tryCreate(path, content) {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @param {string} text what a lock file holds; when that is damaged, nobody holds the lock */
function liveHolder(text) {
  try {
    const holder = JSON.parse(text);
    return isSameProcess(holder) ? holder.pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of several processes that see the same dead holder only one can move the file aside. One that comes late would move
 * the new holder's file: it sees so by the content, and puts it back.
 * @param {string} path
 * @param {string} stale
 */
function removeStale(path, stale) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== stale) linkSync(aside, path);
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT', 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
