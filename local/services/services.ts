/** Starts, shows and stops the services of this machine, as processes that outlive the command. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sameJson } from '../../lib/declaration/json.ts';
import { hasErrorCode, MillraceError, messageOf } from '../../tools/errors.mjs';
import { withLock } from '../../tools/lock.mjs';
import { cacheFolder } from '../../tools/setup/folders.mjs';
import { type Home, purgeHome } from '../home.ts';
import { forgetWorker, readWorker, type WorkerSettings, workersIn, writeWorker } from './connect.ts';
import { PORT_LOST, serviceGone } from './diagnosis.ts';
import { dynamodb } from './dynamodb.ts';
import { type FeedSettings, feedNames, feedsIn, forgetFeed, isOfFeeds, readFeed, writeFeed } from './feeds.ts';
import { iam } from './iam.ts';
import { addressesOf, brokers as allBrokers, kafka } from './kafka.ts';
import { launch, waitUntilReady } from './launch.ts';
import { requireMemory } from './memory.ts';
import { loopback, nextFreePort, requireFreePort } from './ports.ts';
import { postgres } from './postgres.ts';
import { endProcess, endUnrecorded, isSameProcess, residentMemory } from './process.ts';
import { registry } from './registry.ts';
import { s3 } from './s3.ts';
import {
  agreeOnData,
  dataIdOf,
  readServiceFile,
  type ServiceFile,
  serviceFiles,
  writeServiceFile,
} from './service-files.ts';
import {
  forgetSource,
  isOfSources,
  readSource,
  type SourceSettings,
  sourceNames,
  sourcesIn,
  standInOf,
  writeSource,
} from './sources.ts';
import type {
  BrokerAddresses,
  BrokerName,
  FeedName,
  FixedName,
  PlainEndpoints,
  Ports,
  Purpose,
  ServiceDefinition,
  ServiceName,
  ServiceStatus,
  ServiceToolchain,
  SourceName,
  WorkerName,
} from './types.ts';

const byName: Readonly<Record<FixedName, ServiceDefinition>> = { iam, kafka, registry, s3, postgres, dynamodb };

/** Those that every home has. */
const fixed: readonly ServiceDefinition[] = Object.values(byName);

type Brokers = readonly ServiceDefinition[];

const isBroker = (definition: ServiceDefinition) => allBrokers.includes(definition);

/** The brokers of a home, one or three: that is chosen when its data begin. */
const brokersIn = (home: Home): Brokers =>
  allBrokers.filter((one) => one === kafka || existsSync(serviceFiles(home, one.name).data)).length > 1
    ? allBrokers
    : [kafka];

/** All of a home, the workers of its connectors, its sources and its feeds among them. */
const definitionsOf = (home: Home, brokers = brokersIn(home)): ServiceDefinition[] => [
  ...fixed.flatMap((one) => (one === kafka ? brokers : one)),
  ...workersIn(home),
  ...sourcesIn(home),
  ...feedsIn(home),
];

/** What is nothing without a broker. */
const needsBroker = ({ only = 'strict' }: ServiceDefinition): boolean =>
  ['connectors', 'sources', 'feeds'].includes(only);

/** Whose data belong together. */
const holdersOf = (brokers: Brokers): ServiceName[] => [...brokers.map(({ name }) => name), 'registry'];

/** Of each of these services the same thing. */
const ofEach = <T>(definitions: readonly ServiceDefinition[], what: (definition: ServiceDefinition) => T) =>
  Object.fromEntries(definitions.map((one) => [one.name, what(one)])) as Record<FixedName, T> &
    Partial<Record<BrokerName, T>>;

export const lockWaitMs = 120_000;
const portTries = 3;
export const watchEveryMs = 1_000;

/** What is left out is remembered or found. */
export interface StartOptions {
  /** Port on which clients reach the service (`--kafka-port`, `--registry-port`). */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Port from which on a free one is looked for, instead of the usual one; what is remembered goes before it. */
  readonly firstPorts?: Partial<Record<ServiceName, number>>;
  /** How many brokers (`--brokers`), which is chosen once for all data of the home. @default as many as there are, or one */
  readonly brokers?: 1 | 3 | undefined;
  /** Starts what only strict runs need too. @default it stays as it is */
  readonly strict?: boolean | undefined;
  /** Starts what only pipelines with a database need too. @default it stays as it is */
  readonly databases?: boolean | undefined;
  /** Starts what only pipelines with items need too. @default it stays as it is */
  readonly items?: boolean | undefined;
  /** Starts the workers of deployed connectors too. @default they stay as they are */
  readonly connectors?: boolean | undefined;
  /** Starts deployed sources too, and what plays the outside for them. @default they stay as they are */
  readonly sources?: boolean | undefined;
  /** Starts deployed feeds too. @default they stay as they are */
  readonly feeds?: boolean | undefined;
  /** Memory to be had, for tests. @default what the machine says */
  readonly availableMemoryBytes?: number;
}

export interface StartedServices extends Readonly<Record<FixedName, ServiceStatus>> {
  /** Of all brokers. */
  readonly brokers: BrokerAddresses;
  /** The ones that this call started; empty when all that are needed ran already. */
  readonly started: readonly ServiceName[];
  /** Changes whenever the data was started anew: what was deployed to other data is gone. */
  readonly dataId: string;
}

/**
 * Sees to it that the services run and work. Services that run already are only asked whether they work; those that
 * this call starts are ended again when it fails or is aborted.
 *
 * @throws MillraceError RUNS_ON_OTHER_PORT, OTHER_BROKERS
 */
export function startServices(
  home: Home,
  toolchain: ServiceToolchain,
  progress: Progress,
  signal: AbortSignal = new AbortController().signal,
  options: StartOptions = {},
): Promise<StartedServices> {
  return locked(homeLock(home), progress, signal, async () => {
    const brokers = brokersFor(home, options.brokers);
    const needed = neededOf(definitionsOf(home, brokers), options);
    const stopped = needed.filter(({ name }) => !isRunning(readServiceFile(home, name)));
    for (const definition of needed.filter((each) => !stopped.includes(each))) {
      const { name, title, portOption = 'its port' } = definition;
      const [current, wanted] = [status(home, definition).port, options.ports?.[name]];
      if (wanted === undefined || wanted === current) continue;
      throw new MillraceError(
        'RUNS_ON_OTHER_PORT',
        `${portOption} ${wanted} was given, but ${title} runs on port ${current} already. Stop it with "millrace down" first, or leave ${portOption} out.`,
      );
    }
    if (stopped.length > 0) {
      const memory = stopped.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
      const titles = stopped.map(({ title }) => title).join(', ');
      requireMemory(memory, `Starting ${titles}`, options.availableMemoryBytes);
    }
    const dataId = agreeOnData(home, holdersOf(brokers));
    const start = async () => {
      // Another process would hold the data.
      await Promise.all(stopped.map(({ name }) => endUnrecorded(serviceFiles(home, name).folder)));
      for (let left = portTries; ; left -= 1) {
        const ports = await choosePorts(home, stopped, options, progress);
        try {
          return await startAll(home, toolchain, { needed, stopped, ports }, progress, signal);
        } catch (error) {
          if (left === 1 || !hasErrorCode(error, PORT_LOST)) throw error;
          progress('another program took a port meanwhile: starting again on free ones');
        }
      }
    };
    // Two homes that start at once would choose the same ports, which are taken only once the services listen. Who has another cache, as another person has,
    // may still be faster.
    await (stopped.length > 0 ? locked(join(cacheFolder(), 'ports.lock'), progress, signal, start) : start());
    const started = stopped.map(({ name }) => name);
    const addresses = addressesOf(brokers.map(({ name }) => readServiceFile(home, name).ports ?? {}));
    return { ...ofEach(fixed, (one) => status(home, one)), brokers: addresses, started, dataId };
  });
}

/** @throws MillraceError OTHER_BROKERS */
function brokersFor(home: Home, wanted: StartOptions['brokers']): Brokers {
  const there = brokersIn(home);
  if (wanted === undefined || wanted === there.length) return there;
  if (!existsSync(serviceFiles(home, 'kafka').dataId)) return allBrokers.slice(0, wanted);
  throw new MillraceError(
    'OTHER_BROKERS',
    `--brokers ${wanted} was given, but the data in ${home.root} are of ${there.length === 1 ? 'one broker' : 'three brokers'}, which is chosen when data begin. Leave --brokers out, start from empty data with "millrace down --purge", or use another folder with MILLRACE_HOME.`,
  );
}

/** The id of the data of a home; undefined where there is none yet. @throws MillraceError DATA_APART */
export const homeDataId = (home: Home): string | undefined => dataIdOf(home, holdersOf(brokersIn(home)));

/** The services as they are now; asks nobody but the operating system, so it answers at once. */
export async function serviceStatuses(home: Home): Promise<ServiceStatus[]> {
  return definitionsOf(home).map((definition) => status(home, definition));
}

/** Whether all run that are always needed: of three brokers any two do. */
export function servicesRun(home: Home): boolean {
  const others = neededOf(fixed, {}).filter((one) => !isBroker(one));
  return brokersRun(home) && others.every(({ name }) => isRunning(readServiceFile(home, name)));
}

/** Whether as many brokers run as take records. */
function brokersRun(home: Home): boolean {
  const brokers = brokersIn(home);
  return brokers.filter(({ name }) => isRunning(readServiceFile(home, name))).length > brokers.length / 2;
}

/** Where the brokers are, or were when they ran last. */
export function brokersOf(home: Home): { readonly running: boolean } & BrokerAddresses {
  const ports = brokersIn(home).map((one) => readServiceFile(home, one.name).ports ?? preferredPorts(one));
  return { running: brokersRun(home), ...addressesOf(ports) };
}

const preferredPorts = ({ ports }: ServiceDefinition): Ports =>
  Object.fromEntries(ports.map(({ name, preferred }) => [name, preferred]));

/** What a start of those that are needed and do not run takes; of every one of them where there is no home. */
export function needsOfStart(home: Home | undefined) {
  const record = (name: ServiceName) => (home ? readServiceFile(home, name) : {});
  const needed = neededOf(home ? definitionsOf(home) : fixed, {});
  const stopped = needed.filter(({ name }) => !isRunning(record(name)));
  return {
    memoryBytes: stopped.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    ports: stopped.flatMap(({ name, title, ports }) =>
      ports.map((port) => ({ title, wanted: record(name).ports?.[port.name] ?? port.preferred })),
    ),
  };
}

/** One of them. */
export function serviceStatus(home: Home, name: FixedName | BrokerName): ServiceStatus {
  return status(home, withName(name) ?? kafka);
}

/** Undefined while the services do not run. */
export function endpointsOf(home: Home): PlainEndpoints | undefined {
  if (!servicesRun(home)) return undefined;
  return { bootstrapServers: brokersOf(home).bootstrapServers, registryUrl: status(home, registry).url ?? '' };
}

/**
 * Ends the services, and when they are all of them, whatever else was started in the home; tolerates those that do not run. Gives the names of those that
 * it ended.
 *
 * @param options.purge removes all data of the home too: records, schemas, checkpoints and what is deployed refer to
 *   each other
 * @param options.only ends just these (and keeps their data)
 */
export async function stopServices(
  home: Home,
  options: { readonly purge: true } | { readonly purge: false; readonly only?: readonly ServiceName[] },
  progress: Progress = () => {},
): Promise<ServiceName[]> {
  const definitions = definitionsOf(home);
  const chosen = definitions.filter(({ name }) => options.purge || (options.only?.includes(name) ?? true));
  return locked(homeLock(home), progress, undefined, async () => {
    const workers = chosen.filter(needsBroker);
    const ordered = [...workers, ...chosen.filter((one) => !workers.includes(one))];
    const end = (some: readonly ServiceDefinition[]) => Promise.allSettled(some.map((one) => stop(home, one)));
    // They say goodbye to their broker.
    const ended = [...(await end(workers)), ...(await end(ordered.slice(workers.length)))];
    for (const result of ended) {
      if (result.status === 'fulfilled') continue;
      // What is about to be removed may be damaged.
      if (!options.purge || !hasErrorCode(result.reason, 'DAMAGED_FILE')) throw result.reason;
      progress(messageOf(result.reason));
    }
    if (chosen.length === definitions.length) await endUnrecorded(home.root);
    if (options.purge) purgeHome(home);
    return ordered.flatMap(({ name }, index) => (Object(ended[index]).value ? [name] : []));
  });
}

/**
 * Where a worker of Kafka Connect answers, whether it runs or not: its port is chosen before its first start, since what is deployed has to know it.
 */
export async function workerUrl(home: Home, name: WorkerName): Promise<string> {
  const ports = readServiceFile(home, name).ports ?? { rest: await nextFreePort(8083, portsOfWorkers(home)) };
  if (!readServiceFile(home, name).ports) writeServiceFile(home, name, { ports });
  return `http://${loopback}:${ports.rest}`;
}

const portsOfWorkers = (home: Home) =>
  new Set(workersIn(home).map(({ name }) => readServiceFile(home, name).ports?.rest ?? 0));

/** Sees to it that a worker runs with these settings. */
export async function bringWorker(
  home: Home,
  toolchain: ServiceToolchain,
  name: WorkerName,
  settings: WorkerSettings,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  if (!sameJson(readWorker(home, name), settings)) {
    await stopServices(home, { purge: false, only: [name] });
    writeWorker(home, name, settings);
  }
  const told = readServiceFile(home, name).ports?.rest;
  await startServices(home, toolchain, progress, signal, { connectors: true });
  refuseMoved(home, name, told);
}

/**
 * Whoever was told where a worker answers would ask somebody else once it has moved, such as the worker of another home.
 * @throws MillraceError WORKER_MOVED
 */
export function refuseMoved(home: Home, name: WorkerName, told: number | undefined): void {
  const now = readServiceFile(home, name).ports?.rest;
  if (told === undefined || now === told) return;
  throw new MillraceError(
    'WORKER_MOVED',
    `Port ${told}, at which Kafka Connect of ${name.slice(name.indexOf('-') + 1)} was to answer, was taken by another program before it started; it answers at ${now}. Nothing was asked there. Run "npx millrace up" again: it tells everybody.`,
  );
}

/** How programs of one kind are kept in a home. */
interface Programs<Name extends ServiceName, Settings> {
  readonly purpose: Purpose;
  names(home: Home): Name[];
  read(home: Home, name: Name): Settings | undefined;
  write(home: Home, name: Name, settings: Settings): void;
  forget(home: Home, name: Name): void;
  /** All services of one. */
  servicesOf(name: Name): ServiceName[];
}

export const SOURCES: Programs<SourceName, SourceSettings> = {
  purpose: 'sources',
  names: sourceNames,
  read: readSource,
  write: writeSource,
  forget: forgetSource,
  servicesOf: (name) => [name, standInOf(name)],
};

export const FEEDS: Programs<FeedName, FeedSettings> = {
  purpose: 'feeds',
  names: feedNames,
  read: readFeed,
  write: writeFeed,
  forget: forgetFeed,
  servicesOf: (name) => [name],
};

/** Sees to it that these programs run with these settings, and no others of their kind; gives the names of those that it started. */
export async function bringPrograms<Name extends ServiceName, Settings>(
  home: Home,
  toolchain: ServiceToolchain,
  programs: Programs<Name, Settings>,
  wanted: ReadonlyMap<Name, Settings>,
  progress: Progress,
  signal?: AbortSignal,
): Promise<readonly ServiceName[]> {
  for (const name of new Set([...programs.names(home), ...wanted.keys()])) {
    const settings = wanted.get(name);
    if (sameJson(programs.read(home, name), settings)) continue;
    await stopServices(home, { purge: false, only: programs.servicesOf(name) });
    if (settings) programs.write(home, name, settings);
    else programs.forget(home, name);
  }
  if (wanted.size === 0) return [];
  const { started } = await startServices(home, toolchain, progress, signal, { [programs.purpose]: true });
  return started;
}

/** Ends a worker and forgets it. */
export async function removeWorker(home: Home, name: WorkerName): Promise<void> {
  await stopServices(home, { purge: false, only: [name] });
  forgetWorker(home, name);
}

/**
 * Watches the services that run now.
 *
 * @param onGone gets the error of the first one that ends otherwise than by being stopped
 * @param onLess is told of a broker that does, while the two others go on
 * @returns ends the watch
 */
export function watchServices(
  home: Home,
  onGone: (error: MillraceError) => void,
  onLess: (line: string) => void,
): () => void {
  // Who writes to a database or to items that are away waits for them, as on AWS; and what a source or a feed has written can be worked through without it.
  const unwatched = new Set(['databases', 'items', 'sources', 'feeds']);
  const watched = definitionsOf(home).filter(
    (one) => !unwatched.has(one.only ?? '') && status(home, one).state === 'running',
  );
  const told = new Set<ServiceDefinition>();
  const timer = setInterval(() => {
    for (const one of watched) {
      if (status(home, one).state !== 'dead') {
        told.delete(one);
        continue;
      }
      const gone = serviceGone(one, serviceFiles(home, one.name).log);
      if (!isBroker(one) || !brokersRun(home)) {
        clearInterval(timer);
        return onGone(gone);
      }
      if (told.has(one)) continue;
      told.add(one);
      onLess(`Two of three brokers go on; "npx millrace up" starts the third again. ${gone.message}`);
    }
  }, watchEveryMs);
  return () => clearInterval(timer);
}

/** What alone starts it. */
export const purposeOf = (name: ServiceName): Purpose | undefined => {
  const known = withName(name);
  if (known) return known.only;
  if (isOfFeeds(name)) return 'feeds';
  return isOfSources(name) ? 'sources' : 'connectors';
};

const withName = (name: ServiceName) => [...fixed, ...allBrokers].find((one) => one.name === name);

function neededOf(definitions: readonly ServiceDefinition[], options: StartOptions): ServiceDefinition[] {
  const needed = definitions.filter(({ only }) => only === undefined || options[only]);
  const beside = new Set(needed.flatMap((one) => one.beside ?? []));
  return definitions.filter((one) => needed.includes(one) || beside.has(one.name as FixedName));
}

type Progress = (line: string) => void;

function locked<T>(path: string, progress: Progress, signal: AbortSignal | undefined, work: () => Promise<T>) {
  const onWait = (holder: number) => progress(`waiting for another millrace command (pid ${holder})`);
  return withLock(path, { waitMs: lockWaitMs, onWait, signal }, work);
}

const homeLock = (home: Home) => join(home.services, 'lock');

const isRunning = ({ process }: ServiceFile) => process !== undefined && isSameProcess(process);

function status(home: Home, { name, ports: wanted, address }: ServiceDefinition): ServiceStatus {
  const record = readServiceFile(home, name);
  const { log } = serviceFiles(home, name);
  if (!record.process || !isRunning(record)) return { name, state: record.process ? 'dead' : 'stopped', log };
  const { pid, startedAt } = record.process;
  const { ports = {} } = record;
  const port = ports[wanted[0]?.name ?? ''];
  return { name, state: 'running', pid, port, ...address(ports), memoryBytes: residentMemory(pid), startedAt, log };
}

async function choosePorts(
  home: Home,
  stopped: readonly ServiceDefinition[],
  options: StartOptions,
  progress: Progress,
): Promise<Map<ServiceName, Ports>> {
  const chosen = new Map<ServiceName, Ports>();
  const taken = new Set<number>();
  for (const definition of stopped) {
    const remembered = readServiceFile(home, definition.name).ports ?? {};
    const ports: Record<string, number> = {};
    for (const [index, { name, preferred }] of definition.ports.entries()) {
      const asked = index === 0 ? options.ports?.[definition.name] : undefined;
      if (asked !== undefined) await requireFreePort(asked, definition.portOption ?? 'its port');
      const first = options.firstPorts?.[definition.name];
      const wanted = asked ?? remembered[name] ?? (first === undefined ? preferred : first + index);
      const port = asked ?? (await nextFreePort(wanted, taken));
      if (port !== wanted) progress(`port ${wanted} is taken: ${definition.title} uses ${port} (${name})`);
      taken.add(port);
      ports[name] = port;
    }
    chosen.set(definition.name, ports);
  }
  return chosen;
}

interface Wanted {
  readonly needed: readonly ServiceDefinition[];
  /** Those of them that do not run. */
  readonly stopped: readonly ServiceDefinition[];
  readonly ports: ReadonlyMap<ServiceName, Ports>;
}

/** Starts what does not run and waits until all work; ends what it started when one of them fails. */
async function startAll(
  home: Home,
  toolchain: ServiceToolchain,
  { needed, stopped, ports: chosen }: Wanted,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const portsOf = ({ name }: ServiceDefinition) => chosen.get(name) ?? readServiceFile(home, name).ports ?? {};
  const allPorts = ofEach([...fixed, ...needed.filter(isBroker)], portsOf);
  const siblings = new AbortController();
  const either = AbortSignal.any([signal, siblings.signal]);
  const work = needed.map(async (definition) => {
    try {
      const before = performance.now();
      const { name, title, address } = definition;
      const { process: identity, ports: current = {} } = readServiceFile(home, name);
      const started = stopped.includes(definition) || identity === undefined;
      const running = started
        ? await launch(home, toolchain, definition, portsOf(definition), allPorts, either)
        : { identity, ports: current, log: serviceFiles(home, name).log };
      await waitUntilReady(definition, running, either);
      const seconds = ((performance.now() - before) / 1000).toFixed(1);
      if (started) progress(`${title} works on ${Object.values(address(running.ports))[0]} (${seconds} s)`);
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

/** Ends a service; false when it did not run. */
async function stop(home: Home, definition: ServiceDefinition, graceMs = definition.stopWithinMs): Promise<boolean> {
  const record = readServiceFile(home, definition.name);
  if (!record.process) return false;
  const ending = await endProcess(record.process, graceMs, definition.stopSignal);
  writeServiceFile(home, definition.name, { ports: record.ports });
  return ending !== 'gone';
}
