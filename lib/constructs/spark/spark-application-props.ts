/** What an EMR Serverless application is made of. Used by the application's construct, by the check of its limits, and by callers. */
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';

/** Workers that wait for jobs while the application is started, and are paid for. */
export interface WarmWorkers {
  readonly count: number;
  /** vCPU of a worker: 1, 2, 4, 8 or 16. */
  readonly cores: number;
  /** GB of a worker, Spark's overhead included. */
  readonly memory: number;
}

export interface SparkApplicationProps {
  /** Name of the application. */
  readonly applicationName: string;
  /**
   * Release of EMR; its Spark is the one that the local run uses.
   * @default emr-spark-8.1.0, which is Spark 4.1.1
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
