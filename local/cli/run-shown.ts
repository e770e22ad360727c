/**
 * Takes an execution that succeeded, with the job runs that belong to it, and shows a person or a machine what came of it. Called by `run.ts`.
 */
import type { Pipeline } from '../../lib/declaration/model.ts';
import { kebab } from '../../lib/declaration/plan.ts';
import { bucketPath } from '../cloudformation/index.ts';
import type { JobRunRecord, JobRunRecords } from '../emr/job-run-records.ts';
import { type JobRunWords, wordsOf } from '../emr/job-run-words.ts';
import type { StreamStatus } from '../emr/live-streams.ts';
import type { ExecutionRecord } from '../stepfunctions/executions.ts';
import type { Json } from '../stepfunctions/task.ts';
import type { Context } from './context.ts';
import { jobOf } from './progress.ts';
import type { Reconciliation } from './report/reconciliation.ts';
import { readResults, table } from './report/results.ts';
import { streamCommands, streamLine } from './stream-lines.ts';

/** What the state machine's last state gives. */
export interface Output {
  readonly action: 'run' | 'start' | 'stop' | 'upgrade' | 'job';
  /** The job that was run alone; empty for an action. */
  readonly job: string;
  readonly tunables: Readonly<Record<string, number>>;
  readonly files: Readonly<Record<string, string>>;
}

export interface Shown {
  readonly pipeline: Pipeline;
  readonly execution: ExecutionRecord;
  readonly output: Output;
  readonly jobs: readonly ShownJob[];
  readonly reconciliation: Reconciliation | undefined;
  /** The stream that went on before the execution. */
  readonly before: StreamStatus | undefined;
  /** The stream that goes on after it. */
  readonly stream: StreamStatus | undefined;
}

/** A job of the execution that has ended. */
export interface ShownJob extends JobRunWords {
  /** As people write it. */
  readonly name: string;
  /** What it wrote, by the folder's name in the declaration. */
  readonly folders: Readonly<Record<string, string>>;
}

/** The jobs of an execution whose words people want: the one that was run alone, or those that came after the stream. */
export function jobsShown(
  pipeline: Pipeline,
  { action, job }: Output,
  runs: readonly JobRunRecord[],
  records: JobRunRecords,
  home: Context['home'],
): ShownJob[] {
  const { order } = pipeline;
  const names = action === 'job' ? [job] : action === 'run' && order.kind === 'bounded' ? order.after : [];
  return names.flatMap((name) => {
    const run = runs.find((candidate) => jobOf(candidate) === name);
    return run ? [{ name: kebab(name), ...wordsOf(run, records), folders: foldersOf(pipeline, [run], home) }] : [];
  });
}

/** Folders that job runs wrote, by their names in the declaration. */
export function foldersOf(
  pipeline: Pipeline,
  runs: readonly JobRunRecord[],
  home: Context['home'],
): Record<string, string> {
  const folders: Record<string, string> = {};
  for (const [job, { writes }] of Object.entries(pipeline.jobs)) {
    const run = runs.find((candidate) => jobOf(candidate) === job);
    for (const folder of writes.folders ?? []) {
      const words = run?.request.entryPointArguments ?? [];
      const url = words[words.indexOf(`--${kebab(folder)}-path`) + 1];
      if (url?.startsWith('s3://')) folders[folder] = bucketPath(home, url);
    }
  }
  return folders;
}

export function show(context: Context, shown: Shown): void {
  const { pipeline, execution, output, jobs, reconciliation, stream } = shown;
  const reported = jobs.find(({ name }) => name === kebab(pipeline.report?.job ?? ''));
  const resultsFolder = reported?.folders[pipeline.report?.folder ?? ''];
  const results = resultsFolder === undefined ? [] : readResults(resultsFolder);
  if (context.json) {
    const { name, status, startedAt, stoppedAt } = execution;
    const told = { name, status, startedAt, stoppedAt, output: execution.output };
    context.print(
      JSON.stringify({
        pipeline: pipeline.name,
        execution: told,
        jobs,
        results,
        resultsFolder,
        reconciliation,
        stream,
      }),
    );
    return;
  }
  // A report is what a whole run is about; what other jobs say beside it is in their logs.
  const chosen = output.action === 'run' && reported ? [reported] : jobs;
  const texts = chosen.map((job) => {
    const rows = results.length > 0 && pipeline.report ? table(results, pipeline.report.columns) : 'No results.';
    const text = job === reported && resultsFolder !== undefined ? rows : job.notes.join('\n');
    return { name: job.name, text };
  });
  const told = texts.filter(({ text }) => text !== '');
  // One text needs no title; several would run into each other.
  const shownText = told.map(({ name, text }) => (told.length > 1 ? `${name}\n${text}` : text)).join('\n\n');
  if (shownText !== '') context.print(shownText);
  if (output.action === 'job') for (const line of jobs.flatMap(linesOfJob)) context.print(line);
  else if (output.action === 'run') showRun(context, shown, resultsFolder);
  else for (const line of linesOfStream(shown)) context.print(line);
}

function showRun({ terminal, print }: Context, { pipeline, reconciliation }: Shown, results?: string): void {
  if (results !== undefined) terminal.line(`results as CSV and JSON in ${results}`);
  if (reconciliation) print(`\n${reconciliation.line}`);
  if (reconciliation?.reconciles === false) {
    terminal.plain(
      terminal.bad(
        'The rows do not reconcile: each one sent must be in the summaries or in the dead letters. ' +
          `See "npx millrace logs ${kebab(pipeline.order.stream)}"; "npx millrace down --purge" starts from empty topics.`,
      ),
    );
  }
}

/** What a job that was run alone counted, and where it wrote. */
function linesOfJob({ name, result, folders }: ShownJob): string[] {
  const counted = Object.entries(result ?? {})
    .filter(([field]) => folders[field] === undefined)
    .map(([field, value]) => `${field} ${textOf(value)}`);
  return [
    `${name} succeeded${counted.length > 0 ? `: ${counted.join(', ')}` : ''}`,
    ...Object.entries(folders).map(([folder, path]) => `${folder} in ${path}`),
  ];
}

function textOf(value: Json): string {
  if (typeof value === 'number') return value.toLocaleString('en-US');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What became of the stream of a pipeline. */
function linesOfStream({ pipeline, before, stream }: Shown): string[] {
  if (stream) return [streamLine(stream), ...streamCommands(stream)];
  const ended = before ? `stream ${before.job} has ended` : 'no stream ran';
  return [`${pipeline.name}: ${ended}; all that its topics held is worked through`];
}
