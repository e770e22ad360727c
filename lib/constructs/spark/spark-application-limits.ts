/**
 * Limits of an EMR Serverless application, each with an error of its own: props come in, the first limit that they break
 * is thrown in words. Called by the application's construct.
 */
import { Token } from 'aws-cdk-lib';
import type { SparkApplicationProps, WarmWorkers } from './spark-application-props.ts';

/** A property that EMR Serverless would refuse, or that contradicts another. */
export class SparkApplicationError extends Error {
  readonly code = 'MILLRACE_SPARK_APPLICATION';

  constructor(property: string, problem: string, got: unknown, allowed: string) {
    super(`SparkApplication ${property} ${problem}; got ${JSON.stringify(got)}; allowed: ${allowed}`);
    this.name = 'SparkApplicationError';
  }
}

/** Worker sizes of the service: GB of memory from and to, by vCPU. */
const WORKER_MEMORY: Readonly<Record<number, readonly [number, number]>> = {
  1: [2, 8],
  2: [4, 16],
  4: [8, 30],
  8: [16, 60],
  16: [32, 120],
};

/** Refuses what the service would refuse minutes later, in the middle of a deployment. */
export function checkSparkApplication(props: SparkApplicationProps): void {
  if (!Token.isUnresolved(props.applicationName) && !/^[A-Za-z0-9._/#-]{1,64}$/.test(props.applicationName)) {
    throw new SparkApplicationError(
      'applicationName',
      'is not a name',
      props.applicationName,
      '1 to 64 letters, digits and . _ / # -',
    );
  }
  if (props.releaseLabel !== undefined && !/^(emr-spark-\d+\.\d+\.\d+|emr-\d+\.\d+\.\d+)$/.test(props.releaseLabel)) {
    throw new SparkApplicationError(
      'releaseLabel',
      'is not a release',
      props.releaseLabel,
      'a label such as emr-spark-8.1.0',
    );
  }
  checkInteger('maximumCores', props.maximumCores, 2, 4_000, ' vCPU');
  checkInteger('maximumMemory', props.maximumMemory, props.maximumCores, props.maximumCores * 8, ' GB');
  checkInteger('idleMinutes', props.idleMinutes, 1, 10_080, ' minutes');
  checkInteger('scheduler.maximumConcurrentRuns', props.scheduler?.maximumConcurrentRuns, 1, 1_000);
  checkInteger('scheduler.queueMinutes', props.scheduler?.queueMinutes, 15, 720, ' minutes');
  if (props.subnets.length < 2) {
    throw new SparkApplicationError('subnets', 'are too few', props.subnets.length, 'two or more, in different zones');
  }
  const zones = props.subnets.map((subnet) => subnet.availabilityZone);
  if (new Set(zones).size < 2) {
    throw new SparkApplicationError('subnets', 'lie in one zone', zones, 'two zones or more');
  }
  if (props.securityGroups.length < 1 || props.securityGroups.length > 5) {
    throw new SparkApplicationError('securityGroups', 'are too few or many', props.securityGroups.length, '1 to 5');
  }
  checkWarm(props);
}

function checkWarm({ warm, maximumCores, maximumMemory }: SparkApplicationProps): void {
  if (!warm) return;
  for (const [kind, workers] of Object.entries(warm) as [string, WarmWorkers][]) {
    checkInteger(`warm.${kind}.count`, workers.count, 1, 1_000);
    const memory = WORKER_MEMORY[workers.cores];
    if (!memory) {
      throw new SparkApplicationError(
        `warm.${kind}.cores`,
        'is not a worker size',
        workers.cores,
        Object.keys(WORKER_MEMORY).join(', '),
      );
    }
    checkInteger(`warm.${kind}.memory`, workers.memory, memory[0], memory[1], ' GB');
  }
  const sum = (of: (workers: WarmWorkers) => number): number => of(warm.drivers) + of(warm.executors);
  const cores = sum(({ count, cores: each }) => count * each);
  if (cores > maximumCores) {
    throw new SparkApplicationError('warm', 'has more vCPU than maximumCores', cores, `${maximumCores} at most`);
  }
  const memory = sum(({ count, memory: each }) => count * each);
  const cap = maximumMemory ?? maximumCores * 8;
  if (memory > cap) {
    throw new SparkApplicationError('warm', 'has more memory than maximumMemory', memory, `${cap} GB at most`);
  }
}

function checkInteger(at: string, value: number | undefined, minimum: number, maximum: number, unit = ''): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new SparkApplicationError(at, 'is out of range', value, `whole numbers from ${minimum} to ${maximum}${unit}`);
  }
}
