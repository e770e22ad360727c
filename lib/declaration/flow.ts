/** How data flows through a pipeline: the things that its jobs use, the order of its jobs, and what runs at the same time. */
import { STATE_ROW_BYTES, statePartitions, stateRows } from './event-time.ts';
import type { Job, JobSize } from './job.ts';
import { Dataset } from './kinds/dataset.ts';
import { Feed } from './kinds/feed.ts';
import { InputFile } from './kinds/file.ts';
import { Folder } from './kinds/folder.ts';
import { Items } from './kinds/items.ts';
import { Source as Listener } from './kinds/source.ts';
import { type Database, Table } from './kinds/table.ts';
import { Events, Topic } from './kinds/topic.ts';
import type { Account, Action, Pipeline, Sum } from './pipeline.ts';
import { isStreamSource, type Named, type Sink, type Source, type Thing, type Use } from './thing.ts';

/** A job's use of a thing. */
export type JobUse = Use &
  ({ readonly way: 'reads'; readonly thing: Source } | { readonly way: 'writes'; readonly thing: Sink });

/** Every use of a thing by a job, in the order of the declaration. */
export function usesOf(pipeline: Pipeline): JobUse[] {
  return Object.entries(pipeline.jobs).flatMap(([job, { kind: mode, parameters, reads, writes }]) => {
    const use = { pipeline, job, mode, parameters, reads };
    return [
      ...aliased(reads).map((one): JobUse => ({ ...use, ...one, way: 'reads' })),
      ...aliased(writes).map((one): JobUse => ({ ...use, ...one, way: 'writes' })),
    ];
  });
}

/** A thing under its alias. */
export interface Aliased<T = Thing> {
  readonly alias: string;
  readonly thing: T;
}

export const aliased = <T>(things: Named<T> = {}): Aliased<T>[] =>
  Object.entries(things).map(([alias, thing]) => ({ alias, thing }));

/** The things of a pipeline, each once, whichever way it is read. Two of different kinds may share an alias. */
export function thingsOf(pipeline: Pipeline): Aliased[] {
  const used = usesOf(pipeline).map(({ alias, thing }) => ({ alias, thing: thing.origin }));
  const connected = connectedTo(pipeline).map(({ alias, thing }) => ({ alias, thing }));
  const listening = [...aliased<Thing>(pipeline.topics), ...aliased<Thing>(pipeline.sources)];
  // What is told of changes comes behind what changes.
  const all = [...listening, ...connected, ...used, ...aliased<Thing>(pipeline.feeds)];
  return [...new Map(all.map((one) => [one.thing, one])).values()];
}

/** Everything that a connector, a source or a feed reads or writes, in the order of the declaration. */
export const connectedTo = ({ connectors = {}, sources = {}, feeds = {} }: Pipeline) =>
  [...Object.values(connectors), ...Object.values(sources), ...Object.values(feeds)].flatMap((one) => [
    ...aliased<Thing>(('reads' in one && one.reads) || {}).map((read) => ({ ...read, way: 'reads' as const })),
    ...aliased<Thing>(one.writes ?? {}).map((written) => ({ ...written, way: 'writes' as const })),
  ]);

const ofClass = <T extends Thing>(
  pipeline: Pipeline,
  type: abstract new (...args: never[]) => T,
): Record<string, T> => {
  const things = thingsOf(pipeline).filter((one): one is Aliased<T> => one.thing instanceof type);
  return Object.fromEntries(things.map(({ alias, thing }) => [alias, thing]));
};

export const topicsOf = (pipeline: Pipeline): Record<string, Topic> => ofClass(pipeline, Topic);
/** The pipeline's own tables that connectors read, and the items whose changes feeds are told, by the topics that get their changes. */
const followedBy = ({ connectors = {}, feeds = {} }: Pipeline, topics: readonly Thing[]): Thing[] => [
  ...Object.values(connectors).flatMap(({ writes, tables }) =>
    Object.entries(tables).flatMap(([alias, table]) =>
      table instanceof Table && topics.some((topic) => topic === writes[alias]) ? [table] : [],
    ),
  ),
  ...Object.values(feeds).flatMap(({ writes, props }) =>
    Object.values(writes).some((topic) => topics.includes(topic)) ? [props.of] : [],
  ),
];

/** Topics that connectors and sources have for themselves. */
export const ownTopicsOf = ({ name: pipeline, connectors = {}, sources = {} }: Pipeline): Topic[] => [
  ...Object.entries(connectors).flatMap(([name, connector]) => connector.ownTopics(pipeline, name)),
  ...Object.values(sources).map((source) => source.ownTopic(pipeline)),
];

export const filesOf = (pipeline: Pipeline): Record<string, InputFile> => ofClass(pipeline, InputFile);
export const datasetsOf = (pipeline: Pipeline): Record<string, Dataset> => ofClass(pipeline, Dataset);
export const foldersOf = (pipeline: Pipeline): Record<string, Folder> => ofClass(pipeline, Folder);
export const itemsOf = (pipeline: Pipeline): Record<string, Items> => ofClass(pipeline, Items);
export const tablesOf = (pipeline: Pipeline): Record<string, Table> => ofClass(pipeline, Table);
export const feedsOf = (pipeline: Pipeline): Record<string, Feed> => ofClass(pipeline, Feed);
export const sourcesOf = (pipeline: Pipeline): Record<string, Listener> => ofClass(pipeline, Listener);

/** A file whose lines a job sends, and the folder of those that it cannot send, by their aliases. */
export interface Rejecting {
  readonly file: string;
  readonly folder: string;
}

/** Those of a pipeline: as its accounts say, or of a batch job that reads one file and writes one folder beside topics. */
export function rejectingOf(pipeline: Pipeline): Rejecting[] {
  const counted = (pipeline.accounts ?? []).flatMap(({ from }) => (from ? [[from.file, from.rejects] as const] : []));
  const sending = Object.values(pipeline.jobs).flatMap(({ kind, reads, writes }) => {
    const files = Object.values(reads).filter((thing) => thing instanceof InputFile);
    const folders = Object.values(writes).filter((thing) => thing instanceof Folder);
    const [file, folder] = [files[0], folders[0]];
    const sends = kind === 'batch' && Object.values(writes).some((thing) => thing instanceof Topic);
    return sends && file && folder && files.length + folders.length === 2 ? [[file, folder] as const] : [];
  });
  return [...new Map([...sending, ...counted])].map(([file, folder]) => ({
    file: nameIn(filesOf(pipeline), file) ?? '',
    folder: nameIn(foldersOf(pipeline), folder) ?? '',
  }));
}

/** The database of a pipeline that has tables. */
export const databaseOf = (pipeline: Pipeline): Database | undefined =>
  Object.values(tablesOf(pipeline))[0]?.props.database;

/** The way by which dead letters of a stream come back to it. */
export interface ReplayWay {
  readonly job: string;
  readonly source: Topic;
  readonly deadLetters: Topic;
  readonly replays: Topic;
}

/** Those of a pipeline: a stream has one for each topic that it follows with replays. */
export function replayWaysOf(pipeline: Pipeline): ReplayWay[] {
  const uses = usesOf(pipeline).filter(({ mode }) => mode === 'stream');
  const written = uses.flatMap(({ job, way, thing }) =>
    way === 'writes' && thing instanceof Topic && thing.deadLettersOf ? [{ job, deadLetters: thing }] : [],
  );
  return uses.flatMap(({ job, thing }) => {
    if (!(thing instanceof Events) || !thing.props.replays) return [];
    const { topic: source, props } = thing;
    const replays = props.replays as Topic;
    return written.filter((one) => one.job === job).map(({ deadLetters }) => ({ job, source, deadLetters, replays }));
  });
}

/** The name by which a declaration knows a value; undefined when it is not among these. */
export const nameIn = <T>(things: Named<T>, value: T): string | undefined =>
  Object.keys(things).find((name) => things[name] === value);

/** The jobs of a pipeline in the order in which they are begun. */
export interface Order {
  /** Streams, upstream first. */
  readonly streams: readonly string[];
  /** Batch jobs that feed streams: they run while these do. */
  readonly during: readonly string[];
  /** The other batch jobs of a whole run: they run once the streams are drained. */
  readonly after: readonly string[];
}

/** For each job of a whole run those that come before it: who writes what it reads, and who it says. */
export function predecessorsOf(pipeline: Pipeline): Record<string, string[]> {
  const isPart = (name: string) => !pipeline.jobs[name]?.alone;
  const uses = usesOf(pipeline).filter(({ job }) => isPart(job));
  const predecessors = (name: string, { after }: Job): string[] => {
    const used = uses.filter(({ job, way }) => job === name && way === 'reads').map(({ thing }) => thing.origin);
    const read = [...used, ...followedBy(pipeline, used)];
    // A batch job may read what it wrote before; a stream would follow itself without end.
    const isOther = (job: string) => job !== name || pipeline.jobs[name]?.kind === 'stream';
    const writers = uses.filter(
      ({ job, way, thing }) => way === 'writes' && read.includes(thing.origin) && isOther(job),
    );
    const said = Object.keys(pipeline.jobs).filter((other) => after.some((job) => job === pipeline.jobs[other]));
    return [...new Set([...writers.map(({ job }) => job), ...said])];
  };
  const jobs = Object.entries(pipeline.jobs).filter(([name]) => isPart(name));
  return Object.fromEntries(jobs.map(([name, job]) => [name, predecessors(name, job)]));
}

/** All jobs from which this one can be reached, those before others first. */
export function upstreamOf(
  predecessors: Named<readonly string[]>,
  job: string,
  found: Set<string> = new Set(),
): Set<string> {
  for (const before of predecessors[job] ?? []) {
    if (found.has(before)) continue;
    upstreamOf(predecessors, before, found);
    found.add(before);
  }
  return found;
}

/** The order that follows from who reads what, for a pipeline without cycles. */
export function orderOf(pipeline: Pipeline): Order {
  const predecessors = predecessorsOf(pipeline);
  const sorted = [...new Set(Object.keys(predecessors).flatMap((name) => [...upstreamOf(predecessors, name), name]))];
  const ofKind = (kind: Job['kind']) => sorted.filter((name) => pipeline.jobs[name]?.kind === kind);
  const streams = ofKind('stream');
  const batch = ofKind('batch');
  const feeding = new Set(streams.flatMap((name) => [...upstreamOf(predecessors, name)]));
  return {
    streams,
    during: batch.filter((name) => feeding.has(name)),
    after: batch.filter((name) => !feeding.has(name)),
  };
}

/** Whether a stream follows a topic that a batch job writes beside it: only then is it sure to get something in a whole run. */
export function isFed(pipeline: Pipeline, stream: string): boolean {
  const written = orderOf(pipeline).during.flatMap((name) => Object.values(pipeline.jobs[name]?.writes ?? {}));
  const read = Object.values(pipeline.jobs[stream]?.reads ?? {}).filter(isStreamSource);
  const followed = read.map(({ origin }) => origin);
  const sources = [...followed, ...followedBy(pipeline, followed)];
  return sources.some((source) => written.some((sink) => sink.origin === source));
}

/** What an execution of a pipeline may do; the first is done when its input says nothing. */
export function actionsOf(pipeline: Pipeline): readonly Action[] {
  const { streams, during, after } = orderOf(pipeline);
  const usually = pipeline.usually ?? (during.length + after.length > 0 || streams.length === 0 ? 'run' : 'start');
  const actions: readonly Action[] = streams.length > 0 ? ['run', 'start', 'stop', 'upgrade'] : ['run'];
  return [usually, ...actions.filter((action) => action !== usually)];
}

/** What people call an account: the topic that rows are sent to, with that of the results where it has several. */
export function accountName(pipeline: Pipeline, { sent, results }: Account): string {
  const topics = topicsOf(pipeline);
  const aliasOf = (topic: Topic) => nameIn(topics, topic) ?? topic.name;
  const isOne = pipeline.accounts?.filter((account) => account.sent === sent).length === 1;
  return isOne ? aliasOf(sent) : `${aliasOf(sent)} to ${aliasOf(results.topic)}`;
}

/** What people call a sum that is found again: the topic and the table. */
export const sumName = (pipeline: Pipeline, { sent, table }: Sum): string =>
  `${nameIn(topicsOf(pipeline), sent) ?? sent.name} to ${nameIn(tablesOf(pipeline), table) ?? table.name}`;

/** How often a row is counted in the results of an account. */
export function perRowOf(pipeline: Pipeline, { results }: Account): number {
  const writer = usesOf(pipeline).find(({ way, thing }) => way === 'writes' && thing.origin === results.topic);
  const windows = writer && pipeline.jobs[writer.job]?.windows;
  return results.perRow ?? (windows?.every ? windows.minutes / windows.every : 1);
}

/** vCPU of all processes of a job at once. */
export const coresOf = ({ driver, executor, executors }: JobSize): number => driver.cores + executor.cores * executors;

/** The most vCPU that a pipeline uses at once: its streams with the largest batch job, which may be run beside them. */
export function peakCores(pipeline: Pipeline): number {
  const jobs = Object.values(pipeline.jobs);
  const cores = (kind: string) => jobs.filter((job) => job.kind === kind).map((job) => coresOf(job.size));
  return cores('stream').reduce((sum, one) => sum + one, 0) + Math.max(0, ...cores('batch'));
}

/** What a stream keeps in its state at most, in rows and bytes, in how many partitions, and the bytes that its executors hold; undefined where it keeps none. */
export function stateOf(job: Job): Readonly<Record<'rows' | 'bytes' | 'partitions' | 'held', number>> | undefined {
  const { keys, reads, windows, size } = job;
  if (keys === undefined) return undefined;
  const delays = Object.values(reads).map((input) => (isStreamSource(input) ? (input.watermarkDelayMs ?? 0) : 0));
  const rows = stateRows(keys, windows, Math.max(...delays));
  // The other half of the heap is for what a micro-batch moves.
  const held = (size.executors * size.executor.memory * 2 ** 30) / 2;
  return { rows, bytes: rows * STATE_ROW_BYTES, partitions: statePartitions(rows), held };
}
