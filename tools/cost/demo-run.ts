/**
 * How much of Spark and Step Functions one demo run takes: a pipeline comes in, minutes and sizes of its job runs go out. Nobody has
 * measured a run on AWS, so that the minutes are assumptions, named as such. Called by the estimate.
 */
import type { JobDeclaration, Pipeline, ProcessSize } from '../../lib/declaration/model.ts';
import { batchJobsOf, coresOf } from '../../lib/declaration/sizes.ts';

/** One run of a job. */
export interface JobRun {
  readonly name: string;
  readonly minutes: number;
  /** vCPU of all its workers. */
  readonly cores: number;
  /** GB of all its workers, with Spark's overhead. */
  readonly memory: number;
}

export interface DemoRun {
  readonly jobs: readonly JobRun[];
  /**
   * What runs all day between the runs.
   * @default nothing: a bounded order ends its stream
   */
  readonly stream?: Omit<JobRun, 'minutes'>;
  readonly transitions: number;
  readonly logGigabytes: number;
}

/** Minutes of a batch job that works on the sample files, from its first worker to its last. */
const BATCH_MINUTES = 3;
/** Minutes of the drain. */
const DRAIN_MINUTES = 3;
/** Minutes for which the stream runs before and after the jobs beside it. */
const STREAM_EXTRA_MINUTES = 3;
/** States without those of the waiting loops, and the states of one turn of a loop, which takes five seconds. */
const STATES = 60;
const STATES_OF_A_TURN = 5;
const TURNS_A_MINUTE = 12;
/** Minutes in which the state machine asks whether the stream runs, has committed, has ended. */
const WAITING_MINUTES = 4;
const LOG_GIGABYTES = 0.02;

/** The assumptions in words. */
export const RUN_ASSUMPTIONS: readonly string[] = [
  `a batch job on the sample files takes ${BATCH_MINUTES} minutes, a drain ${DRAIN_MINUTES}, the stream ${STREAM_EXTRA_MINUTES} more than the jobs beside it`,
  `a worker's memory is its heap and a tenth, at least 384 MiB, rounded up to whole GB; its 20 GB of disk are free`,
  `the state machine takes ${STATES} states and waits ${WAITING_MINUTES} minutes in loops of ${STATES_OF_A_TURN} states every ${60 / TURNS_A_MINUTE} seconds`,
  `a run writes ${LOG_GIGABYTES} GB of log lines`,
];

/**
 * The demo run of a pipeline: its stream with the jobs beside it, the drain, the jobs after it. A continuous order has a
 * stream all day, which a run ends, drains and starts again.
 */
export function demoRunOf(pipeline: Pipeline): DemoRun {
  const { kind, stream } = pipeline.order;
  const { during, after } = batchJobsOf(pipeline.order);
  const run = (job: string, minutes: number, name = job): JobRun => ({ name, minutes, ...sizeOf(pipeline.jobs[job]) });
  const streaming = run(stream, during.length * BATCH_MINUTES + STREAM_EXTRA_MINUTES);
  return {
    jobs: [
      ...(kind === 'bounded' ? [streaming] : []),
      ...during.map((job) => run(job, BATCH_MINUTES)),
      run(stream, DRAIN_MINUTES, `${stream}, drain`),
      ...after.map((job) => run(job, BATCH_MINUTES)),
    ],
    ...(kind === 'continuous' ? { stream: streaming } : {}),
    transitions: STATES + STATES_OF_A_TURN * TURNS_A_MINUTE * WAITING_MINUTES,
    logGigabytes: LOG_GIGABYTES,
  };
}

function sizeOf(job: JobDeclaration | undefined): { cores: number; memory: number } {
  if (!job) return { cores: 0, memory: 0 };
  const { driver, executor, executors } = job.size;
  return { cores: coresOf(job.size), memory: workerMemory(driver) + workerMemory(executor) * executors };
}

/** GB of one worker. */
function workerMemory({ memory }: ProcessSize): number {
  return Math.ceil(memory + Math.max(0.375, memory / 10));
}
