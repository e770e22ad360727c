/** What the lines of jobs add up to: the figures of a run, the rows on each edge of the picture, an account so far. */
import { accountName, nameIn, replayWaysOf, usesOf } from '../../lib/declaration/flow.ts';
import { isObject, type JsonObject } from '../../lib/declaration/json.ts';
import { Folder } from '../../lib/declaration/kinds/folder.ts';
import { Table } from '../../lib/declaration/kinds/table.ts';
import { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { Account, Pipeline } from '../../lib/declaration/pipeline.ts';
import { isStreamSource } from '../../lib/declaration/thing.ts';
import type { AccountTold, EdgeTold, RunTold } from './model.ts';
import { jobId, thingId } from './picture.ts';

type Counts = Readonly<Record<string, number>>;

/** The figures that the lines of a run tell. */
export type Figures = Omit<RunTold, 'id' | 'job' | 'mode' | 'state' | 'details' | 'startedAt' | 'endedAt'>;

export const noFigures: Figures = {
  rowsIn: 0,
  rowsOut: 0,
  deadLetters: {},
  droppedByWatermark: 0,
  batches: [],
  batchCount: 0,
};

const shownBatches = 60;

/** The figures after one more line. */
export function withLine(figures: Figures, line: JsonObject): Figures {
  if (line.event === 'result') {
    const { event: _event, job: _job, ...result } = line;
    return { ...figures, result };
  }
  if (line.event !== 'progress') return figures;
  const count = (name: string): number => (typeof line[name] === 'number' ? line[name] : 0);
  if (line.sent !== undefined) {
    const read = line.read !== undefined && { read: count('read') };
    return { ...figures, sent: count('sent'), of: count('of'), rejected: count('rejected'), ...read };
  }
  const deadLetters = isObject(line.deadLetters) ? (line.deadLetters as Counts) : {};
  const batch = {
    batch: count('batch'),
    rowsIn: count('rowsIn'),
    rowsOut: count('rowsOut'),
    deadLetters: count('deadLetterRows'),
    seconds: count('batchSeconds'),
    lag: count('lag'),
  };
  return {
    ...figures,
    rowsIn: figures.rowsIn + batch.rowsIn,
    rowsOut: figures.rowsOut + batch.rowsOut,
    deadLetters: sumOf([figures.deadLetters, deadLetters]),
    droppedByWatermark: figures.droppedByWatermark + count('droppedByWatermark'),
    lag: batch.lag,
    ...(line.stateRows !== undefined && { stateRows: count('stateRows') }),
    batches: [...figures.batches, batch].slice(-shownBatches),
    batchCount: figures.batchCount + 1,
  };
}

/** Counts by reason, added up. */
function sumOf(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const [reason, count] of all.flatMap((counts) => Object.entries(counts)))
    sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

export const total = (counts: Counts): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

/** What the runs of one job come to. A drain goes on with what its stream has begun. */
function ofJob(runs: readonly RunTold[], job: string) {
  const ours = runs.filter((run) => run.job === job);
  const add = (field: 'rowsIn' | 'rowsOut'): number => ours.reduce((sum, run) => sum + run[field], 0);
  const sender = ours.findLast(({ sent }) => sent !== undefined);
  const deadLetters = sumOf(ours.map((run) => run.deadLetters));
  const told = Number(ours.findLast(({ result }) => result)?.result?.rows ?? Number.NaN);
  return { ran: ours.length > 0, sender, rowsIn: add('rowsIn'), rowsOut: add('rowsOut'), deadLetters, told };
}

/**
 * The rows on the edges of a pipeline, as far as the lines of jobs tell them: what a job read or wrote as a whole is of an edge where
 * it has only one for it.
 */
export function edgesOf(pipeline: Pipeline, runs: readonly RunTold[]): Record<string, EdgeTold> {
  const edges: Record<string, EdgeTold> = {};
  const uses = usesOf(pipeline);
  const replays = replayWaysOf(pipeline).map((way) => way.replays);
  for (const [name, { kind }] of Object.entries(pipeline.jobs)) {
    const { ran, sender, rowsIn, rowsOut, deadLetters, told } = ofJob(runs, name);
    if (!ran) continue;
    const tell = (way: 'reads' | 'writes', fits: (thing: unknown) => boolean, rows: number, of?: number): void => {
      const fitting = uses.filter((use) => use.job === name && use.way === way && fits(use.thing));
      const [use] = fitting;
      if (!use || fitting.length > 1 || !Number.isFinite(rows)) return;
      const ends = way === 'reads' ? [thingId(use), jobId(name)] : [jobId(name), thingId(use)];
      edges[ends.join('>')] = { rows, ...(of && { of }) };
    };
    const isResult = (thing: unknown): boolean =>
      thing instanceof Table || (thing instanceof Topic && !thing.deadLettersOf);
    if (kind === 'stream') {
      // Where dead letters come back beside their source, both are read as one.
      tell('reads', (thing) => isStreamSource(thing) && !replays.some((topic) => topic === thing.origin), rowsIn);
      tell('writes', isResult, rowsOut);
      tell('writes', (thing) => thing instanceof Topic && thing.deadLettersOf !== undefined, total(deadLetters));
    } else if (sender) {
      const { sent = 0, rejected = 0, of, read } = sender;
      const isFile = (thing: unknown) => !(thing instanceof Topic);
      if (read === undefined) tell('reads', isFile, sent + rejected, of);
      else tell('reads', isFile, read);
      tell('writes', isResult, sent);
      tell('writes', (thing) => thing instanceof Folder, rejected);
    } else tell('writes', (thing) => thing instanceof Topic || thing instanceof Folder, told);
  }
  return edges;
}

/** The accounts of an execution as far as its jobs tell. Only what is counted from topics and files when it has ended says whether they add up. */
export function accountsSoFar(pipeline: Pipeline, runs: readonly RunTold[]): AccountTold[] {
  return (pipeline.accounts ?? []).map((account) => {
    const { sender } = senderOf(pipeline, account, runs);
    const uses = usesOf(pipeline).filter(({ way }) => way === 'writes');
    const summing = uses.find(({ thing }) => thing.origin === account.results.topic)?.job ?? '';
    const { rowsIn, deadLetters } = ofJob(runs, summing);
    return {
      account: accountName(pipeline, account),
      settled: false,
      addsUp: false,
      ...(account.from && { read: sender?.of ?? 0 }),
      sent: sender?.sent ?? 0,
      rejected: sender?.rejected ?? 0,
      rejectedByReason: {},
      byOthers: 0,
      carriedOver: 0,
      replayed: 0,
      summarized: rowsIn - total(deadLetters),
      deadLetters: total(deadLetters),
      deadLettersByReason: deadLetters,
    };
  });
}

function senderOf(pipeline: Pipeline, { sent, from }: Account, runs: readonly RunTold[]) {
  const isSender = Object.entries(pipeline.jobs).find(
    ([, { kind, reads, writes }]) =>
      kind === 'batch' && Object.values(writes).includes(sent) && (!from || Object.values(reads).includes(from.file)),
  );
  return ofJob(runs, isSender?.[0] ?? '');
}

/** The alias of the folder that the report of a pipeline shows, in the spec of its job. */
export const reportFolder = ({ report }: Pipeline): string =>
  report ? (nameIn<unknown>(report.job.writes, report.folder) ?? '') : '';

export const reportJob = ({ jobs, report }: Pipeline): string => (report ? (nameIn(jobs, report.job) ?? '') : '');
