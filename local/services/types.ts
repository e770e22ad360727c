/**
 * What a service is, as data: how it is prepared, started and asked whether it works. Given by `kafka.ts` and
 * `registry.ts`, taken by `services.ts`, which knows no service by name.
 */

export type ServiceName = 'kafka' | 'registry';

/** The parts of the toolchain that the services run on; `readToolchain()` of `tools/setup` gives them. */
export interface ServiceToolchain {
  /** The `java` program of Java 17: runs the broker. */
  readonly java17: string;
  /** The `java` program of Java 21: runs the registry. */
  readonly java21: string;
  /** Folder with the broker's jars. */
  readonly kafkaJars: string;
  /** Folder with the registry's `quarkus-run.jar`. */
  readonly registryHome: string;
}

/** Port numbers by their role ("broker", "management"). */
export type Ports = Readonly<Record<string, number>>;

/** What a definition may use to prepare, start and probe its service. */
export interface ServiceContext {
  /** Folder of the service's own files (`services/<name>`). */
  readonly folder: string;
  /** Folder of what must survive a restart (`services/<name>/data`). */
  readonly data: string;
  readonly ports: Ports;
  readonly toolchain: ServiceToolchain;
}

/** One program of the local run. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** For sentences: "the Kafka broker". */
  readonly title: string;
  /** Memory that one needs to start it, from measurements with some room. */
  readonly memoryBytes: number;
  /** Ports with the number that is tried first; the first one is what others connect to. */
  readonly ports: readonly { readonly role: string; readonly preferred: number }[];
  /** The command line's option that chooses the first port. */
  readonly portOption: string;
  /** How long a start may take on a slow machine before it counts as failed. */
  readonly readyWithinMs: number;
  /** How long the service may take to end by itself. */
  readonly stopWithinMs: number;
  /** Writes what must be there before the start; safe to repeat after an interruption at any point. */
  readonly prepare: (context: ServiceContext, signal: AbortSignal) => Promise<void>;
  /** Program and arguments. */
  readonly command: (context: ServiceContext) => { readonly program: string; readonly arguments: readonly string[] };
  /** Performs one real operation; throws as long as the service cannot. */
  readonly probe: (ports: Ports) => Promise<void>;
  /** Where others find it. */
  readonly address: (ports: Ports) => { readonly bootstrapServers?: string; readonly url?: string };
  /** What lines of the log mean, first match first: cause and remedy in a sentence. */
  readonly symptoms: readonly { readonly pattern: RegExp; readonly meaning: string }[];
}

/** A service as `millrace status` shows it. */
export interface ServiceStatus {
  name: ServiceName;
  /** `dead`: it was started and has not been stopped, but its process is gone. */
  state: 'running' | 'stopped' | 'dead';
  pid?: number;
  port?: number;
  bootstrapServers?: string;
  url?: string;
  memoryBytes?: number;
  /** ISO 8601, UTC. */
  startedAt?: string;
  /** Path of the log file. */
  log: string;
}
