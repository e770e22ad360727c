/** Tells a person what happens in an execution, by the jobs' own words: a line for each stage, and counters while rows move. */
import { kebab } from '../../lib/declaration/names.ts';
import { number } from '../accounts/balance.ts';
import { type JobRunRecord, partsOf, specOf } from '../emr/job-run-records.ts';
import type { ExecutionListener } from '../stepfunctions/execute.ts';
import type { Terminal } from './terminal.ts';

/** Listens to one execution. */
export function progressOf(terminal: Terminal): ExecutionListener {
  const startedAt = new Map<string, number>();
  const sent = new Map<string, { readonly sent: number; readonly of: number }>();
  const read = new Map<string, number>();
  const stage = (run: JobRunRecord, what: string) => {
    const since = startedAt.get(run.id);
    // Of a stream that an earlier command started, the time that counts is not this command's.
    const timed = since !== undefined && run.state !== 'SUBMITTED';
    const after = timed ? ` after ${((Date.now() - since) / 1000).toFixed(1)} s` : '';
    terminal.line(`${kebab(partsOf(run).run).padEnd(12)} ${what}${after}`);
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
        stage(run, `failed (${run.stateDetails.split('\n')[0]}), is started again`);
      // A batch run counts as running as soon as it has a process; for people it runs when it says so.
      if (run.state !== 'PENDING' && (run.state !== 'RUNNING' || run.request.mode === 'STREAMING'))
        stage(run, words[run.state]);
    },
    onJobEvent: (run, event) => {
      if (event.event === 'started' && run.request.mode === 'BATCH') stage(run, words.RUNNING);
      if (event.event !== 'progress') return;
      const count = (name: string) => (typeof event[name] === 'number' ? event[name] : 0);
      if (event.sent !== undefined) sent.set(run.id, { sent: count('sent'), of: count('of') });
      // A drain goes on with what its stream has read.
      const name = kebab(specOf(run)?.job ?? partsOf(run).run);
      if (event.rowsIn !== undefined) read.set(name, (read.get(name) ?? 0) + count('rowsIn'));
      const sum = (part: 'sent' | 'of') => number([...sent.values()].reduce((total, one) => total + one[part], 0));
      const counters = [...read].map(([job, rows]) => `${number(rows)} read by ${job}`);
      if (sent.size > 0) counters.unshift(`${sum('sent')} of ${sum('of')} rows sent`);
      terminal.count(counters.join(', '));
    },
  };
}

const words = {
  SUBMITTED: 'starting',
  RUNNING: 'running',
  SUCCESS: 'done',
  FAILED: 'failed',
  CANCELLING: 'ending',
  CANCELLED: 'ended',
};
