/**
 * The words in which a pipeline is declared: topics, files, jobs, tunables and their order. Comes in: nothing; goes
 * out: types. Used by every declaration in `pipelines/` and by all that is derived from one.
 */

/**
 * A schema in the pipeline's `schemas` folder: Avro (`*.avsc`), which the registry holds and records name by its id, or
 * JSON Schema (`*.schema.json`), which no registry knows and which travels with the jobs as a file.
 */
export interface SchemaReference {
  /** File name in the pipeline's `schemas` folder. */
  readonly file: string;
  /**
   * Registry artifact that holds it; only for Avro.
   * @default the topic's name with `-key` or `-value`; the Avro schema of a file has no default
   */
  readonly artifact?: string;
}

/** Whether a schema is a JSON Schema, by the name of its file. */
export const isJsonSchema = (schema: SchemaReference): boolean => schema.file.endsWith('.schema.json');

/** A Kafka topic that the pipeline owns, or one that applications outside write or read. */
export interface TopicDeclaration {
  /** Name of the topic on the broker. */
  readonly name: string;
  /** Number of partitions. Never lowered; of a compacted topic never changed, since keys would move. */
  readonly partitions: number;
  /** Cleanup policy, fixed at creation on MSK Serverless. */
  readonly cleanup: 'delete' | 'compact';
  /**
   * How long records are kept, in milliseconds; only for cleanup `delete`.
   * @default the broker's retention of seven days
   */
  readonly retention?: number;
  /**
   * Whose clock stamps a record: the producer's or the broker's.
   * @default the producer's (`CreateTime`)
   */
  readonly timestamps?: 'CreateTime' | 'LogAppendTime';
  /**
   * Further settings, by Kafka's own names; only those that MSK Serverless can set.
   * @default none
   */
  readonly configuration?: Readonly<Record<string, string>>;
  /**
   * Schema of keys.
   * @default none: keys are bytes
   */
  readonly key?: SchemaReference;
  /**
   * Schema of values.
   * @default none: values are bytes
   */
  readonly value?: SchemaReference;
  /**
   * Applications outside this pipeline that write or read the topic, beside our own jobs; each way yields a policy that
   * can be granted to them.
   * @default none: our own jobs do both
   */
  readonly external?: 'written' | 'read' | 'both';
  /**
   * What becomes of the topic when it leaves the declaration.
   * @default `retain`
   */
  readonly onRemoval?: 'retain' | 'delete';
}

/** A text file that a job reads: its form, its schema, and the sample that ships with the project. */
export interface FileDeclaration {
  /** File name in `sample_data/<pipeline>`; the same name is expected of a user's own data. */
  readonly sample: string;
  /**
   * Character between the fields of a delimited file.
   * @default none: a file of JSON lines, one object a line
   */
  readonly separator?: string;
  /** Schema of its rows: Avro, whose fields are the columns of a delimited file, or JSON Schema for JSON lines. */
  readonly schema: SchemaReference;
}

/** A number that a person may set per execution. */
export interface NumberTunable {
  readonly kind: 'integer';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Unit in words, such as `rows a second`. */
  readonly unit: string;
  readonly description: string;
}

/** A text that a person may set per execution; empty means not set. */
export interface TextTunable {
  readonly kind: 'text';
  readonly default: string;
  /** Regular expression for the whole of a non-empty value; no value begins with a hyphen. */
  readonly pattern: string;
  /** What the value is, in words, such as `name of a region`. */
  readonly unit: string;
  readonly description: string;
}

/** A point in time that a person may set per execution, such as `2026-01-31T13:00:00Z`; empty means not set. */
export interface InstantTunable {
  readonly kind: 'instant';
  readonly default: string;
  readonly description: string;
}

export type Tunable = NumberTunable | TextTunable | InstantTunable;

/** One Spark process: cores and heap. EMR Serverless adds a tenth (at least 384 MiB) to the heap as overhead. */
export interface ProcessSize {
  /** vCPU: 1, 2, 4, 8 or 16. */
  readonly cores: number;
  /** Heap in GiB. */
  readonly memory: number;
}

/** What a job may use at once. */
export interface JobSize {
  readonly driver: ProcessSize;
  readonly executor: ProcessSize;
  /** Number of executors, which is also the cap: dynamic allocation never goes above it. */
  readonly executors: number;
}

/** What a job reads or writes, by the names that the declaration gives to topics, files and folders. */
export interface JobInputs {
  readonly topics?: readonly string[];
  readonly files?: readonly string[];
}

export interface JobOutputs {
  readonly topics?: readonly string[];
  /** Folders of the data bucket, each with one folder per execution: `<folder>/<pipeline>/<execution>/`. */
  readonly folders?: readonly string[];
}

/** One PySpark job. */
export interface JobDeclaration {
  /** File in `jobs/pyspark/<pipeline>`. */
  readonly entryPoint: string;
  readonly mode: 'batch' | 'streaming';
  readonly reads: JobInputs;
  readonly writes: JobOutputs;
  readonly size: JobSize;
  /**
   * What a person may set, by name.
   * @default none
   */
  readonly tunables?: Readonly<Record<string, Tunable>>;
  /**
   * Names of a streaming job's queries, the one that writes the results first; each has a checkpoint of its own.
   * @default none: only streaming jobs have queries
   */
  readonly queries?: readonly string[];
  /**
   * Minutes after which a batch run is ended.
   * @default 60
   */
  readonly timeoutMinutes?: number;
}

/** Start a streaming job, run others one after the other while it runs, drain it, run what reads its results. */
export interface BoundedOrder {
  readonly kind: 'bounded';
  readonly stream: string;
  readonly during: readonly string[];
  readonly after: readonly string[];
}

/** Start a streaming job that goes on until an execution of the action `stop`. */
export interface ContinuousOrder {
  readonly kind: 'continuous';
  readonly stream: string;
}

/** What an execution does when its input names neither an action nor a job; batch jobs outside it are run alone. */
export type Order = BoundedOrder | ContinuousOrder;

/**
 * What an execution may do with a pipeline's stream, by the word `action` in its input: `run` the whole of a bounded
 * order; `start` the stream, which goes on; `stop` it, which drains it too; `upgrade` it, which stops it and starts what is
 * deployed now from the same checkpoint.
 */
export type Action = 'run' | 'start' | 'stop' | 'upgrade';

/** How every row sent is accounted for; the report counts from the topics by these names. */
export interface Reconciliation {
  /** File whose rows are sent. */
  readonly file: string;
  /** Tunable that bounds how many rows are read; 0 means all. */
  readonly rows: string;
  /** Topic the rows are sent to. */
  readonly source: string;
  /** Folder of rows that could not be read. */
  readonly rejects: string;
  /** Topic of records that could not be summarized. */
  readonly deadLetters: string;
  /** Topic of results, the field of its values that counts rows, and in how many windows each row is counted. */
  readonly summary: { readonly topic: string; readonly count: string; readonly windowsPerRow: number };
}

/** How the results of a job are shown to a person. */
export interface Report {
  readonly job: string;
  readonly folder: string;
  readonly columns: readonly {
    readonly field: string;
    readonly title: string;
    readonly format: 'text' | 'money' | 'count' | 'time';
  }[];
}

/** The whole of a pipeline as its author writes it. */
export interface PipelineDeclaration {
  /** Name of the pipeline and of its three folders. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly topics: Readonly<Record<string, TopicDeclaration>>;
  /**
   * Files that its jobs read.
   * @default none
   */
  readonly files?: Readonly<Record<string, FileDeclaration>>;
  readonly jobs: Readonly<Record<string, JobDeclaration>>;
  readonly order: Order;
  /**
   * How the rows of an execution are counted.
   * @default not at all: an execution says only whether its jobs succeeded
   */
  readonly reconciliation?: Reconciliation;
  /**
   * Which results are shown at the end.
   * @default none
   */
  readonly report?: Report;
}

/** A declaration with the folders it was found in, checked once `loadPipelines` has returned it. */
export interface Pipeline extends PipelineDeclaration {
  readonly files: Readonly<Record<string, FileDeclaration>>;
  readonly folders: { readonly declaration: string; readonly jobs: string; readonly sampleData: string };
}

/** Milliseconds in so many hours. */
export const hours = (count: number): number => count * 3_600_000;

/** Milliseconds in so many days. */
export const days = (count: number): number => hours(24 * count);
