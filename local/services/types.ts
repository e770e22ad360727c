/** What a service is, as data: how it is prepared, started and asked whether it works. */
import type { Toolchain } from '../../tools/setup/toolchain.mjs';
import type { Home } from '../home.ts';

export type FixedName = 'iam' | 'kafka' | 'registry' | 's3' | 'postgres' | 'dynamodb';
/** The brokers of a home that has three; one that has a single broker has the first. */
export type BrokerName = 'kafka' | 'kafka-2' | 'kafka-3';
/** A worker of Kafka Connect; there is one for each pipeline that has connectors. */
export type WorkerName = `connect-${string}`;
/** A source of a pipeline, and what plays the outside for it. */
export type SourceName = `source-${string}`;
export type StandInName = `stand-in-${string}`;
/** A feed of a pipeline. */
export type FeedName = `feed-${string}`;
export type ServiceName = FixedName | BrokerName | WorkerName | SourceName | StandInName | FeedName;

/** What a service is for that is not always needed: strict runs, pipelines with a database, those with items, those with connectors, those with sources, those with feeds. */
export type Purpose = 'strict' | 'databases' | 'items' | 'connectors' | 'sources' | 'feeds';

export type ServiceToolchain = Pick<
  Toolchain,
  | 'java17'
  | 'java17Home'
  | 'connectJars'
  | 'debeziumPostgresJars'
  | 'icebergSinkJars'
  | 'icebergSinkClasses'
  | 'dynamodbJars'
  | 'dynamodbServer'
  | 'java21'
  | 'kafkaJars'
  | 'kafkaIam'
  | 'kafkaClasses'
  | 'postgresHome'
  | 'registryHome'
  | 'registryClasses'
  | 's3Jars'
  | 's3aJars'
>;

/** Port numbers by name ("broker", "management"). */
export type Ports = Readonly<Record<string, number>>;

/** What a definition may use to prepare, start and probe its service. */
export interface ServiceContext {
  readonly home: Home;
  /** Folder of the service's own files (`services/<name>`). */
  readonly folder: string;
  /** Folder of what must survive a restart (`services/<name>/data`). */
  readonly data: string;
  /** Folder of its temporary files, empty at its start. */
  readonly scratch: string;
  readonly ports: Ports;
  /** The ports of all services, running or about to; those of brokers that the home does not have are missing. */
  readonly allPorts: Readonly<Record<FixedName, Ports> & Partial<Record<BrokerName, Ports>>>;
  readonly toolchain: ServiceToolchain;
}

/** Time enough for a service to start on a machine with other work; one that dies is noticed at once. */
export const READY_WITHIN_MS = 180_000;

export interface ServiceDefinition {
  readonly name: ServiceName;
  /** For sentences: "the Kafka broker". */
  readonly title: string;
  /** What alone needs it. @default everything does */
  readonly only?: Purpose;
  /** Services that it needs too, though they are for something else. @default none */
  readonly beside?: readonly FixedName[];
  /** Memory that one needs to start it, from measurements with some room. */
  readonly memoryBytes: number;
  /** Ports with the number that is tried first; the first one is what others connect to. */
  readonly ports: readonly { readonly name: string; readonly preferred: number }[];
  /** The command line's option that chooses the first port; none for a service that people do not call. */
  readonly portOption?: string;
  /** How long a start may take. @default as long as that of any service, on a slow machine */
  readonly readyWithinMs?: number;
  readonly stopWithinMs: number;
  /** By which it is asked to end. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
  /** Writes what must be there before the start; safe to repeat after an interruption at any point. */
  readonly prepare: (context: ServiceContext, signal: AbortSignal) => Promise<void>;
  readonly command: (context: ServiceContext) => { readonly program: string; readonly arguments: readonly string[] };
  /** Performs one real operation; throws as long as the service cannot. */
  /** Variables beside those that every service has. @default none */
  readonly environment?: (context: ServiceContext) => Readonly<Record<string, string>>;
  readonly probe: (ports: Ports) => Promise<void>;
  readonly address: (ports: Ports) => Addresses;
  /** What lines of the log mean, first match first: cause and remedy in a sentence. */
  readonly symptoms: readonly (readonly [pattern: RegExp, meaning: string])[];
}

/** Where clients find a service. */
export interface Addresses {
  /** Kafka's plain listener, for people's own tools. */
  readonly bootstrapServers?: string;
  /** Kafka's listener for those who sign in, as on AWS. */
  readonly iamBootstrapServers?: string;
  readonly url?: string;
}

export type BrokerAddresses = Required<Pick<Addresses, 'bootstrapServers' | 'iamBootstrapServers'>>;

/** Where people's own tools, and commands, read topics and schemas without signing in. */
export interface PlainEndpoints {
  readonly bootstrapServers: string;
  readonly registryUrl: string;
}

/** A service as `millrace status` shows it. */
export interface ServiceStatus extends Addresses {
  name: ServiceName;
  /** `dead`: it was started and has not been stopped, but its process is gone. */
  state: 'running' | 'stopped' | 'dead';
  pid?: number;
  port?: number | undefined;
  memoryBytes?: number | undefined;
  /** ISO 8601, UTC. */
  startedAt?: string;
  log: string;
}
