/** What an EMR Serverless application is made of, and the limits that the service sets to it. */
import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { WORKER_GIGABYTES } from '../../declaration/limits.ts';

/**
 * EMR with Spark 4.1.1, the Spark of the local run. Where a Region does not have the release, CreateApplication says so: `emr-spark-8.0.0`
 * with Spark 4.0.2 is the one before it. Change it here only; set-up and local run then need that Spark too.
 */
export const RELEASE_LABEL = 'emr-spark-8.1.0';

/** Workers that wait for jobs while the application is started, and are paid for. */
export interface WarmWorkers {
  readonly count: number;
  /** vCPU of a worker: 1, 2, 4, 8 or 16. */
  readonly cores: number;
  /** GB of a worker, Spark's overhead included. */
  readonly memory: number;
}

export interface SparkApplicationProps {
  readonly applicationName: string;
  /**
   * Release of EMR; its Spark is the one that the local run uses.
   * @default `RELEASE_LABEL`
   */
  readonly releaseLabel?: string;
  /**
   * Processor of the workers.
   * @default ARM64, which costs about a fifth less
   */
  readonly architecture?: 'ARM64' | 'X86_64';
  /** Most vCPU of all workers at once. */
  readonly maximumCores: number;
  /**
   * Most memory of all workers at once, in GB.
   * @default eight times the vCPU, the most that a worker of one vCPU may have
   */
  readonly maximumMemory?: number;
  /**
   * Whether a job starts the application.
   * @default true
   */
  readonly autoStart?: boolean;
  /**
   * Minutes without work after which the application stops.
   * @default 15
   */
  readonly idleMinutes?: number;
  /**
   * Workers that are kept ready while the application is started.
   * @default none: a job waits a minute or two for its workers
   */
  readonly warm?: { readonly drivers: WarmWorkers; readonly executors: WarmWorkers };
  /** Private subnets of two zones or more. */
  readonly subnets: readonly ec2.ISubnet[];
  /** Groups of the workers; the service refuses one that is open to the world. */
  readonly securityGroups: readonly ec2.ISecurityGroup[];
  /** How many job runs there may be at once, and how long further ones wait. */
  readonly scheduler?: {
    /**
     * Most job runs at once; further ones wait.
     * @default 10
     */
    readonly maximumConcurrentRuns?: number;
    /**
     * Minutes after which a waiting run fails.
     * @default 60
     */
    readonly queueMinutes?: number;
  };
  /**
   * Where drivers and executors log when their job names no group of its own.
   * @default each job names its group
   */
  readonly logGroup?: logs.ILogGroup;
  /**
   * Whether the service keeps event logs for thirty days, which the Spark UI needs.
   * @default true
   */
  readonly managedLogs?: boolean;
  /**
   * Key of the logs; job roles need to use it then, and the VPC an endpoint of KMS.
   * @default keys that AWS owns
   */
  readonly encryptionKey?: kms.IKey;
  /** Days for which the handler that stops the application before it is changed keeps its log. */
  readonly logRetentionDays: number;
}

/** A property that EMR Serverless would refuse, or that contradicts another. */
export class SparkApplicationError extends Error {
  readonly code = 'MILLRACE_SPARK_APPLICATION';

  constructor(property: string, what: string, got: unknown, allowed: string) {
    super(`SparkApplication ${property} ${what}; got ${JSON.stringify(got)}; allowed: ${allowed}`);
    this.name = 'SparkApplicationError';
  }
}

/**
 * Refuses what the service would refuse minutes later, in the middle of a deployment.
 *
 * @throws SparkApplicationError for the first limit that is broken
 */
export function checkSparkApplication(props: SparkApplicationProps): void {
  const { applicationName: name, releaseLabel: label = RELEASE_LABEL, subnets, securityGroups } = props;
  if (!Token.isUnresolved(name) && !/^[A-Za-z0-9._/#-]{1,64}$/.test(name)) {
    refuse('applicationName', 'is not a name', name, '1 to 64 letters, digits and . _ / # -');
  }
  if (!/^emr-(spark-)?\d+\.\d+\.\d+$/.test(label)) {
    refuse('releaseLabel', 'is not a release', label, `a label such as ${RELEASE_LABEL}`);
  }
  checkInteger('maximumCores', props.maximumCores, 2, 4_000, ' vCPU');
  checkInteger('maximumMemory', props.maximumMemory, props.maximumCores, props.maximumCores * 8, ' GB');
  checkInteger('idleMinutes', props.idleMinutes, 1, 10_080, ' minutes');
  checkInteger('scheduler.maximumConcurrentRuns', props.scheduler?.maximumConcurrentRuns, 1, 1_000);
  checkInteger('scheduler.queueMinutes', props.scheduler?.queueMinutes, 15, 720, ' minutes');
  const zones = subnets.map((subnet) => subnet.availabilityZone);
  if (zones.length < 2) refuse('subnets', 'are too few', zones.length, 'two or more, in different zones');
  if (new Set(zones).size < 2) refuse('subnets', 'lie in one zone', zones, 'two zones or more');
  const groups = securityGroups.length;
  if (groups < 1 || groups > 5) refuse('securityGroups', 'are too few or many', groups, '1 to 5');
  checkWarm(props);
}

function checkWarm({ warm, maximumCores, maximumMemory = maximumCores * 8 }: SparkApplicationProps): void {
  if (!warm) return;
  for (const [kind, { count, cores, memory }] of Object.entries(warm) as [string, WarmWorkers][]) {
    const at = `warm.${kind}`;
    checkInteger(`${at}.count`, count, 1, 1_000);
    const range = WORKER_GIGABYTES[cores];
    if (!range) refuse(`${at}.cores`, 'is not a worker size', cores, Object.keys(WORKER_GIGABYTES).join(', '));
    else checkInteger(`${at}.memory`, memory, range[0], range[1], ' GB');
  }
  const sum = (of: (workers: WarmWorkers) => number): number => of(warm.drivers) + of(warm.executors);
  const cores = sum(({ count, cores: each }) => count * each);
  if (cores > maximumCores) refuse('warm', 'has more vCPU than maximumCores', cores, `${maximumCores} at most`);
  const memory = sum(({ count, memory: each }) => count * each);
  if (memory > maximumMemory)
    refuse('warm', 'has more memory than maximumMemory', memory, `${maximumMemory} GB at most`);
}

function checkInteger(at: string, value: number | undefined, minimum: number, maximum: number, unit = ''): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    refuse(at, 'is out of range', value, `whole numbers from ${minimum} to ${maximum}${unit}`);
  }
}

function refuse(...mistake: ConstructorParameters<typeof SparkApplicationError>): never {
  throw new SparkApplicationError(...mistake);
}
