/**
 * An EMR Serverless application for Spark, over the L1: release, caps and network come in; grants for those who start
 * jobs go out. Called by the processing stack.
 */
import { ArnFormat, Resource, Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface SparkApplicationProps {
  /** Name of the application. */
  readonly applicationName: string;
  /**
   * Release of EMR; its Spark is the one that the local run uses.
   * @default emr-spark-8.1.0, which is Spark 4.1.1
   */
  readonly releaseLabel?: string;
  /** Most vCPU of all workers at once. */
  readonly maximumCores: number;
  /**
   * Most memory of all workers at once, in GiB.
   * @default eight times the vCPU, the most that a worker may have
   */
  readonly maximumMemory?: number;
  /**
   * Minutes without work after which the application stops.
   * @default 15
   */
  readonly idleMinutes?: number;
  readonly vpc: ec2.IVpc;
  readonly subnets: readonly ec2.ISubnet[];
  readonly securityGroups: readonly ec2.ISecurityGroup[];
  /**
   * Most job runs at once; further ones wait.
   * @default 10
   */
  readonly maximumConcurrentRuns?: number;
}

/** An application and what may be granted on it. */
export class SparkApplication extends Resource {
  readonly applicationId: string;
  readonly applicationArn: string;

  constructor(scope: Construct, id: string, props: SparkApplicationProps) {
    super(scope, id, { physicalName: props.applicationName });
    validate(props);
    const application = new CfnApplication(this, 'Resource', {
      name: props.applicationName,
      type: 'SPARK',
      releaseLabel: props.releaseLabel ?? 'emr-spark-8.1.0',
      architecture: 'ARM64',
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: props.idleMinutes ?? 15 },
      maximumCapacity: {
        cpu: `${props.maximumCores} vCPU`,
        memory: `${props.maximumMemory ?? props.maximumCores * 8} GB`,
      },
      networkConfiguration: {
        subnetIds: props.subnets.map((subnet) => subnet.subnetId),
        securityGroupIds: props.securityGroups.map((group) => group.securityGroupId),
      },
      schedulerConfiguration: { maxConcurrentRuns: props.maximumConcurrentRuns ?? 10, queueTimeoutMinutes: 60 },
      monitoringConfiguration: { managedPersistenceMonitoringConfiguration: { enabled: true } },
    });
    this.applicationId = application.attrApplicationId;
    this.applicationArn = application.attrArn;
  }

  /** ARN of all job runs of the application; a run's id is not known before it is started. */
  get jobRunsArn(): string {
    return Stack.of(this).formatArn({
      service: 'emr-serverless',
      resource: '/applications',
      resourceName: `${this.applicationId}/jobruns/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  /** Allows to list and cancel job runs. */
  grantCancel(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['emr-serverless:ListJobRuns'],
      resourceArns: [this.applicationArn],
    });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['emr-serverless:CancelJobRun', 'emr-serverless:GetJobRun'],
      resourceArns: [this.jobRunsArn],
    });
  }

  /** Allows to start job runs with these roles, and to follow and cancel them. */
  grantRun(grantee: iam.IGrantable, roles: readonly iam.IRole[]): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['emr-serverless:StartJobRun'],
      resourceArns: [this.applicationArn],
    });
    this.grantCancel(grantee);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['iam:PassRole'],
        resources: roles.map((role) => role.roleArn),
        conditions: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      }),
    );
  }
}

function validate(props: SparkApplicationProps): void {
  const { maximumCores, idleMinutes } = props;
  if (!Token.isUnresolved(maximumCores) && (!Number.isInteger(maximumCores) || maximumCores < 4)) {
    throw new RangeError(
      `SparkApplication: maximumCores is ${maximumCores}; allowed: whole numbers from 4, since a stream and a job need 4 vCPU.`,
    );
  }
  if (idleMinutes !== undefined && (idleMinutes < 1 || idleMinutes > 10_080)) {
    throw new RangeError(`SparkApplication: idleMinutes is ${idleMinutes}; allowed: 1 to 10080 (a week).`);
  }
  if (props.subnets.length < 2) {
    throw new RangeError(
      `SparkApplication: ${props.subnets.length} subnet was given; allowed: two or more, in different zones.`,
    );
  }
}
