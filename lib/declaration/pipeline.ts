/** A pipeline as its author declares it: jobs with what they read and write, how rows are accounted for, and what is shown at the end. */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Connector } from './connector.ts';
import type { Job } from './job.ts';
import type { Feed } from './kinds/feed.ts';
import type { InputFile } from './kinds/file.ts';
import type { Folder } from './kinds/folder.ts';
import type { Source } from './kinds/source.ts';
import type { Table } from './kinds/table.ts';
import type { Topic } from './kinds/topic.ts';
import type { InstantParameter, IntegerParameter, TextParameter } from './parameter.ts';
import type { Schedule } from './schedule.ts';
import type { Named, Owner } from './thing.ts';

/**
 * What an execution may do, by the word `action` in its input: `run` the whole pipeline; `start` its streams, which go on; `stop` them,
 * which drains them too; `upgrade` them, which stops them and starts what is deployed now from the same checkpoints.
 */
export type Action = 'run' | 'start' | 'stop' | 'upgrade';

/** How every row sent to a topic is accounted for; counted from the topics when an execution has ended. */
export interface Account {
  readonly sent: Topic;
  /**
   * The file whose rows are sent, the parameter that bounds how many are read (0 means all), the folder of those that could not be read.
   * @default none: what is on the topic is what was sent
   */
  readonly from?: { readonly file: InputFile; readonly rows: IntegerParameter; readonly rejects: Folder };
  /** The topic of records that could not be used. */
  readonly deadLetters: Topic;
  /** The topic of results, what counts rows there, and how often a row is counted. */
  readonly results: {
    readonly topic: Topic;
    /** The whole number in its values that counts rows. @default none: each record is a row, one that comes again with its key the same */
    readonly count?: string;
    /** @default the windows that each row is in; 1 without windows */
    readonly perRow?: number;
  };
}

/**
 * A sum that must be found again in a table: of all values of a field that came to a topic, but for those of dead letters; or how many keys a compacted topic holds,
 * but for those whose newest record is a dead letter.
 */
export interface Sum {
  readonly sent: Topic;
  /** The number in its values that is summed up. @default each key counts as one, in a compacted topic */
  readonly of?: string;
  /** The topic of records, and of rows of the table, that could not be used. */
  readonly deadLetters: Topic;
  readonly table: Table;
  /** The column that holds the sums. */
  readonly column: string;
  /** In which of its rows they are: what stands in these columns. @default all */
  readonly rows?: Readonly<Record<string, string>>;
}

/** How a field of the results is shown. */
export type Column = Readonly<{ field: string; title: string; format: 'text' | 'money' | 'count' | 'time' }>;

/** What a chart of the results shows, by the fields of their columns. */
export interface Chart {
  /** What stands along the axis: texts, or times. */
  readonly x: string;
  /** What is drawn: amounts of money, or counts. */
  readonly y: string;
  /** A colour for each of its values. @default none: one colour */
  readonly by?: string;
}

/** A parameter that says which results are shown, and what it can find: with another value a run would show nothing, and is refused. */
export type Filter =
  | {
      readonly by: TextParameter;
      /** A file that a job reads as a table, one of its columns, and values beside those that stand there. */
      readonly among: { readonly file: InputFile; readonly column: string; readonly others?: readonly string[] };
    }
  | {
      readonly by: InstantParameter;
      /** So many minutes from now, and no further. */
      readonly ahead: number;
    };

/** How the results of a job are shown to a person. */
export interface Report<J = Job> {
  readonly job: J;
  /** A folder that the job writes. */
  readonly folder: Folder;
  readonly columns: readonly Column[];
  /** A chart beside the table. @default none */
  readonly chart?: Chart;
  /** Parameters of the job by which rows are chosen. @default none that is known to find nothing */
  readonly filters?: readonly Filter[];
}

/** What the records of a topic say, shown on the page beside the results while they come: a row for each, of a compacted topic for the latest of each key. */
export interface View {
  readonly topic: Topic;
  /** A few words for people. */
  readonly title: string;
  readonly columns: readonly Column[];
  /** A chart beside the table. @default none */
  readonly chart?: Chart;
  /** A column whose largest value alone is shown, such as the begin of the last window. @default none: all rows */
  readonly last?: string;
}

export interface Declaration<J extends Named<Job> = Named<Job>> {
  /** One sentence for people. */
  readonly description: string;
  readonly jobs: J;
  /** Connectors of Kafka Connect, by name. @default none */
  readonly connectors?: Named<Connector>;
  /** Programs of ours that listen to what is outside, by their aliases. @default none */
  readonly sources?: Named<Source>;
  /** Programs of ours that are told each change of items, by their aliases. @default none */
  readonly feeds?: Named<Feed>;
  /** Times at which batch jobs are run by themselves, by their aliases. @default none */
  readonly schedules?: Named<Schedule>;
  /** Topics that no job of ours uses, by their aliases. @default none */
  readonly topics?: Named<Topic>;
  /**
   * What an execution does when its input names neither an action nor a job.
   * @default `run` where batch jobs feed the streams or read their results, else `start`
   */
  readonly usually?: Extract<Action, 'run' | 'start'>;
  /** How the rows of an execution are counted. @default not at all: only whether its jobs succeeded is said */
  readonly accounts?: readonly Account[];
  /** Which sums are found again in tables, counted when an execution has ended. @default none */
  readonly sums?: readonly Sum[];
  /** Which results are shown at the end. @default none */
  readonly report?: Report<J[keyof J]>;
  /** What topics say beside them, on the page alone. @default none */
  readonly views?: readonly View[];
}

/** A declaration with the name and the folders of its pipeline; checked once `loadPipelines` has returned it. */
export interface Pipeline extends Declaration, Owner {}

/**
 * Declares the pipeline of a folder, whose name is the pipeline's.
 *
 * @param moduleUrl the declaring module's `import.meta.url`
 * @throws TypeError when it is another value
 */
export function pipeline<const J extends Named<Job>>(moduleUrl: string, declaration: Declaration<J>): Pipeline {
  if (!String(moduleUrl).startsWith('file:')) throw new TypeError('the first argument is not import.meta.url');
  const folder = dirname(fileURLToPath(moduleUrl));
  const name = basename(folder);
  const root = dirname(dirname(folder));
  const jobs = join(root, 'jobs', 'pyspark', name);
  const sampleData = join(root, 'sample_data', name);
  return { ...declaration, name, folders: { declaration: folder, jobs, sampleData } };
}
