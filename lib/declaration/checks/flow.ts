/** Checks how data flows through a pipeline: that each thing has a writer and a use, that nothing flows back, and what comes before what. */
import { connectedTo, orderOf, predecessorsOf, thingsOf, upstreamOf, usesOf } from '../flow.ts';
import { Feed } from '../kinds/feed.ts';
import { Source } from '../kinds/source.ts';
import { Topic } from '../kinds/topic.ts';
import type { Note } from '../mistakes.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Named, Thing } from '../thing.ts';

/** Notes things that nobody writes or uses, jobs that cannot come before others, and cycles. */
export function checkFlow(pipeline: Pipeline, note: Note): void {
  if (Object.keys(pipeline.jobs).length === 0) {
    note('jobs', 'are none', 'no job', 'at least one');
    return;
  }
  checkUses(pipeline, note);
  for (const [name, { kind, after }] of Object.entries(pipeline.jobs)) {
    for (const job of after) {
      const refuse = (what: string, allowed: string) => note(`jobs.${name}.after`, what, job, allowed);
      if (!Object.values(pipeline.jobs).includes(job)) refuse('is no job of the pipeline', 'jobs in its `jobs`');
      else if (job.alone) refuse('runs alone, so that nothing comes after it', 'a job of a whole run');
      else if (kind === 'stream' && job.kind === 'batch') refuse('comes after the streams have started', 'streams');
    }
  }
  checkOrder(pipeline, note);
}

/** A thing needs a writer and a use, each a job or a connector of ours or, for topics, an application outside. */
function checkUses(pipeline: Pipeline, note: Note): void {
  const uses = usesOf(pipeline);
  const connected = connectedTo(pipeline);
  for (const { alias, thing } of thingsOf(pipeline)) {
    // Jobs use what it writes.
    if (thing instanceof Source) continue;
    const at = `${thing.plural}.${alias}`;
    if (thing instanceof Feed) {
      const { of } = thing.props;
      if (uses.some((use) => use.way === 'writes' && use.thing === of)) continue;
      note(`${at}.of`, 'is written by no job of the pipeline', of, 'items that one writes');
      continue;
    }
    const ours = uses.filter((use) => use.thing.origin === thing);
    const ways = connected.filter((one) => one.thing === thing).map(({ way }) => way);
    const isBrought = ways.includes('writes');
    // What a connector or a source of ours writes and nobody reads is nothing; dead letters and datasets are for people.
    const isEnd = ways.includes('reads') || (isBrought && (isReadOutside(thing) || isOfSink(pipeline, thing)));
    if (ours.length === 0 && !isUsedOutside(pipeline, alias) && !isEnd) {
      note(at, 'is neither written nor read by a job', thing, "a job that uses it, or external: 'both'");
    } else if (!thing.isWrittenOutside && !isBrought && !ours.some(({ way }) => way === 'writes')) {
      const allowed = `a job that writes it${thing.plural === 'topics' ? ", or external: 'written'" : ''}`;
      note(at, 'is read, but nobody writes it', thing, allowed);
    }
    const writers = ours.filter(({ way }) => way === 'writes').map(({ job }) => job);
    if (thing.hasOneWriter && writers.length > 1) {
      note(at, 'is written by several jobs, each of which makes it anew', writers, 'a folder for each');
    }
  }
}

const isReadOutside = (thing: Thing): boolean => thing instanceof Topic && thing.externalWays.includes('Reader');

const isOfSink = ({ connectors = {} }: Pipeline, thing: Thing): boolean =>
  Object.values(connectors).some(
    ({ reads, writes }) => Object.keys(reads).length > 0 && Object.values(writes).some((one) => one === thing),
  );

const isUsedOutside = ({ topics }: Pipeline, alias: string): boolean => topics?.[alias]?.externalWays.length === 2;

function checkOrder(pipeline: Pipeline, note: Note): void {
  const predecessors = predecessorsOf(pipeline);
  const cycle = cycleOf(predecessors);
  if (cycle) {
    note('jobs', 'wait for each other in a circle', cycle.join(' -> '), 'data that flows one way');
    return;
  }
  const { streams, during, after } = orderOf(pipeline);
  for (const name of during) {
    const stream = streams.find((one) => upstreamOf(predecessors, name).has(one));
    if (stream === undefined) continue;
    const what = `comes after stream ${stream} and before another, so that it would read while that still writes`;
    note(`jobs.${name}`, what, pipeline.jobs[name], 'a stream in its place, or `alone: true`');
  }
  if (pipeline.usually === 'start' && streams.length === 0) note('usually', 'starts streams', 'no stream', 'run');
  if (pipeline.usually === 'run' && during.length + after.length === 0) {
    note('usually', 'would end its streams at once', 'no batch job', 'start');
  }
}

/** Jobs that wait for each other, as the path from one back to itself in the order in which data flows. */
function cycleOf(predecessors: Named<readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name].reverse();
    if (done.has(name)) return undefined;
    const cycles = (predecessors[name] ?? []).map((before) => visit(before, [...path, name]));
    done.add(name);
    return cycles.find((cycle) => cycle !== undefined);
  };
  const cycles = Object.keys(predecessors).map((name) => visit(name, []));
  return cycles.find((cycle) => cycle !== undefined);
}
