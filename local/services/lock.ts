/**
 * Takes a path and a piece of work and runs the work while no other process does so under the same path. Called around
 * starting and stopping the services; free for other work of `local/` that must not run twice at once.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../tools/errors.ts';
import { identityOf, isSameProcess, type ProcessIdentity } from './process.ts';

/** How to wait for a lock that another process holds. */
export interface LockOptions {
  /** How long to wait before giving up with an error. */
  readonly waitMs: number;
  /** Called once, with the holder's process id, when there is something to wait for. */
  readonly onWait?: (holder: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `work` while holding the lock file at `path`; a holder that no longer lives is replaced. */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(path, options);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string, options: LockOptions): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + options.waitMs;
  let told = false;
  while (!tryCreate(path)) {
    const content = read(path);
    const holder = content === undefined ? undefined : parse(content);
    if (content !== undefined && (holder === undefined || !isSameProcess(holder))) removeStale(path, content);
    if (holder === undefined || !isSameProcess(holder)) continue;
    if (Date.now() >= deadline) {
      throw new MillraceError(
        'LOCKED',
        `Another millrace command (pid ${holder.pid}) has held ${path} for more than ${Math.round(options.waitMs / 1000)} s. Wait for it or end it, then try again.`,
      );
    }
    if (!told) options.onWait?.(holder.pid);
    told = true;
    await sleep(100, undefined, options.signal ? { signal: options.signal } : {});
  }
}

/** The file appears with its content at once: the link of a finished file succeeds, or finds the name taken. */
function tryCreate(path: string): boolean {
  const draft = `${path}.${process.pid}-${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(identityOf()));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(content: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(content) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/**
 * Of several processes that see the same dead holder only one can move the file aside. One that comes late would move
 * the new holder's file: it sees so by the content, and puts it back.
 */
function removeStale(path: string, seen: string): void {
  const aside = `${path}.stale-${process.pid}-${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== seen) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
