/** What came of an execution, for a person or a machine; and of one that did not succeed, why and what to do. */
import { accountName, nameIn, orderOf, sumName, topicsOf, usesOf } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Table } from '../../lib/declaration/kinds/table.ts';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import { kebab } from '../../lib/declaration/names.ts';
import type { Action, Column, Pipeline } from '../../lib/declaration/pipeline.ts';
import type { ResultRow } from '../../lib/declaration/shown.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { byReason, number, type Settled } from '../accounts/balance.ts';
import { changedSince, readResults, table } from '../accounts/results.ts';
import { bucketPath } from '../cloudformation/index.ts';
import { type JobRunRecord, type JobRunRecords, partsOf, specOf } from '../emr/job-run-records.ts';
import { batchesOf, wordsOf } from '../emr/job-run-words.ts';
import { moment, type StreamStatus, streamCommands, streamLine } from '../emr/streams.ts';
import { operationsOf, requestsByPrice } from '../iam/s3-requests.ts';
import type { ExecutionRecord } from '../stepfunctions/executions.ts';
import type { Context } from './context.ts';
import type { Rejected } from './rejects.ts';

/** What the state machine's last state gives, as far as it is read here. */
export interface Output {
  readonly action: Action | 'job';
  /** The job that was run alone; empty for an action. */
  readonly job: string;
}

export interface Shown {
  readonly pipeline: Pipeline;
  readonly execution: ExecutionRecord;
  readonly output: Output;
  readonly jobs: readonly ShownJob[];
  readonly accounts: readonly Settled[];
  /** Of each file whose lines it sent, also where no account counts them. */
  readonly rejects: readonly Rejected[];
  readonly before: readonly StreamStatus[];
  readonly streams: readonly StreamStatus[];
  /** What each run of the execution has asked of S3; empty where jobs read and wrote folders. */
  readonly requests: readonly ReturnType<typeof requestsShown>[number][];
  /** What the report said before; undefined where there was none. */
  readonly reported?: ReturnType<typeof reportedBefore>;
  /** Where the page of the execution lies; undefined where it could not be made. */
  readonly report?: string | undefined;
}

type ShownJob = ReturnType<typeof jobsShown>[number];

/** The ended jobs whose words people want: the one that was run alone, or those that came after the streams; with the folders that each wrote, by alias. */
export function jobsShown(
  pipeline: Pipeline,
  { action, job }: Output,
  runs: readonly JobRunRecord[],
  records: JobRunRecords,
  home: Context['home'],
) {
  const names = action === 'job' ? [job] : action === 'run' ? orderOf(pipeline).after : [];
  return names.flatMap((name) => {
    const run = runs.find((candidate) => partsOf(candidate).run === name);
    if (!run) return [];
    const folders: Record<string, string> = {};
    for (const [alias, { kind, url }] of Object.entries(specOf(run)?.writes ?? {})) {
      if (kind === 'folder' && url) folders[alias] = bucketPath(home, url);
    }
    return { name: kebab(name), ...wordsOf(run, records), folders };
  });
}

/** What is likely to be wanted after a run that went well. */
export function nextOf(pipeline: Pipeline, accounts: readonly Settled[], rejects: readonly Rejected[]): string[] {
  const { name } = pipeline;
  const letters = accounts.filter(({ deadLetters }) => deadLetters > 0);
  // Several accounts of one topic have dead letters of their own.
  const topicOf = ({ account }: Settled) =>
    account in topicsOf(pipeline) ? account : accountOf(pipeline, account)?.deadLetters.name;
  return [
    ...(rejects.some(({ rejected }) => rejected > 0) ? [`rejects ${name}`] : []),
    ...letters.map((one) => `topics ${topicOf(one)} --dead-letters`),
    `watch ${name}`,
    'down',
  ].map((words) => `npx millrace ${words}`);
}

/** What runs have asked of S3: how often each operation, and of a stream in how many batches. */
export function requestsShown(runs: readonly JobRunRecord[], records: JobRunRecords) {
  return runs.flatMap((run) => {
    const operations = operationsOf(records.runFolder(run.id));
    if (Object.keys(operations).length === 0) return [];
    const counted = { run: kebab(partsOf(run).run), ...requestsByPrice(operations), operations };
    return run.request.mode === 'STREAMING' ? { ...counted, batches: batchesOf(run, records) } : counted;
  });
}

/** What the report of a pipeline said before an execution, asked for by the same parameters, and of which one that was; undefined where there was none. */
export function reportedBefore(
  { name, jobs, report }: Pipeline,
  runs: readonly JobRunRecord[],
  records: JobRunRecords,
  home: Context['home'],
): { readonly execution: string; readonly rows: readonly ResultRow[] } | undefined {
  if (!report) return undefined;
  const [job, folder] = [nameIn(jobs, report.job), nameIn<unknown>(report.job.writes, report.folder) ?? ''];
  const asked = (run: JobRunRecord) => JSON.stringify(specOf(run)?.parameters);
  const now = runs.find((run) => partsOf(run).run === job);
  const before = records.all().findLast((run) => {
    const isOurs = partsOf(run).pipeline === name && partsOf(run).run === job && run.state === 'SUCCESS';
    return isOurs && now !== undefined && run.id < now.id && asked(run) === asked(now);
  });
  const url = before && specOf(before)?.writes[folder]?.url;
  const rows = url ? readResults(bucketPath(home, url)) : [];
  return before && rows.length > 0 ? { execution: partsOf(before).execution, rows } : undefined;
}

/** The column of marks beside a table; no field of a schema is called so. */
const mark = { field: '+', title: '', format: 'text' } as const;

export function show(context: Context, shown: Shown): void {
  const { pipeline, execution, output, jobs, accounts, streams, requests } = shown;
  const { report } = pipeline;
  const reported = report && jobs.find(({ name }) => name === kebab(nameIn(pipeline.jobs, report.job) ?? ''));
  const resultsFolder = report && reported?.folders[nameIn<unknown>(report.job.writes, report.folder) ?? ''];
  const results = resultsFolder === undefined ? [] : readResults(resultsFolder);
  sayAbsent(context, report?.columns ?? [], results);
  const changed = shown.reported ? changedSince(shown.reported.rows, results) : results;
  if (context.json) {
    const { name, status, startedAt, stoppedAt } = execution;
    const told = { name, status, startedAt, stoppedAt, output: execution.output };
    context.print(
      JSON.stringify({
        pipeline: pipeline.name,
        execution: told,
        jobs,
        results,
        // Which of them, from 0, this execution has made or changed.
        resultsChanged: changed.map((row) => results.indexOf(row)),
        resultsFolder,
        accounts,
        rejects: shown.rejects,
        streams,
        requests,
        report: shown.report,
      }),
    );
    return;
  }
  if (requests.length > 0) {
    const sum = (kind: 'writing' | 'reading') => number(requests.reduce((all, counted) => all + counted[kind], 0));
    context.terminal.line(`asked S3 ${sum('writing')} times to write or list, ${sum('reading')} times to read`);
  }
  // A report is what a whole run is about; what other jobs say beside it is in their logs.
  const chosen = output.action === 'run' && reported ? [reported] : jobs;
  const rows = results.length > 0 && report ? tableOf(results, changed, shown) : 'No results.';
  const told = chosen
    .map((job) => ({ job, text: job === reported && resultsFolder !== undefined ? rows : job.notes.join('\n') }))
    .filter(({ text }) => text !== '');
  // One text needs no title; several would run into each other.
  const texts = told.map(({ job, text }) => (told.length > 1 ? `${job.name}\n${text}` : text));
  if (texts.length > 0) context.print(texts.join('\n\n'));
  if (output.action === 'run') showAccounts(context, shown, resultsFolder);
  else
    for (const line of output.action === 'job' ? jobs.flatMap(linesOfJob) : linesOfStreams(shown)) context.print(line);
}

/** What a job writes is known to nobody before it has: a column that no row has is misspelt, most of the time. */
function sayAbsent({ terminal }: Context, columns: readonly Column[], results: readonly ResultRow[]): void {
  const fields = [...new Set(results.flatMap((row) => Object.keys(row)))];
  const absent = columns.filter(({ field }) => !fields.includes(field)).map(({ field }) => `"${field}"`);
  if (results.length === 0 || absent.length === 0) return;
  const what = absent.length === 1 ? 'a column' : 'columns';
  terminal.line(
    `no row of the results has ${absent.join(', ')}, ${what} of the report; they have: ${fields.join(', ')}`,
  );
}

/** The results; those that this execution has changed are marked where others are among them. */
function tableOf(results: readonly ResultRow[], changed: readonly ResultRow[], { pipeline, reported }: Shown): string {
  const columns = pipeline.report?.columns ?? [];
  if (!reported || changed.length === results.length) return table(results, columns);
  if (changed.length === 0)
    return `${table(results, columns)}\n\nno row has changed since execution ${reported.execution}`;
  const marked = results.map((row) => ({ ...row, [mark.field]: changed.includes(row) ? '+' : '' }));
  return `${table(marked, [...columns, mark])}\n\n+ new or changed since execution ${reported.execution}`;
}

function showAccounts({ terminal, print }: Context, { pipeline, accounts, rejects }: Shown, results?: string): void {
  if (results !== undefined) terminal.line(`results as CSV and JSON in ${results}`);
  for (const { rejected, rejectedByReason, folder } of rejects) {
    if (rejected > 0) terminal.line(`${number(rejected)} rejected${byReason(rejectedByReason)} in ${folder}`);
  }
  const lines = accounts.map(({ account, line }) => (accounts.length > 1 ? `${account}: ${line}` : line));
  const uncounted = jobsWithoutAccount(pipeline);
  if (lines.length === 0) lines.push('no accounts are declared: the jobs succeeded, and nobody counted rows');
  else if (uncounted.length > 0) lines.push(`in no account: the rows of ${uncounted.join(', ')}`);
  print(`\n${lines.join('\n')}`);
  for (const { account } of accounts.filter(({ addsUp }) => !addsUp)) {
    const { results } = accountOf(pipeline, account) ?? {};
    const writer = usesOf(pipeline).find(({ way, thing }) => way === 'writes' && thing === results);
    terminal.bad(
      `The rows of ${account} do not add up: each one sent must be in the results or in the dead letters. ` +
        `See "npx millrace logs ${kebab(writer?.job ?? account)}"; "npx millrace down --purge" starts from empty topics.`,
    );
  }
}

/** Where the rows of an account go, or those of a sum, by what people call it. */
function accountOf(pipeline: Pipeline, name: string): { deadLetters: Topic; results: Topic | Table } | undefined {
  const account = pipeline.accounts?.find((one) => accountName(pipeline, one) === name);
  if (account) return { deadLetters: account.deadLetters, results: account.results.topic };
  const sum = pipeline.sums?.find((one) => sumName(pipeline, one) === name);
  return sum && { deadLetters: sum.deadLetters, results: sum.table };
}

/** Jobs of a whole run whose rows no account counts, as people write them. */
function jobsWithoutAccount(pipeline: Pipeline): string[] {
  const counted: unknown[] = (pipeline.accounts ?? []).flatMap(({ from, sent, deadLetters, results }) =>
    from ? [sent, deadLetters, results.topic] : [deadLetters, results.topic],
  );
  counted.push(...(pipeline.sums ?? []).flatMap(({ sent, deadLetters, table }) => [sent, deadLetters, table]));
  const { streams, during, after } = orderOf(pipeline);
  return [...streams, ...during, ...after]
    .filter((name) => !Object.values(pipeline.jobs[name]?.writes ?? {}).some((thing) => counted.includes(thing)))
    .map(kebab);
}

/** What a job that was run alone counted, and where it wrote. */
function linesOfJob({ name, result, folders }: ShownJob): string[] {
  const textOf = (value: unknown) => {
    if (typeof value === 'number') return number(value);
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  const counted = Object.entries(result ?? {})
    .filter(([field]) => folders[field] === undefined)
    .map(([field, value]) => `${field} ${textOf(value)}`);
  return [
    `${name} succeeded${counted.length > 0 ? `: ${counted.join(', ')}` : ''}`,
    ...Object.entries(folders).map(([folder, path]) => `${folder} in ${path}`),
  ];
}

function linesOfStreams({ pipeline, before, streams, output }: Shown): string[] {
  if (output.action !== 'stop') return [...streams.map(streamLine), ...streamCommands(streams)];
  const ended = before.filter(({ runId }) => !streams.some((stream) => stream.runId === runId));
  const names = ended.map(({ job }) => `stream ${job}`).join(' and ');
  const what = names === '' ? 'no stream ran' : `${names} ended`;
  return [`${pipeline.name}: ${what}; all that the topics held is worked through`, ...streams.map(streamLine)];
}

/**
 * Why an execution did not succeed, and what to do.
 *
 * @param records where the execution's history lies
 * @param streams those of the pipeline that go on or have failed
 * @param denials what the roles of the pipeline were refused meanwhile, in words
 */
export function failureOf(
  { name, pipeline, status, error = '', cause = '' }: ExecutionRecord,
  records: string,
  streams: readonly StreamStatus[],
  denials: readonly string[] = [],
): MillraceError {
  if (status === 'ABORTED') return new MillraceError('ABORTED', `Execution ${name} was stopped.`);
  // Step Functions wraps the cause of a function or job that failed.
  const wrapped = objectIn(cause) ?? {};
  const message = String(wrapped.errorMessage ?? wrapped.StateDetails ?? cause);
  // What the prepare function refuses is the person's own mistake, and nothing was started.
  if (error === 'InvalidInput') return new MillraceError('INVALID_INPUT', message);
  const running = streams.filter(({ state }) => state !== 'FAILED');
  if (error === 'JobRunAlive' && running.length > 0) {
    const which = running.map(({ job, since }) => `${job} since ${moment(since)}`).join(', ');
    return new MillraceError(
      'STREAM_RUNS',
      `Pipeline "${pipeline}" has streams that run: ${which}. Beside them only one of its batch jobs can be run (--job). ` +
        `End them with "npx millrace run ${pipeline} --action stop", or start what is deployed now with "--action upgrade".`,
    );
  }
  const failed = streams.filter(({ state, runName }) => state === 'FAILED' && runName.endsWith(`/${name}`));
  const job = failed[0]?.job ?? String(wrapped.Name ?? '').split('/')[1];
  const hint = job ? ` See "npx millrace logs ${kebab(job)}".` : '';
  return new MillraceError('EXECUTION_FAILED', `Execution ${name} ended ${status}: ${error}: ${message}${hint}`, {
    details: [
      ...denials.filter((denial) => !message.includes(denial)).map((denial) => `Denied: ${denial}`),
      ...failed.map(({ job, details }) => `${job}: ${details}`),
      `Its history is in ${records}.`,
    ],
  });
}
