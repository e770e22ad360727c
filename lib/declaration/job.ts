/** PySpark jobs: batch jobs, which end by themselves, and streams, which go on until they are drained. */
import type { Windows } from './event-time.ts';
import type { Parameter } from './parameter.ts';
import type { Named, Sink, Source, StreamSource } from './thing.ts';

/** One Spark process: cores and heap. EMR Serverless adds a tenth (at least 384 MiB) to the heap as overhead. */
export interface ProcessSize {
  /** vCPU: 1, 2, 4, 8 or 16. */
  readonly cores: number;
  /** Heap in GiB. */
  readonly memory: number;
}

/** GB of the worker of a process: EMR Serverless adds the overhead to the heap and rounds up to what it sells. */
export const workerMemory = ({ memory }: ProcessSize): number => Math.ceil(memory + Math.max(0.375, memory / 10));

/** What a job may use at once. */
export interface JobSize {
  readonly driver: ProcessSize;
  readonly executor: ProcessSize;
  /** Number of executors, which is also the cap: dynamic allocation never goes above it. */
  readonly executors: number;
}

/** One driver and one executor, the smallest of their kind. */
export const oneWorker: JobSize = { driver: { cores: 1, memory: 2 }, executor: { cores: 1, memory: 2 }, executors: 1 };

interface JobProps<R, W> {
  readonly reads: R;
  readonly writes: W;
  /** What it may use. @default `oneWorker` */
  readonly size?: JobSize;
  /** What an execution may set, by name. @default none */
  readonly parameters?: Named<Parameter>;
  /** Jobs that come before it although it reads nothing of theirs. @default none: the reads say the order */
  readonly after?: readonly Job[];
  /** Minutes after which a run is ended; of a stream that of its drain. @default 60 */
  readonly timeoutMinutes?: number;
}

export interface BatchProps<R, W> extends JobProps<R, W> {
  /** Whether it runs alone only, by the input `{"job": ...}`, and is no part of a whole run. @default false */
  readonly alone?: boolean;
}

export interface StreamProps<R, W> extends JobProps<R, W> {
  /** The windows that it sums by. @default none: running totals, or no sums at all */
  readonly windows?: Windows;
  /** How many keys its state, which grows with them and its windows, is to hold. @default none: it keeps no state */
  readonly keys?: number;
}

/** A job. Its type knows the entry point, so that another job is another type. */
export class Job<
  R extends Named<Source> = Named<Source>,
  W extends Named<Sink> = Named<Sink>,
  E extends string = string,
> {
  readonly kind: 'batch' | 'stream';
  /** File in `jobs/pyspark/<pipeline>`. */
  readonly entryPoint: E;
  readonly reads: R;
  readonly writes: W;
  readonly size: JobSize;
  readonly parameters: Named<Parameter>;
  readonly after: readonly Job[];
  readonly timeoutMinutes: number;
  readonly alone: boolean;
  readonly windows: Windows | undefined;
  readonly keys: number | undefined;
  /** What its author wrote. */
  readonly given: object;

  constructor(kind: 'batch' | 'stream', entryPoint: E, props: BatchProps<R, W> & StreamProps<R, W>) {
    const given = { entryPoint, ...props };
    this.kind = kind;
    this.entryPoint = entryPoint;
    this.reads = given.reads;
    this.writes = given.writes;
    this.size = given.size ?? oneWorker;
    this.parameters = given.parameters ?? {};
    this.after = given.after ?? [];
    this.timeoutMinutes = given.timeoutMinutes ?? 60;
    this.alone = given.alone ?? false;
    this.windows = given.windows;
    this.keys = given.keys;
    this.given = given;
  }

  /** How a mistake shows it. */
  toJSON(): string {
    return `job ${this.entryPoint}`;
  }
}

/** What a stream reads, which must hold something that it can follow. */
type FollowsOne<R> = Extract<R[keyof R], StreamSource> extends never ? { readonly 'a stream reads a topic': never } : R;

/** A job that reads, writes and ends; its entry point is a file in `jobs/pyspark/<pipeline>`. */
export const batch = <const R extends Named<Source>, const W extends Named<Sink>, const E extends string>(
  entryPoint: E,
  props: BatchProps<R, W>,
): Job<R, W, E> => new Job('batch', entryPoint, props);

/** A job that follows what it reads, by one query; its entry point is a file in `jobs/pyspark/<pipeline>`. */
export const stream = <const R extends Named<Source>, const W extends Named<Sink>, const E extends string>(
  entryPoint: E,
  props: StreamProps<R & FollowsOne<R>, W>,
): Job<R, W, E> => new Job<R, W, E>('stream', entryPoint, props);
