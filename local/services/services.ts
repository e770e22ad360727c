/**
 * Takes the folders of the local run and starts, shows and stops the Kafka broker and the schema registry in them, as
 * processes that outlive the command. Called by the command line and by the integration tests.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import { kafka } from './kafka.ts';
import { type Launched, launch, waitUntilReady } from './launch.ts';
import { withLock } from './lock.ts';
import { requireMemory } from './memory.ts';
import { nextFreePort, requireFreePort } from './ports.ts';
import { endProcess, isSameProcess, residentMemory } from './process.ts';
import { agreeOnData, readRecord, type ServiceRecord, serviceFiles, writeRecord } from './records.ts';
import { registry } from './registry.ts';
import type { Ports, ServiceDefinition, ServiceName, ServiceStatus, ServiceToolchain } from './types.ts';

export type { ServiceName, ServiceStatus, ServiceToolchain } from './types.ts';

const definitions: readonly ServiceDefinition[] = [kafka, registry];

/** How long one command waits for another one that starts or stops the same services. */
const lockWaitMs = 120_000;

/** What a person may choose; what is left out is remembered or found. */
export interface StartOptions {
  /** Port on which clients reach the service (`--kafka-port`, `--registry-port`). */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Port from which on a free one is looked for, instead of the usual one; what is remembered goes before it. */
  readonly firstPorts?: Partial<Record<ServiceName, number>>;
  /** Memory to be had, for tests. @default what the machine says */
  readonly availableMemoryBytes?: number;
}

/** What runs after {@link startServices}. */
export interface StartedServices {
  readonly kafka: ServiceStatus;
  readonly registry: ServiceStatus;
  /** The ones that this call started; empty when both ran already. */
  readonly started: readonly ServiceName[];
  /** Changes whenever the data was started anew: what was deployed to other data is gone. */
  readonly dataId: string;
}

/**
 * Sees to it that both services run and work. Services that run already are only asked whether they work; those that
 * this call starts are ended again when it fails or is aborted.
 */
export function startServices(
  home: Home,
  toolchain: ServiceToolchain,
  progress: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
  options: StartOptions = {},
): Promise<StartedServices> {
  return withServicesLock(home, progress, signal, async () => {
    const stopped = definitions.filter(({ name }) => !isRunning(readRecord(home, name)));
    for (const definition of definitions) refuseOtherPort(home, definition, stopped, options);
    if (stopped.length > 0) {
      const needed = stopped.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
      requireMemory(
        needed,
        `Starting ${stopped.map(({ title }) => title).join(' and ')}`,
        options.availableMemoryBytes,
      );
    }
    const dataId = agreeOnData(
      home,
      definitions.map(({ name }) => name),
    );
    const ports = await choosePorts(home, stopped, options, progress);
    await startAll(home, toolchain, stopped, ports, progress, signal);
    const [kafkaStatus, registryStatus] = definitions.map((definition) => status(home, definition));
    if (!kafkaStatus || !registryStatus) throw new Error('a service is not defined');
    return { kafka: kafkaStatus, registry: registryStatus, started: stopped.map(({ name }) => name), dataId };
  });
}

/** Both services as they are now; asks nobody but the operating system, so it answers at once. */
export async function serviceStatuses(home: Home): Promise<ServiceStatus[]> {
  return definitions.map((definition) => status(home, definition));
}

/**
 * Ends the services; tolerates those that do not run.
 *
 * @param options.purge removes their data too, always of both together
 * @param options.only ends just these (and keeps their data)
 */
export async function stopServices(
  home: Home,
  options: { readonly purge: boolean; readonly only?: readonly string[] },
  progress: (line: string) => void = () => {},
): Promise<void> {
  const chosen = definitions.filter(({ name }) => options.only?.includes(name) ?? true);
  if (options.purge && chosen.length < definitions.length) {
    throw new MillraceError(
      'PURGE_OF_ONE',
      `The data of ${options.only?.join(' and ')} alone cannot be removed: records name schemas by the registry's ids. Purge all services together.`,
    );
  }
  await withServicesLock(home, progress, undefined, async () => {
    await Promise.all(chosen.map((definition) => stop(home, definition)));
    if (!options.purge) return;
    for (const { name } of definitions) rmSync(serviceFiles(home, name).folder, { recursive: true, force: true });
  });
}

function withServicesLock<T>(
  home: Home,
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const onWait = (holder: number) => progress(`waiting for another millrace command (pid ${holder})`);
  return withLock(join(home.services, 'lock'), { waitMs: lockWaitMs, onWait, signal }, work);
}

const isRunning = (record: ServiceRecord) => record.process !== undefined && isSameProcess(record.process);

function status(home: Home, { name, ports: wanted, address }: ServiceDefinition): ServiceStatus {
  const record = readRecord(home, name);
  const { log } = serviceFiles(home, name);
  if (!record.process || !isRunning(record)) return { name, state: record.process ? 'dead' : 'stopped', log };
  const { pid, startedAt } = record.process;
  const ports = record.ports ?? {};
  const port = ports[wanted[0]?.role ?? ''];
  const memoryBytes = residentMemory(pid);
  return {
    name,
    state: 'running',
    pid,
    ...(port === undefined ? {} : { port }),
    ...address(ports),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    startedAt,
    log,
  };
}

/** A port that a person asked for cannot be given to a service that runs on another one. */
function refuseOtherPort(
  home: Home,
  definition: ServiceDefinition,
  stopped: readonly ServiceDefinition[],
  { ports }: StartOptions,
): void {
  const wanted = ports?.[definition.name];
  const current = status(home, definition).port;
  if (wanted === undefined || stopped.includes(definition) || wanted === current) return;
  throw new MillraceError(
    'RUNS_ON_OTHER_PORT',
    `${definition.portOption} ${wanted} was given, but ${definition.title} runs on port ${current} already. Stop it with "millrace down" first, or leave ${definition.portOption} out.`,
  );
}

async function choosePorts(
  home: Home,
  stopped: readonly ServiceDefinition[],
  options: StartOptions,
  progress: (line: string) => void,
): Promise<Map<ServiceName, Ports>> {
  const chosen = new Map<ServiceName, Ports>();
  const taken = new Set<number>();
  for (const definition of stopped) {
    const remembered = readRecord(home, definition.name).ports ?? {};
    const ports: Record<string, number> = {};
    for (const [index, { role, preferred }] of definition.ports.entries()) {
      const asked = index === 0 ? options.ports?.[definition.name] : undefined;
      if (asked !== undefined) await requireFreePort(asked, definition.portOption);
      const first = options.firstPorts?.[definition.name];
      const wanted = asked ?? remembered[role] ?? (first === undefined ? preferred : first + index);
      const port = asked ?? (await nextFreePort(wanted, taken));
      if (port !== wanted) progress(`port ${wanted} is taken: ${definition.title} uses ${port} (${role})`);
      taken.add(port);
      ports[role] = port;
    }
    chosen.set(definition.name, ports);
  }
  return chosen;
}

/** Starts what does not run and waits until all work; ends what it started when one of them fails. */
async function startAll(
  home: Home,
  toolchain: ServiceToolchain,
  stopped: readonly ServiceDefinition[],
  ports: ReadonlyMap<ServiceName, Ports>,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const siblings = new AbortController();
  const either = AbortSignal.any([signal, siblings.signal]);
  const work = definitions.map(async (definition) => {
    try {
      const before = performance.now();
      const running = stopped.includes(definition) ? undefined : adopt(home, definition);
      const launched = running ?? (await launch(home, toolchain, definition, ports.get(definition.name) ?? {}, either));
      await waitUntilReady(definition, launched, either);
      const seconds = ((performance.now() - before) / 1000).toFixed(1);
      if (!running)
        progress(`${definition.title} works on ${Object.values(definition.address(launched.ports))[0]} (${seconds} s)`);
    } catch (error) {
      siblings.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(work);
  if (results.every(({ status }) => status === 'fulfilled')) return;
  await Promise.all(stopped.map((definition) => stop(home, definition, 2_000)));
  signal.throwIfAborted();
  // The reason of the first failure: what the others report is only that they were called off.
  throw siblings.signal.reason;
}

function adopt(home: Home, definition: ServiceDefinition): Launched | undefined {
  const { process, ports } = readRecord(home, definition.name);
  return process && { identity: process, ports: ports ?? {}, log: serviceFiles(home, definition.name).log };
}

async function stop(home: Home, definition: ServiceDefinition, graceMs = definition.stopWithinMs): Promise<void> {
  const files = serviceFiles(home, definition.name);
  if (!existsSync(files.record)) return;
  const record = readRecord(home, definition.name);
  if (!record.process) return;
  await endProcess(record.process, graceMs);
  writeRecord(home, definition.name, record.ports ? { ports: record.ports } : {});
}
