/**
 * Takes what happens in an execution and tells a person: a line for each stage, and counters while rows move. The figures are the jobs' own words and for
 * display only; the report counts anew.
 */
import { kebab } from '../../lib/declaration/plan.ts';
import type { JobRunRecord } from '../emr/job-run-records.ts';
import type { ExecutionListener } from '../stepfunctions/execute.ts';
import type { JsonObject } from '../stepfunctions/task.ts';
import type { Terminal } from './terminal.ts';

/** Listens to one execution. */
export function progressOf(terminal: Terminal, firstQuery: string | undefined): ExecutionListener {
  const startedAt = new Map<string, number>();
  let [sent, of, summarized] = [0, 0, 0];
  const stage = (run: JobRunRecord, what: string) => {
    const since = startedAt.get(run.id);
    // Of a stream that an earlier command started, the time that counts is not this command's.
    const timed = since !== undefined && run.state !== 'SUBMITTED';
    const after = timed ? ` after ${((Date.now() - since) / 1000).toFixed(1)} s` : '';
    terminal.line(`${kebab(jobOf(run)).padEnd(12)} ${what}${after}`);
  };
  return {
    // A failed state is not told here: some failures are expected and caught (a lock that a dead execution holds), the others end the execution, which
    // tells its error once.
    onHistory: ({ event, state }) => {
      if (event === 'StateRetried') terminal.line(`${state}: tried again`);
    },
    onJobState: (run) => {
      if (run.state === 'SUBMITTED') startedAt.set(run.id, Date.now());
      if (run.state === 'PENDING' && run.stateDetails !== '')
        stage(run, `failed (${firstLine(run.stateDetails)}), is started again`);
      // A batch run counts as running as soon as it has a process; for people it runs when it says so.
      if (run.state !== 'PENDING' && (run.state !== 'RUNNING' || run.request.mode === 'STREAMING'))
        stage(run, words[run.state]);
    },
    onJobEvent: (run, event) => {
      if (event.event === 'started' && run.request.mode === 'BATCH') stage(run, words.RUNNING);
      if (event.event !== 'progress') return;
      const number = (name: string) => (typeof event[name] === 'number' ? event[name] : 0);
      if (event.query === firstQuery) summarized += number('rowsIn');
      if (event.sent !== undefined) [sent, of] = [number('sent'), number('of')];
      terminal.count(counters(sent, of, summarized));
    },
  };
}

const words: Readonly<Record<JobRunRecord['state'], string>> = {
  SUBMITTED: 'starting',
  PENDING: 'process started',
  RUNNING: 'running',
  SUCCESS: 'done',
  FAILED: 'failed',
  CANCELLING: 'ending',
  CANCELLED: 'ended',
};

/** The job of a run, as the declaration has it; a run is named `<pipeline>/<job>/<execution>`. */
export function jobOf({ request }: JobRunRecord): string {
  return request.name.split('/')[1] ?? request.name;
}

function counters(sent: number, of: number, summarized: number): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const both = [of > 0 && `${number(sent)} of ${number(of)} rows sent`, `${number(summarized)} summarized`];
  return both.filter((part) => part !== false).join(', ');
}

/** The first line of a cause; a function's cause is JSON that holds the message. */
export function firstLine(cause: string | undefined): string {
  return messageIn(cause ?? '').split('\n')[0] ?? '';
}

/** What a person needs of a cause that Step Functions wrapped. */
export function messageIn(cause: string): string {
  try {
    const parsed = JSON.parse(cause) as JsonObject;
    return String(parsed.errorMessage ?? parsed.StateDetails ?? cause);
  } catch {
    return cause;
  }
}
