/**
 * Checks how data flows through a pipeline: who writes and who reads what, and that it never flows back. A pipeline
 * comes in, mistakes go out. Called by `validate.ts`.
 */
import { declared, type Note, names } from './mistakes.ts';
import type { Pipeline, TopicDeclaration } from './model.ts';

/** Notes unknown names, topics and files that are not used, and cycles. */
export function checkFlow(pipeline: Pipeline, note: Note): void {
  const jobs = Object.entries(pipeline.jobs);
  const read = new Set(jobs.flatMap(([, job]) => job.reads.topics ?? []));
  const written = new Set(jobs.flatMap(([, job]) => job.writes.topics ?? []));
  const files = new Set(jobs.flatMap(([, job]) => job.reads.files ?? []));
  for (const [name, job] of jobs) {
    const check = (verb: string, kind: string, things: object, list: readonly string[] = []): void => {
      for (const role of list) {
        if (!Object.hasOwn(things, role)) {
          note(`jobs.${name}.${verb}`, `is not a ${kind} of the pipeline`, role, names(things));
        }
      }
    };
    check('reads', 'topic', pipeline.topics, job.reads.topics);
    check('writes', 'topic', pipeline.topics, job.writes.topics);
    check('reads', 'file', pipeline.files, job.reads.files);
  }
  for (const [role, topic] of Object.entries(pipeline.topics)) {
    checkUse(note, role, topic, { read: read.has(role), written: written.has(role) });
  }
  for (const [role, file] of Object.entries(pipeline.files)) {
    if (!files.has(role)) note(`files.${role}`, 'is not read by a job', file.sample, 'a job that reads it');
  }
  checkStreamSources(pipeline, note);
  for (const cycle of cyclesOf(pipeline)) {
    note('jobs', 'their reads and writes form a cycle', cycle.join(' -> '), 'data that flows one way');
  }
}

/** A topic needs a writer and something of ours, or an application outside, that uses it. */
function checkUse(note: Note, role: string, topic: TopicDeclaration, ours: { read: boolean; written: boolean }): void {
  const { external } = topic;
  const isWritten = ours.written || external === 'written' || external === 'both';
  const isUsed = ours.read || ours.written || external === 'both';
  if (!isUsed) {
    const allowed = external ? "a job that uses it, or external: 'both'" : 'a job that uses it, or external';
    note(`topics.${role}`, 'is neither written nor read by a job', topic.name, allowed);
  } else if (!isWritten) {
    const allowed = "a job that writes it, or external: 'written'";
    note(`topics.${role}`, 'is read, but nobody writes it', topic.name, allowed);
  }
}

/** A stream derives how long it keeps its state from how long its source keeps records. */
function checkStreamSources(pipeline: Pipeline, note: Note): void {
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    if (job.mode !== 'streaming') continue;
    for (const role of job.reads.topics ?? []) {
      const topic = declared(pipeline.topics, role);
      if (topic?.cleanup === 'delete' && topic.retention === undefined) {
        const problem = `is not said, but ${name} derives its watermark from it`;
        note(`topics.${role}.retention`, problem, undefined, 'milliseconds, such as days(7)');
      }
    }
  }
}

/** Cycles of the data flow, each as the topics it passes; a job leads from what it reads to what it writes. */
function cyclesOf(pipeline: Pipeline): string[][] {
  const next = new Map<string, Set<string>>();
  for (const job of Object.values(pipeline.jobs)) {
    for (const from of job.reads.topics ?? []) {
      const targets = next.get(from) ?? new Set();
      for (const to of job.writes.topics ?? []) targets.add(to);
      next.set(from, targets);
    }
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (role: string, path: readonly string[]): void => {
    const start = path.indexOf(role);
    if (start >= 0) cycles.push([...path.slice(start), role]);
    if (start >= 0 || done.has(role)) return;
    for (const to of next.get(role) ?? []) visit(to, [...path, role]);
    done.add(role);
  };
  for (const role of next.keys()) visit(role, []);
  return cycles;
}
