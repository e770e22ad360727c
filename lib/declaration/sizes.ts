/**
 * How much of the account jobs take: sizes of jobs come in, numbers of vCPU go out. Used by the validation and by all
 * that has to know whether jobs fit beside each other.
 */
import { declared } from './mistakes.ts';
import type { BoundedOrder, JobSize, Order, Pipeline } from './model.ts';

/** vCPU of all processes of a job at once. */
export function coresOf(size: JobSize): number {
  return size.driver.cores + size.executor.cores * size.executors;
}

/** The batch jobs of an order: those beside the stream and those after it. */
export const batchJobsOf = (order: Order): Pick<BoundedOrder, 'during' | 'after'> =>
  order.kind === 'bounded' ? order : { during: [], after: [] };

/** The most vCPU that a pipeline uses at once: its stream with the largest batch job, which may be run beside it. */
export function peakCores(pipeline: Pipeline): number {
  const stream = declared(pipeline.jobs, pipeline.order.stream);
  const others = Object.values(pipeline.jobs).filter((job) => job !== stream);
  return (stream ? coresOf(stream.size) : 0) + Math.max(0, ...others.map((job) => coresOf(job.size)));
}
