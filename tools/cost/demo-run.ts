/**
 * How much of Spark, Step Functions and S3 one demo run of a pipeline takes. Nobody has measured a run on AWS: the minutes are assumptions,
 * named as such.
 */
import { DEFAULT_TRIGGER_SECONDS } from '../../lib/declaration/common.ts';
import { actionsOf, coresOf, orderOf } from '../../lib/declaration/flow.ts';
import { type Job, workerMemory } from '../../lib/declaration/job.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { BATCH_REQUESTS, JOB_REQUESTS, type Requests } from './s3-requests.ts';

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
  /** What runs all day between the runs: streams that are started once, not by each run. */
  readonly standing: readonly JobRun[];
  /** Requests to S3 by all of them. */
  readonly requests: Requests;
}

/** Minutes of a batch job that works on the sample files, from its first worker to its last. */
const BATCH_MINUTES = 3;
/** Minutes of a drain. */
const DRAIN_MINUTES = 3;
/** Minutes for which the streams run before and after the jobs beside them. */
const STREAM_EXTRA_MINUTES = 3;
/** States without those of the waiting loops, and the states of one turn of a loop, which takes five seconds. */
const STATES = 60;
const STATES_OF_A_TURN = 5;
const TURNS_A_MINUTE = 12;
/** Minutes in which the state machine asks whether the streams run, have committed, have ended. */
const WAITING_MINUTES = 4;
export const TRANSITIONS = STATES + STATES_OF_A_TURN * TURNS_A_MINUTE * WAITING_MINUTES;
export const LOG_GIGABYTES = 0.02;
const BATCHES_A_MINUTE = 60 / DEFAULT_TRIGGER_SECONDS;

/** Requests to S3 of streams that run for some minutes, in which rows come all the time, and of whole jobs. */
const requestsOf = (streamMinutes: number, jobs: number): Requests => {
  const batches = streamMinutes * BATCHES_A_MINUTE;
  return {
    writing: batches * BATCH_REQUESTS.writing + jobs * JOB_REQUESTS.writing,
    reading: batches * BATCH_REQUESTS.reading + jobs * JOB_REQUESTS.reading,
  };
};

/** Of a stream in an hour. */
export const STREAM_REQUESTS_AN_HOUR = requestsOf(60, 0);

export const RUN_ASSUMPTIONS: readonly string[] = [
  `a batch job on the sample files takes ${BATCH_MINUTES} minutes, a drain ${DRAIN_MINUTES}, a stream ${STREAM_EXTRA_MINUTES} more than the jobs beside it`,
  `a worker's memory is its heap and a tenth, at least 384 MiB, rounded up to whole GB; its 20 GB of disk are free`,
  `the state machine takes ${STATES} states and waits ${WAITING_MINUTES} minutes in loops of ${STATES_OF_A_TURN} states every ${60 / TURNS_A_MINUTE} seconds`,
  `a run writes ${LOG_GIGABYTES} GB of log lines`,
  `a stream makes ${BATCHES_A_MINUTE} micro-batches a minute`,
];

/**
 * The demo run of a pipeline: its streams with the jobs beside them, the drains, the jobs after them. Where an execution usually starts
 * streams, they run all day, and a demo run upgrades them: it drains each and starts it again.
 */
export function demoRunOf(pipeline: Pipeline): DemoRun {
  const [usual] = actionsOf(pipeline);
  const { streams, during, after } = orderOf(pipeline);
  const run = (job: string, minutes: number, name = job): JobRun => ({ name, minutes, ...sizeOf(pipeline.jobs[job]) });
  const isRun = usual === 'run';
  const beside = during.length * BATCH_MINUTES + STREAM_EXTRA_MINUTES;
  // Each waits for those before it to be drained.
  const running = streams.map((job, index) => run(job, beside + index * DRAIN_MINUTES));
  const drains = streams.map((job) => run(job, DRAIN_MINUTES, `${job}, drain`));
  const batch = (jobs: readonly string[]) => (isRun ? jobs.map((job) => run(job, BATCH_MINUTES)) : []);
  const busy = [...(isRun ? running : []), ...drains].reduce((sum, { minutes }) => sum + minutes, 0);
  const jobs = [...(isRun ? running : []), ...batch(during), ...drains, ...batch(after)];
  return { jobs, standing: isRun ? [] : running, requests: requestsOf(busy, jobs.length) };
}

function sizeOf(job: Job | undefined): { cores: number; memory: number } {
  if (!job) return { cores: 0, memory: 0 };
  const { driver, executor, executors } = job.size;
  return { cores: coresOf(job.size), memory: workerMemory(driver) + workerMemory(executor) * executors };
}
