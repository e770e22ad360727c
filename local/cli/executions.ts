/** `millrace executions [show | stop]`: what was run, one of them in detail, or the end of one that runs. */
import { actionsOf } from '../../lib/declaration/flow.ts';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import { kebab } from '../../lib/declaration/names.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { settledIn } from '../accounts/balance.ts';
import { table } from '../accounts/results.ts';
import { type JobRunRecord, JobRunRecords, partsOf } from '../emr/job-run-records.ts';
import { moment } from '../emr/streams.ts';
import type { Home } from '../home.ts';
import { endProcess } from '../services/process.ts';
import { type ExecutionRecord, Executions } from '../stepfunctions/executions.ts';
import { visibleLine } from '../visible.ts';
import { machineIn } from '../watch/machine.ts';
import type { StateTold } from '../watch/model.ts';
import { States } from '../watch/states.ts';
import { type Context, pipelineOf, pipelines } from './context.ts';
import { commandGraceMs } from './down.ts';

export async function executions(
  context: Context,
  what: 'show' | 'stop' | undefined,
  name: string | undefined,
  { pipeline: of }: { readonly pipeline?: string },
): Promise<number> {
  const { home, json, print } = context;
  const pipeline = of === undefined ? undefined : (await pipelineOf(of)).name;
  const usual = await usualActions();
  const records = new Executions(home.executions, () => undefined);
  const all = records.all().filter((record) => pipeline === undefined || record.pipeline === pipeline);
  all.sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  if (what === undefined) {
    const told = all.map((record) => summaryOf(record, usual));
    print(json ? JSON.stringify({ executions: told }) : listOf(told));
    return 0;
  }
  const chosen = chosenOf(all, name, what);
  if (what === 'stop') return stop(context, records, chosen, usual);
  const detail = detailOf(home, records, chosen, usual);
  print(json ? JSON.stringify(detail) : textOf(detail));
  return 0;
}

/** What each pipeline does when the input says nothing. */
async function usualActions(): Promise<Map<string, string>> {
  return new Map((await pipelines()).map((pipeline) => [pipeline.name, actionsOf(pipeline)[0] ?? 'run']));
}

/** @throws MillraceError UNKNOWN_EXECUTION, NOT_RUNNING */
export function chosenOf(all: readonly ExecutionRecord[], name: string | undefined, what: 'show' | 'stop') {
  const running = all.filter(({ status }) => status === 'RUNNING');
  const found = what === 'show' && name === undefined ? all.at(-1) : all.find((record) => record.name === name);
  const namesOf = (records: readonly ExecutionRecord[]) => records.map((record) => record.name).join(', ');
  if (!found) {
    const which = name === undefined ? 'No execution was named' : `There is no execution "${name}"`;
    const shown = what === 'stop' ? running : all.slice(-5);
    const none = what === 'stop' ? 'None runs.' : 'Run "npx millrace run <pipeline>" first.';
    const allowed = what === 'stop' ? 'Those that run' : 'The newest';
    throw new MillraceError(
      'UNKNOWN_EXECUTION',
      `${which}. ${shown.length > 0 ? `${allowed}: ${namesOf(shown)}.` : none}`,
    );
  }
  if (what === 'show' || found.status === 'RUNNING') return found;
  throw new MillraceError(
    'NOT_RUNNING',
    `Execution ${found.name} has ended: ${found.status}. Those that run: ${namesOf(running) || 'none'}.`,
  );
}

async function stop(
  { json, print, terminal }: Context,
  records: Executions,
  record: ExecutionRecord,
  usual: ReadonlyMap<string, string>,
): Promise<number> {
  const { name, pipeline, process: command } = record;
  terminal.line(`stopping execution ${name} of ${pipeline} (pid ${command?.pid})`);
  const how = command ? await endProcess(command, commandGraceMs) : 'gone';
  if (how === 'killed') {
    terminal.line('its command did not end in time and was killed; the next run, or "npx millrace down", cleans up');
  }
  const told = summaryOf(records.list(pipeline).find((one) => one.name === name) ?? record, usual);
  print(json ? JSON.stringify(told) : `${name} ${told.status}`);
  return 0;
}

/** In the order of the columns. */
export function summaryOf(record: ExecutionRecord, usual: ReadonlyMap<string, string>) {
  const { name, pipeline, status, startedAt, stoppedAt, input } = record;
  const until = status === 'RUNNING' ? Date.now() : Date.parse(stoppedAt ?? '');
  return {
    name,
    pipeline,
    action: actionOf(record, usual),
    ...(typeof input.job === 'string' && { job: kebab(input.job) }),
    status,
    startedAt,
    stoppedAt,
    // Of one whose command was killed nobody knows when it ended.
    seconds: Number.isNaN(until) ? undefined : (until - Date.parse(startedAt)) / 1000,
  };
}

/** What it did, or was to do. */
function actionOf({ input, output, pipeline }: ExecutionRecord, usual: ReadonlyMap<string, string>): string {
  if (typeof input.job === 'string') return 'job';
  const done = isObject(output) ? output.action : undefined;
  return String(done ?? input.action ?? usual.get(pipeline) ?? 'run');
}

type Summary = ReturnType<typeof summaryOf>;

export function listOf(told: readonly Summary[]): string {
  if (told.length === 0) return 'Nothing was run here yet. Run "npx millrace run <pipeline>".';
  const rows = told.map(({ name, pipeline, action, job, status, startedAt, seconds }) => ({
    name,
    pipeline,
    action: visibleLine(job === undefined ? action : `job ${job}`),
    status,
    begin: moment(startedAt),
    duration: seconds === undefined ? '' : duration(seconds),
  }));
  const columns = ['name', 'pipeline', 'action', 'status', 'begin', 'duration'];
  return table(
    rows,
    columns.map((field) => ({ field, title: field === 'name' ? 'execution' : field, format: 'text' })),
  );
}

const duration = (seconds: number): string => `${seconds.toFixed(1)} s`;

/** All that is remembered of one. */
export function detailOf(home: Home, records: Executions, record: ExecutionRecord, usual: ReadonlyMap<string, string>) {
  const folder = records.folderOf(record);
  const { input, output, error, cause } = record;
  const runs = new JobRunRecords(home.jobRuns).all().filter((run) => partsOf(run).execution === record.name);
  return {
    ...summaryOf(record, usual),
    input,
    output,
    error,
    cause,
    states: statesIn(records, record),
    jobs: runs.map(jobTold),
    accounts: (settledIn(folder) ?? []).map(({ account, addsUp, line }) => ({ account, addsUp, line })),
    folder,
  };
}

function statesIn(records: Executions, record: ExecutionRecord): readonly StateTold[] {
  const states = new States(machineIn(readText(records.definitionOf(record)) ?? ''));
  for (const line of (readText(records.historyOf(record)) ?? '').split('\n')) {
    const entry = objectIn(line);
    if (entry) states.add(entry as unknown as Parameters<States['add']>[0]);
  }
  return states.told();
}

function jobTold(run: JobRunRecord) {
  const { id, state, stateDetails: details, createdAt: startedAt, updatedAt } = run;
  return { id, job: kebab(partsOf(run).run), state, details, startedAt, updatedAt };
}

export function textOf(detail: ReturnType<typeof detailOf>): string {
  const { name, pipeline, action, job, status, startedAt, stoppedAt, seconds, error, cause } = detail;
  const fact = (title: string, text: string | undefined) => (text ? [`${title.padEnd(10)}${visibleLine(text)}`] : []);
  const ended = stoppedAt === undefined ? undefined : moment(stoppedAt);
  const took = seconds === undefined ? undefined : duration(seconds);
  return [
    ...fact('execution', `${name} ${status}`),
    ...fact('pipeline', pipeline),
    ...fact('action', job === undefined ? action : `job ${job}`),
    ...fact('input', JSON.stringify(detail.input)),
    ...fact('begin', moment(startedAt)),
    ...fact('end', ended),
    ...fact('duration', took),
    ...fact('error', error),
    ...fact('cause', cause),
    ...section('states', detail.states.flatMap(stateLines)),
    ...section(
      'jobs',
      detail.jobs.map(({ id, job, state, details }) => `${job}  ${state}  ${id}  ${details.split('\n')[0]}`.trimEnd()),
    ),
    ...section(
      'accounts',
      detail.accounts.map(({ account, line }) => `${account}: ${line}`),
    ),
    ...fact('files', detail.folder),
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${visibleLine(line)}`)];

function stateLines({ name, since, ms, times, error, caught, inner }: StateTold): string[] {
  const took = since === undefined ? duration(ms / 1000) : 'not left';
  const failed = error === undefined ? [] : [caught ? `caught ${error}` : error];
  const how = [took, ...(times > 1 ? [`${times} times`] : []), ...failed];
  return [`${name}  ${how.join(', ')}`, ...inner.flatMap(stateLines).map((line) => `  ${line}`)];
}
