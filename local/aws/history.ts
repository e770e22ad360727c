/** The log of a state machine on AWS, as the records that an execution leaves on this machine. */
import { isObject, type JsonObject, objectIn } from '../../lib/declaration/json.ts';
import { identityOf } from '../../tools/processes.mjs';
import { requestOf } from '../emr/emr-serverless.ts';
import { hasEnded, type JobRunRecord } from '../emr/job-run-records.ts';
import type { ExecutionRecord } from '../stepfunctions/executions.ts';
import type { HistoryEntry } from '../stepfunctions/interpreter.ts';

/** An event as Step Functions logs it: what its history says, under other names. */
export interface LoggedEvent {
  readonly id: string;
  readonly type: string;
  readonly details?: JsonObject;
  readonly previous_event_id: string;
  /** Milliseconds. */
  readonly event_timestamp: string;
  readonly execution_arn: string;
}

/** A job run, and where its lines are. */
export interface LoggedRun {
  readonly record: JobRunRecord;
  readonly logGroup: string;
  readonly streamPrefix: string;
}

export const timeOf = ({ event_timestamp: time }: LoggedEvent): string => new Date(Number(time)).toISOString();

export const nameOf = ({ execution_arn: arn }: LoggedEvent): string => arn.split(':').at(-1) ?? '';

/** The events of an execution in their order, in which the log does not keep them; none twice. */
export function inOrder(events: readonly LoggedEvent[]): LoggedEvent[] {
  const known = new Map(events.map((event) => [Number(event.id), event]));
  return [...known].sort(([one], [other]) => one - other).map(([, event]) => event);
}

const ends = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/;
const statuses = { Succeeded: 'SUCCEEDED', Failed: 'FAILED', Aborted: 'ABORTED', TimedOut: 'TIMED_OUT' } as const;

/** The record of an execution, from its events. One without an end runs, as far as this process knows. */
export function executionOf(events: readonly LoggedEvent[], pipeline: string, region: string): ExecutionRecord {
  const [first] = events;
  if (!first) throw new Error('An execution has events.');
  const end = events.findLast(({ type }) => ends.test(type));
  const word = end && (ends.exec(end.type)?.[1] as keyof typeof statuses);
  const process = identityOf();
  return {
    arn: first.execution_arn,
    name: nameOf(first),
    pipeline,
    region,
    stateMachineArn: first.execution_arn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, ''),
    input: objectIn(textOf(first, 'input')) ?? {},
    startedAt: timeOf(first),
    status: word ? statuses[word] : 'RUNNING',
    ...(end ? { stoppedAt: timeOf(end), ...failureOf(end) } : process && { process }),
  };
}

/** The history as the interpreter writes it. Loops take one item at a time, so that events follow each other state by state. */
export function historyOf(events: readonly LoggedEvent[]): HistoryEntry[] {
  const open: { name: string; fails: boolean; failed: boolean }[] = [];
  const iterations: number[] = [];
  return events.flatMap((event, index) => {
    const at = timeOf(event);
    const { type } = event;
    const told = (word: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({ at, event: word, ...more });
    if (type === 'MapIterationStarted') iterations.push(open.length);
    if (/^(Execution|MapIteration)/.test(type)) {
      const end = told(type.replace('MapIteration', 'Execution'), failureOf(event));
      const last = open.at(-1);
      if (type.startsWith('MapIteration') && !type.endsWith('Started')) open.length = iterations.pop() ?? open.length;
      if (!last?.fails) return end;
      // A Fail state has no event of its own, and what a loop ended with is told with the loop.
      const failure = failureOf(type.startsWith('Execution') ? event : (events[index + 1] ?? event));
      return [told('StateFailed', { state: last.name, ...failure }), end];
    }
    if (type.endsWith('StateEntered')) {
      const name = textOf(event, 'name');
      open.push({ name, fails: type === 'FailStateEntered', failed: false });
      return told('StateEntered', { state: name });
    }
    const state = open.at(-1);
    if (!state) return [];
    const { name } = state;
    if (type.endsWith('StateExited')) {
      open.pop();
      const exited = told('StateExited', { state: name });
      return state.failed ? [told('StateCaught', { state: name }), exited] : exited;
    }
    if (type.endsWith('Failed') || type.endsWith('TimedOut')) {
      state.failed = true;
      return told('StateFailed', { state: name, ...failureOf(event) });
    }
    if (!type.endsWith('Scheduled') || !state.failed) return [];
    state.failed = false;
    return told('StateRetried', { state: name });
  });
}

/** The job runs that an execution has started, each as the state machine knew it last. */
export function runsOf(events: readonly LoggedEvent[]): LoggedRun[] {
  /** What was asked for, by the event that did, and by each that came of it. */
  const asked = new Map<string, LoggedEvent>();
  const runs = new Map<string, LoggedRun>();
  for (const event of events) {
    const { id, previous_event_id: previous, type } = event;
    const cause = type === 'TaskScheduled' && isStart(event) ? event : asked.get(previous);
    if (cause && type.startsWith('Task') && !/State(Entered|Exited)$/.test(type)) asked.set(id, cause);
    const answer = objectIn(textOf(event, type === 'TaskFailed' ? 'cause' : 'output'));
    const told = isObject(answer?.JobRun) ? answer.JobRun : answer;
    const runId = told?.JobRunId;
    if (!type.startsWith('Task') || type.endsWith('StateExited') || typeof runId !== 'string') continue;
    const known = runs.get(runId) ?? (cause && asRun(cause, runId));
    if (!known) continue;
    runs.set(runId, known);
    const { record } = known;
    record.updatedAt = timeOf(event);
    if (typeof told?.StateDetails === 'string') record.stateDetails = told.StateDetails;
    if (typeof told?.State === 'string') record.state = told.State as JobRunRecord['state'];
    // The job that a state waits for has ended with it, whatever the shape of the answer.
    else if (cause && textOf(cause, 'resource').endsWith('.sync')) {
      if (type === 'TaskSucceeded') record.state = 'SUCCESS';
      if (type === 'TaskFailed') record.state = 'FAILED';
    }
  }
  return [...runs.values()].map(watched);
}

const isStart = (event: LoggedEvent): boolean =>
  /emr-?serverless$/.test(textOf(event, 'resourceType')) && textOf(event, 'resource').startsWith('startJobRun');

function asRun(start: LoggedEvent, id: string): LoggedRun {
  const parameters = objectIn(textOf(start, 'parameters')) ?? {};
  const at = timeOf(start);
  const logs = ['ConfigurationOverrides', 'MonitoringConfiguration', 'CloudWatchLoggingConfiguration'].reduce(
    (inside, name) => (isObject(inside[name]) ? inside[name] : {}),
    parameters,
  );
  const record: JobRunRecord = {
    id,
    request: requestOf(parameters),
    state: 'SUBMITTED',
    stateDetails: '',
    createdAt: at,
    updatedAt: at,
    attempt: 1,
    failures: [],
  };
  return { record, logGroup: String(logs.LogGroupName), streamPrefix: String(logs.LogStreamNamePrefix) };
}

/** A run that goes on is kept by this process, as far as this machine can say: otherwise it would count as one that died. */
function watched(run: LoggedRun): LoggedRun {
  const watcher = identityOf();
  return hasEnded(run.record) || !watcher ? run : { ...run, record: { ...run.record, watcher } };
}

function textOf({ details }: LoggedEvent, name: string): string {
  const text = details?.[name];
  return typeof text === 'string' ? text : '';
}

function failureOf(event: LoggedEvent): Pick<HistoryEntry, 'error' | 'cause'> {
  const [error, cause] = [textOf(event, 'error'), textOf(event, 'cause')];
  return { ...(error && { error }), ...(cause && { cause }) };
}
