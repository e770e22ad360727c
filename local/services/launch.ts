/** Starts a service as a process that outlives the command, and waits until it works. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import type { Home } from '../home.ts';
import { serviceDied, serviceNotReady } from './diagnosis.ts';
import { listens } from './ports.ts';
import { identityOf, isSameProcess, type ProcessIdentity, serviceEnvironment } from './process.ts';
import { serviceFiles, writeServiceFile } from './service-files.ts';
import {
  type Ports,
  READY_WITHIN_MS,
  type ServiceContext,
  type ServiceDefinition,
  type ServiceToolchain,
} from './types.ts';

const probeEveryMs = 100;

/** The operating system knows of an end a moment before this process is told how it was. */
const tellMs = 100;

/** A process that was started, now or by an earlier command. */
export interface Launched {
  readonly identity: ProcessIdentity;
  readonly ports: Ports;
  readonly log: string;
  /** How the process ended, when that is known because this command started it. */
  readonly ending?: () => string | undefined;
}

/** Starts the program, detached from this command, and remembers it. */
export async function launch(
  home: Home,
  toolchain: ServiceToolchain,
  definition: ServiceDefinition,
  ports: Ports,
  allPorts: ServiceContext['allPorts'],
  signal: AbortSignal,
): Promise<Launched> {
  const files = serviceFiles(home, definition.name);
  const context: ServiceContext = { ...files, home, ports, allPorts, toolchain };
  // A service that is killed leaves what it unpacked there.
  rmSync(files.scratch, { recursive: true, force: true });
  mkdirSync(files.scratch, { recursive: true });
  await definition.prepare(context, signal);
  signal.throwIfAborted();
  // The log of the run before is what tells why a service died; one older than that is not kept.
  if (existsSync(files.log)) renameSync(files.log, files.previousLog);
  const { program, arguments: tokens } = definition.command(context);
  const output = openSync(files.log, 'a');
  const child = spawn(program, tokens, {
    cwd: files.folder,
    env: { ...serviceEnvironment(files.folder), ...definition.environment?.(context) },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let ending: string | undefined;
  child.once('exit', (code, signalName) => {
    ending = signalName ? `ended by signal ${signalName}` : `exit code ${code}`;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      const what = `${program}, which runs ${definition.title}, could not be started (${cause.message}).`;
      const remedy = 'Remove the folder build/ and run the command again, so that the set-up is repeated.';
      reject(new MillraceError('SERVICE_NOT_STARTED', `${what} ${remedy}`, { cause }));
    });
  });
  child.unref();
  const identity = identityOf(child.pid);
  if (!identity) {
    await sleep(tellMs);
    throw serviceDied(definition, ending ?? 'at once', files.log);
  }
  writeServiceFile(home, definition.name, { ports, process: { ...identity, startedAt: new Date().toISOString() } });
  return { identity, ports, log: files.log, ending: () => ending };
}

/** Waits until the service performs a real operation; throws with the reason when it ends or takes too long. */
export async function waitUntilReady(
  definition: ServiceDefinition,
  { identity, ports, log, ending }: Launched,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + (definition.readyWithinMs ?? READY_WITHIN_MS);
  let lastAnswer = 'none';
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (!isSameProcess(identity)) {
      if (ending) await sleep(tellMs);
      throw serviceDied(definition, ending?.() ?? 'its process is gone', log);
    }
    try {
      await definition.probe(ports);
      const port = ports[definition.ports[0]?.name ?? ''];
      if (port === undefined || listens(identity.pid, port) !== false) return;
      // Ours ends soon, because it cannot have the port, and its log says so.
      lastAnswer = `another program answers on port ${port}`;
    } catch (error) {
      lastAnswer = messageOf(error instanceof Error && error.cause ? error.cause : error);
    }
    await sleep(probeEveryMs, undefined, { signal });
  }
  throw serviceNotReady(definition, lastAnswer, log);
}
