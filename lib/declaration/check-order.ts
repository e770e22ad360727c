/** Checks the order of a pipeline's jobs: a pipeline comes in, mistakes go out. Called by `validate.ts`. */
import { ACCOUNT_VCPU } from './limits.ts';
import { declared, type Note, names } from './mistakes.ts';
import type { Pipeline } from './model.ts';
import { batchJobsOf, peakCores } from './sizes.ts';

/** Notes unknown jobs, jobs in the wrong place, and jobs that do not fit beside each other. */
export function checkOrder(pipeline: Pipeline, note: Note): void {
  const { stream } = pipeline.order;
  const { during, after } = batchJobsOf(pipeline.order);
  for (const [at, name, mode] of [
    ['order.stream', stream, 'streaming'] as const,
    ...during.map((job) => ['order.during', job, 'batch'] as const),
    ...after.map((job) => ['order.after', job, 'batch'] as const),
  ]) {
    const job = declared(pipeline.jobs, name);
    if (!job) note(at, 'is not a job of the pipeline', name, names(pipeline.jobs));
    else if (job.mode !== mode) note(at, `is not a ${mode} job`, `${name} (${job.mode})`, `a ${mode} job`);
  }
  const ordered = [stream, ...during, ...after];
  for (const [name, { mode }] of Object.entries(pipeline.jobs)) {
    const times = ordered.filter((other) => other === name).length;
    if (times > 1) note('order', 'names a job more than once', `${name} ${times} times`, 'once');
    // A batch job outside the order is run alone; a second stream could not be run at all.
    if (times === 0 && mode === 'streaming') {
      note('order', 'leaves out a streaming job, which is not run alone', name, 'one streaming job, as order.stream');
    }
  }
  const peak = peakCores(pipeline);
  if (peak > ACCOUNT_VCPU) {
    note('order', 'jobs that run together need too many vCPU', peak, `${ACCOUNT_VCPU} at most (account quota)`);
  }
}
