/**
 * An EMR Serverless application for Spark, in the manner of the CDK's L2 constructs: release, caps and network come in;
 * grants for those who start jobs, and metrics, go out. Called by the processing stack.
 */
import { ArnFormat, type IResource, Resource, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { checkSparkApplication } from './spark-application-limits.ts';
import type { SparkApplicationProps, WarmWorkers } from './spark-application-props.ts';
import { StoppedApplication } from './stopped-application.ts';

/** An EMR Serverless application, made here or elsewhere. */
export interface ISparkApplication extends IResource {
  readonly applicationId: string;
  readonly applicationArn: string;
  /** ARN of all job runs of the application; a run's id is not known before it is started. */
  readonly jobRunsArn: string;
  /** Allows to list, follow and cancel job runs. */
  grantCancel(grantee: iam.IRole): void;
  /** Allows to start job runs with these roles, and to follow and cancel them. */
  grantRun(grantee: iam.IRole, roles: readonly iam.IRole[]): void;
  /** A metric of the application, by the service's name for it. */
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Job runs that failed. */
  metricFailedJobs(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
  /** Job runs that run. */
  metricRunningJobs(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** What is known of an application that was made elsewhere. */
export interface SparkApplicationAttributes {
  readonly applicationId: string;
}

abstract class SparkApplicationBase extends Resource implements ISparkApplication {
  abstract readonly applicationId: string;
  abstract readonly applicationArn: string;

  get jobRunsArn(): string {
    return arnOf(this, `${this.applicationId}/jobruns/*`);
  }

  grantCancel(grantee: iam.IRole): void {
    acknowledge(grantee, {
      rule: 'AwsSolutions-IAM5',
      findings: ['/jobruns/*'],
      reason: 'Job runs of one application, whose ids are not known before they are started.',
      until: 'never',
    });
    this.grant(grantee, ['emr-serverless:ListJobRuns'], this.applicationArn);
    this.grant(grantee, ['emr-serverless:CancelJobRun', 'emr-serverless:GetJobRun'], this.jobRunsArn);
  }

  grantRun(grantee: iam.IRole, roles: readonly iam.IRole[]): void {
    this.grant(grantee, ['emr-serverless:StartJobRun'], this.applicationArn);
    this.grantCancel(grantee);
    grantee.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['iam:PassRole'],
        resources: roles.map((role) => role.roleArn),
        conditions: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
      }),
    );
  }

  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/EMRServerless',
      metricName,
      dimensionsMap: { ApplicationId: this.applicationId },
      statistic: 'Sum',
      ...props,
    }).attachTo(this);
  }

  metricFailedJobs(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('FailedJobs', props);
  }

  metricRunningJobs(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RunningJobs', { statistic: 'Maximum', ...props });
  }

  private grant(grantee: iam.IGrantable, actions: string[], resourceArn: string): void {
    iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [resourceArn] });
  }
}

/** ARNs of this service have a slash before `applications`. */
function arnOf(scope: Construct, resourceName: string): string {
  return Stack.of(scope).formatArn({
    service: 'emr-serverless',
    resource: '/applications',
    resourceName,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}

/** An application. */
export class SparkApplication extends SparkApplicationBase {
  /** An application of this account and Region that was made elsewhere. */
  static fromSparkApplicationAttributes(
    scope: Construct,
    id: string,
    attributes: SparkApplicationAttributes,
  ): ISparkApplication {
    class Imported extends SparkApplicationBase {
      readonly applicationId = attributes.applicationId;
      readonly applicationArn = arnOf(scope, attributes.applicationId);
    }
    return new Imported(scope, id);
  }

  readonly applicationId: string;
  readonly applicationArn: string;

  constructor(scope: Construct, id: string, props: SparkApplicationProps) {
    super(scope, id, { physicalName: props.applicationName });
    checkSparkApplication(props);
    const settings = settingsOf(props);
    const application = new CfnApplication(this, 'Resource', settings);
    this.applicationId = application.attrApplicationId;
    this.applicationArn = application.attrArn;
    new StoppedApplication(this, 'Stopped', { application, settings, logRetentionDays: props.logRetentionDays });
    props.encryptionKey?.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('emr-serverless.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { ArnLike: { 'aws:SourceArn': arnOf(this, '*') } },
      }),
    );
  }
}

function settingsOf(props: SparkApplicationProps): ConstructorParameters<typeof CfnApplication>[2] {
  const key = props.encryptionKey ? { encryptionKeyArn: props.encryptionKey.keyArn } : {};
  const capacity = (key: string, { count, cores, memory }: WarmWorkers) => ({
    key,
    value: { workerCount: count, workerConfiguration: { cpu: `${cores} vCPU`, memory: `${memory} GB` } },
  });
  return {
    name: props.applicationName,
    type: 'SPARK',
    releaseLabel: props.releaseLabel ?? 'emr-spark-8.1.0',
    architecture: props.architecture ?? 'ARM64',
    autoStartConfiguration: { enabled: props.autoStart ?? true },
    autoStopConfiguration: { enabled: true, idleTimeoutMinutes: props.idleMinutes ?? 15 },
    maximumCapacity: {
      cpu: `${props.maximumCores} vCPU`,
      memory: `${props.maximumMemory ?? props.maximumCores * 8} GB`,
    },
    ...(props.warm
      ? { initialCapacity: [capacity('Driver', props.warm.drivers), capacity('Executor', props.warm.executors)] }
      : {}),
    networkConfiguration: {
      subnetIds: props.subnets.map((subnet) => subnet.subnetId),
      securityGroupIds: props.securityGroups.map((group) => group.securityGroupId),
    },
    schedulerConfiguration: {
      maxConcurrentRuns: props.scheduler?.maximumConcurrentRuns ?? 10,
      queueTimeoutMinutes: props.scheduler?.queueMinutes ?? 60,
    },
    monitoringConfiguration: {
      managedPersistenceMonitoringConfiguration: { enabled: props.managedLogs ?? true, ...key },
      ...(props.logGroup
        ? {
            cloudWatchLoggingConfiguration: { enabled: true, logGroupName: props.logGroup.logGroupName, ...key },
          }
        : {}),
    },
  };
}
