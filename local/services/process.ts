/** Ends processes, and tells what they hold. Only the very process that was remembered is signalled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrorCode } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { askPs, isSameProcess, type ProcessIdentity, startedIn, startedInVariable } from '../../tools/processes.mjs';

export {
  identityOf,
  isSameProcess,
  type ProcessIdentity,
  startedIn,
  startedInVariable,
} from '../../tools/processes.mjs';

/**
 * The environment of a service: only what a program needs to run on this machine. A variable that happens to be set
 * in somebody's shell (`JAVA_TOOL_OPTIONS`, `QUARKUS_...`, `APICURIO_...`) must not change what a service does.
 *
 * @param folder of the service
 */
export function serviceEnvironment(folder: string): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'USER', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  const environment = kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  // Java reads arguments and names of files by the locale: any path has to be one that it can say.
  return { ...Object.fromEntries(environment), LC_ALL: 'C.UTF-8', ...startedInVariable(folder) };
}

/** What such a process had only begun can be begun anew. */
const unrecordedGraceMs = 2_000;

/** In bytes; `undefined` when it cannot be told. */
export function residentMemory(pid: number): number | undefined {
  const [, told] = /^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '') ?? [];
  const kilobytes = Number(told ?? askPs('rss=', pid));
  return Number.isFinite(kilobytes) && kilobytes > 0 ? kilobytes * 1024 : undefined;
}

/** The command name of a process for messages ("java"); `undefined` when it cannot be told. */
export function commandName(pid: number): string | undefined {
  return askPs('comm=', pid)?.split('/').at(-1) || undefined;
}

/** Asks the process to end and, after the grace, ends it (SIGKILL), if it is still the same one. */
export async function endProcess(
  identity: ProcessIdentity,
  graceMs: number,
  asking: NodeJS.Signals = 'SIGTERM',
): Promise<'gone' | 'ended' | 'killed'> {
  if (!signal(identity, asking)) return 'gone';
  if (await waitUntilGone(identity, graceMs)) return 'ended';
  signal(identity, 'SIGKILL');
  await waitUntilGone(identity, 5_000);
  return 'killed';
}

/** Ends what a killed command had started in a folder, or below it, and not written down; gives how many processes that were. */
export async function endUnrecorded(folder: string): Promise<number> {
  const found = startedIn(folder);
  await Promise.all(found.map((identity) => endProcess(identity, unrecordedGraceMs)));
  return found.length;
}

async function waitUntilGone(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (isSameProcess(identity)) {
    if (performance.now() >= deadline) return false;
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
    if (hasErrorCode(error, 'ESRCH')) return false;
    throw error;
  }
}
