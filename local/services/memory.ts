/** Refuses a start that the machine has no memory for, before the system ends a process for it. */
import { freemem, totalmem } from 'node:os';
import { MillraceError } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { ask } from '../../tools/processes.mjs';

/** Refuses what would need more memory than there is. @throws MillraceError NOT_ENOUGH_MEMORY */
export function requireMemory(neededBytes: number, purpose: string, availableBytes = availableMemory()): void {
  if (availableBytes >= neededBytes) return;
  const mebibytes = (bytes: number) => Math.floor(bytes / 1024 ** 2).toLocaleString('en');
  throw new MillraceError(
    'NOT_ENOUGH_MEMORY',
    `${purpose} needs ${mebibytes(neededBytes)} MiB of free memory; ${mebibytes(availableBytes)} MiB are available. Close other programs (or give this container or virtual machine more memory) and try again.`,
  );
}

/** Memory in bytes that a new process can have with nothing moved out, within a container's limit too. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  const host = linuxAvailable() ?? macAvailable() ?? freemem();
  return limit > 0 && limit < totalmem() ? Math.min(host, process.availableMemory()) : host;
}

function linuxAvailable(): number | undefined {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readText('/proc/meminfo') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** macOS keeps little memory "free"; what is inactive, speculative or purgeable is given up on demand. */
function macAvailable(): number | undefined {
  const report = ask('vm_stat', []);
  if (report === undefined) return undefined;
  const pageSize = Number(/page size of (\d+) bytes/.exec(report)?.[1] ?? 4096);
  const pages = [...report.matchAll(/^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)/gm)];
  return pages.reduce((sum, [, count]) => sum + Number(count), 0) * pageSize;
}
