/**
 * Takes how much memory is about to be used and refuses it when the machine does not have it. Called before services
 * are started, so that a lack shows as one clear sentence and not as a process that the system ended.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { MillraceError } from '../../tools/errors.ts';

const mebibyte = 1024 * 1024;

/** Refuses to go on with less memory than `neededBytes` to be had. */
export function requireMemory(neededBytes: number, purpose: string, availableBytes = availableMemory()): void {
  if (availableBytes >= neededBytes) return;
  const [needed, available] = [neededBytes, availableBytes].map((bytes) =>
    Math.floor(bytes / mebibyte).toLocaleString('en'),
  );
  throw new MillraceError(
    'NOT_ENOUGH_MEMORY',
    `${purpose} needs ${needed} MiB of free memory; ${available} MiB are available. Close other programs (or give this container or virtual machine more memory) and try again.`,
  );
}

/**
 * Memory in bytes that a new process can have without anything else being moved out, within a container's limit too.
 */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  const host = linuxAvailable() ?? macAvailable() ?? freemem();
  return limit > 0 && limit < totalmem() ? Math.min(host, process.availableMemory()) : host;
}

function linuxAvailable(): number | undefined {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** macOS keeps little memory "free"; what is inactive, speculative or purgeable is given up on demand. */
function macAvailable(): number | undefined {
  try {
    const report = execFileSync('vm_stat', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const pageSize = Number(/page size of (\d+) bytes/.exec(report)?.[1] ?? 4096);
    const kinds = ['free', 'inactive', 'speculative', 'purgeable'];
    const pages = kinds.map((kind) => Number(new RegExp(`^Pages ${kind}:\\s+(\\d+)`, 'm').exec(report)?.[1] ?? 0));
    return pages.reduce((sum, count) => sum + count, 0) * pageSize;
  } catch {
    return undefined;
  }
}
