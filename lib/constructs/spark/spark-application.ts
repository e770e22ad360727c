/** An EMR Serverless application for Spark, in the manner of the CDK's L2 constructs. */
import { ArnFormat, Resource, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import {
  checkSparkApplication,
  RELEASE_LABEL,
  type SparkApplicationProps,
  type WarmWorkers,
} from './spark-application-props.ts';
import { StoppedApplication } from './stopped-application.ts';

type Tags = Readonly<Record<string, string>>;

/** An EMR Serverless application, made here or elsewhere. */
export abstract class SparkApplicationBase extends Resource {
  abstract readonly applicationId: string;
  /** Its metrics bear it beside the id. */
  abstract readonly applicationName: string;
  abstract readonly applicationArn: string;

  /** ARN of all job runs of the application; a run's id is not known before it is started. */
  get jobRunsArn(): string {
    return arnOf(this, `${this.applicationId}/jobruns/*`);
  }

  /**
   * Allows to list job runs, and to follow and cancel them.
   *
   * @param tags that a run must have to be followed or cancelled; none by default
   */
  grantCancel(grantee: iam.IRole, tags: Tags = {}): void {
    const reason = 'Job runs of one application, whose ids are not known before they are started.';
    acknowledge(grantee, { 'AwsSolutions-IAM5[/jobruns/*]': reason });
    allow(grantee, ['emr-serverless:ListJobRuns'], [this.applicationArn]);
    allow(grantee, ['emr-serverless:CancelJobRun'], [this.jobRunsArn], tagged('ResourceTag', tags));
  }

  /**
   * Allows to start job runs with these roles, and to follow and cancel them.
   *
   * @param tags that a run must be started with; none by default
   */
  grantRun(grantee: iam.IRole, roles: readonly iam.IRole[], tags: Tags = {}): void {
    const requested = tagged('RequestTag', tags);
    allow(grantee, ['emr-serverless:StartJobRun'], [this.applicationArn], requested);
    if (Object.keys(tags).length > 0) {
      allow(grantee, ['emr-serverless:TagResource'], [this.jobRunsArn], requested);
    }
    this.grantCancel(grantee, tags);
    allow(grantee, ['emr-serverless:GetJobRun'], [this.jobRunsArn], tagged('ResourceTag', tags));
    const passed = { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } };
    const roleArns = roles.map((role) => role.roleArn);
    allow(grantee, ['iam:PassRole'], roleArns, passed);
  }

  /** A metric of the application, by the service's name for it. */
  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/EMRServerless',
      metricName,
      // Both: since release 7.10 nothing is reported by the id alone.
      dimensionsMap: { ApplicationId: this.applicationId, ApplicationName: this.applicationName },
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
}

/** The condition that a request or a resource has these tags. */
function tagged(key: string, tags: Tags): Record<string, unknown> {
  const values = Object.entries(tags).map(([name, value]) => [`aws:${key}/${name}`, value]);
  return values.length > 0 ? { StringEquals: Object.fromEntries(values) } : {};
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

/** An application, stopped before every change. */
export class SparkApplication extends SparkApplicationBase {
  /** An application of this account and Region that was made elsewhere. */
  static fromSparkApplicationAttributes(
    scope: Construct,
    id: string,
    attributes: Pick<SparkApplicationBase, 'applicationId' | 'applicationName'>,
  ): SparkApplicationBase {
    class Imported extends SparkApplicationBase {
      readonly applicationId = attributes.applicationId;
      readonly applicationName = attributes.applicationName;
      readonly applicationArn = arnOf(scope, attributes.applicationId);
    }
    return new Imported(scope, id);
  }

  readonly applicationId: string;
  readonly applicationName: string;
  readonly applicationArn: string;

  constructor(scope: Construct, id: string, props: SparkApplicationProps) {
    super(scope, id, { physicalName: props.applicationName });
    checkSparkApplication(props);
    const settings = settingsOf(props);
    this.applicationName = props.applicationName;
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
  const encryptionKeyArn = props.encryptionKey?.keyArn;
  const capacity = (key: string, { count, cores, memory }: WarmWorkers) => ({
    key,
    value: { workerCount: count, workerConfiguration: { cpu: `${cores} vCPU`, memory: `${memory} GB` } },
  });
  return {
    name: props.applicationName,
    type: 'SPARK',
    releaseLabel: props.releaseLabel ?? RELEASE_LABEL,
    architecture: props.architecture ?? 'ARM64',
    autoStartConfiguration: { enabled: props.autoStart ?? true },
    autoStopConfiguration: { enabled: true, idleTimeoutMinutes: props.idleMinutes ?? 15 },
    maximumCapacity: {
      cpu: `${props.maximumCores} vCPU`,
      memory: `${props.maximumMemory ?? props.maximumCores * 8} GB`,
    },
    initialCapacity: props.warm && [capacity('Driver', props.warm.drivers), capacity('Executor', props.warm.executors)],
    networkConfiguration: {
      subnetIds: props.subnets.map((subnet) => subnet.subnetId),
      securityGroupIds: props.securityGroups.map((group) => group.securityGroupId),
    },
    schedulerConfiguration: {
      maxConcurrentRuns: props.scheduler?.maximumConcurrentRuns ?? 10,
      queueTimeoutMinutes: props.scheduler?.queueMinutes ?? 60,
    },
    monitoringConfiguration: {
      managedPersistenceMonitoringConfiguration: { enabled: props.managedLogs ?? true, encryptionKeyArn },
      cloudWatchLoggingConfiguration: props.logGroup && {
        enabled: true,
        logGroupName: props.logGroup.logGroupName,
        encryptionKeyArn,
      },
    },
  };
}
