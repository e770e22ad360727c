/** What the page of a pipeline shows, in sections that change by themselves: the words between those who watch and the page. */
import type { JsonObject } from '../../lib/declaration/json.ts';
import type { Chart, Column } from '../../lib/declaration/pipeline.ts';

/** A thing or a job of the declaration. */
export interface PictureNode {
  readonly id: string;
  /** How it is drawn, and what is told of it. */
  readonly shape: 'batch' | 'stream' | 'topic' | 'connector' | 'thing';
  /** What it is, in a word. */
  readonly kind: string;
  /** As people call it: its alias, or the job's name as the command line writes it. */
  readonly title: string;
  /** Its name on the broker, of the file, of the folder, of the entry point. */
  readonly name: string;
  /** What is special about a topic. */
  readonly role?: 'dead letters' | 'replays' | 'compacted';
}

/** What a job reads or writes. */
export interface PictureEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** What the declaration alone says; the same for every execution. */
export interface Picture {
  readonly pipeline: string;
  readonly description: string;
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  readonly columns: readonly Column[];
  readonly chart?: Chart | undefined;
}

export interface ExecutionTold {
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT';
  readonly startedAt: string;
  readonly stoppedAt?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  readonly input: JsonObject;
  /** Where on AWS it ran; undefined for one of this machine. */
  readonly region?: string | undefined;
}

/** A state of a state machine, and to which others it leads: by itself, and by errors that it catches. */
export interface MachineState {
  readonly name: string;
  readonly type: string;
  readonly next: readonly string[];
  readonly catches: readonly string[];
  /** What a Map does with each item, or the branches of a Parallel. */
  readonly inner: readonly Machine[];
}

export interface Machine {
  readonly startAt: string;
  readonly states: readonly MachineState[];
}

/** A state that was entered; of a loop's own states, all that have one name. */
export interface StateTold {
  readonly name: string;
  readonly enteredAt: string;
  readonly exitedAt?: string | undefined;
  /** When it was entered last, where it has not been left since. */
  readonly since?: string | undefined;
  /** What it has taken whenever it was left. */
  readonly ms: number;
  readonly times: number;
  readonly retries: number;
  readonly error?: string | undefined;
  /** Whether the execution went on in spite of its error. */
  readonly caught: boolean;
  /** The states that led to it. */
  readonly after: readonly string[];
  readonly inner: readonly StateTold[];
}

/** A micro-batch that moved rows. */
export interface BatchTold {
  readonly batch: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: number;
  readonly seconds: number;
  readonly lag: number;
}

/** A run of a job, as its record and its own lines tell. Rows are those since its start. */
export interface RunTold {
  readonly id: string;
  readonly job: string;
  readonly mode: 'batch' | 'stream' | 'drain';
  readonly state: string;
  readonly details: string;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  /** Rows that it was to send, has sent, could not read; of jobs that send a file. */
  readonly of?: number;
  readonly sent?: number;
  readonly rejected?: number;
  /** Rows that it has read, where it makes others of them. */
  readonly read?: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly droppedByWatermark: number;
  readonly lag?: number;
  readonly stateRows?: number;
  /** The newest micro-batches, and how many there were. */
  readonly batches: readonly BatchTold[];
  readonly batchCount: number;
  /** What it said at its end. */
  readonly result?: JsonObject;
}

export interface TopicTold {
  readonly partitions: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
}

/** Rows on their way along an edge since the execution began. */
export interface EdgeTold {
  readonly rows: number;
  /** Of how many, where that is known before. */
  readonly of?: number;
  readonly perSecond?: number;
}

/** An account: so far, as jobs tell; or settled, as it was counted from topics and files after the execution. */
export interface AccountTold {
  readonly account: string;
  readonly settled: boolean;
  readonly addsUp: boolean;
  readonly read?: number | undefined;
  readonly sent: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  readonly byOthers: number;
  readonly carriedOver: number;
  readonly replayed: number;
  readonly summarized: number;
  readonly deadLetters: number;
  readonly deadLettersByReason: Readonly<Record<string, number>>;
  /** Whether it is a sum that was found again, as only its line says. */
  readonly isSum?: boolean;
  /** The line that the command prints, once it is settled. */
  readonly line?: string;
}

export interface ResultsTold {
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  /** Whether the report's own job wrote them, or they are what the topic of results says so far. */
  readonly final: boolean;
  /** Rows that are left out here. */
  readonly more: number;
}

/** All sections. */
export interface Model {
  readonly picture: Picture;
  readonly execution: ExecutionTold | null;
  readonly machine: Machine | null;
  readonly states: readonly StateTold[];
  readonly runs: readonly RunTold[];
  readonly topics: Readonly<Record<string, TopicTold>>;
  readonly edges: Readonly<Record<string, EdgeTold>>;
  readonly accounts: readonly AccountTold[];
  readonly results: ResultsTold | null;
}

/** A record of a topic, decoded as far as that goes. */
export interface RecordTold {
  readonly partition: number;
  readonly offset: string;
  readonly at: string;
  readonly key: string;
  readonly value: string;
  /** Whether the value was what the topic's schema says. */
  readonly decoded: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a table holds: its last rows by its key, as texts, and how many there are. */
export interface RowsTold {
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly count: number;
  /** Whether there are more than were counted. */
  readonly more: boolean;
}

/** What is looked up when somebody opens a run: what it was told, and the end of its log. */
export interface RunDetails {
  readonly spec: JsonObject | null;
  readonly log: string;
}
