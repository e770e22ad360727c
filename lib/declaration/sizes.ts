/**
 * How much of the account jobs take: sizes of jobs come in, numbers of vCPU go out. Used by the validation and by all
 * that has to know whether jobs fit beside each other.
 */
import { declared } from './mistakes.ts';
import type { JobSize, Pipeline } from './model.ts';

/** vCPU of all processes of a job at once. */
export function coresOf(size: JobSize): number {
  return size.driver.cores + size.executor.cores * size.executors;
}

/** The most vCPU that a pipeline uses at once: its stream with the largest job beside it, or a job after it. */
export function peakCores(pipeline: Pipeline): number {
  const cores = (name: string): number => {
    const job = declared(pipeline.jobs, name);
    return job ? coresOf(job.size) : 0;
  };
  const { stream, during, after } = pipeline.order;
  return Math.max(cores(stream) + Math.max(0, ...during.map(cores)), ...after.map(cores));
}
