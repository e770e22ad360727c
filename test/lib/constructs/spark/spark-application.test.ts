/** The application's construct: what it makes of its properties, what it refuses, what it grants. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { SparkApplication } from '../../../../lib/constructs/spark/spark-application.ts';
import type { SparkApplicationProps } from '../../../../lib/constructs/spark/spark-application-props.ts';

/** A stack with an application; `props` may use the stack. */
function application(props: (stack: Stack) => Partial<SparkApplicationProps> = () => ({})) {
  const stack = new Stack(new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': false } }), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
  const made = new SparkApplication(stack, 'Spark', {
    applicationName: 'test',
    maximumCores: 16,
    subnets: vpc.privateSubnets,
    securityGroups: [new ec2.SecurityGroup(stack, 'Group', { vpc })],
    logRetentionDays: 7,
    ...props(stack),
  });
  return { stack, vpc, made, template: () => Template.fromStack(stack) };
}

const TYPE = 'AWS::EMRServerless::Application';

describe('defaults', () => {
  const { template } = application();

  test('are the pinned release on ARM64, capped, that starts and stops by itself', () => {
    template().hasResourceProperties(TYPE, {
      Name: 'test',
      Type: 'SPARK',
      ReleaseLabel: 'emr-spark-8.1.0',
      Architecture: 'ARM64',
      AutoStartConfiguration: { Enabled: true },
      AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 15 },
      MaximumCapacity: { Cpu: '16 vCPU', Memory: '128 GB' },
      SchedulerConfiguration: { MaxConcurrentRuns: 10, QueueTimeoutMinutes: 60 },
      MonitoringConfiguration: { ManagedPersistenceMonitoringConfiguration: { Enabled: true } },
      InitialCapacity: Match.absent(),
    });
  });

  test('attach it to two subnets and the group', () => {
    const [{ Properties } = { Properties: {} }] = Object.values(template().findResources(TYPE));
    expect(Properties.NetworkConfiguration.SubnetIds).toHaveLength(2);
    expect(Properties.NetworkConfiguration.SecurityGroupIds).toHaveLength(1);
  });
});

describe('properties', () => {
  test('warm workers are initial capacity', () => {
    const worker = { count: 1, cores: 1, memory: 4 };
    const warm = { drivers: worker, executors: { count: 2, cores: 2, memory: 8 } };
    application(() => ({ warm }))
      .template()
      .hasResourceProperties(TYPE, {
        InitialCapacity: [
          { Key: 'Driver', Value: { WorkerCount: 1, WorkerConfiguration: { Cpu: '1 vCPU', Memory: '4 GB' } } },
          { Key: 'Executor', Value: { WorkerCount: 2, WorkerConfiguration: { Cpu: '2 vCPU', Memory: '8 GB' } } },
        ],
      });
  });

  test('a log group and a key are used for both kinds of logs, and the service may use the key', () => {
    const { template } = application((stack) => ({
      logGroup: new LogGroup(stack, 'Logs'),
      encryptionKey: new kms.Key(stack, 'Key'),
      managedLogs: true,
    }));
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template().hasResourceProperties(TYPE, {
      MonitoringConfiguration: {
        ManagedPersistenceMonitoringConfiguration: { Enabled: true, EncryptionKeyArn: key },
        CloudWatchLoggingConfiguration: { Enabled: true, EncryptionKeyArn: key },
      },
    });
    template().hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Principal: { Service: 'emr-serverless.amazonaws.com' },
          }),
        ]),
      },
    });
  });
});

const worker = { count: 1, cores: 1, memory: 4 };

describe('it refuses', () => {
  test.each<[string, Partial<SparkApplicationProps>, string]>([
    ['a name that is none', { applicationName: 'my app' }, 'applicationName is not a name; got "my app"'],
    ['a release that is none', { releaseLabel: 'spark-4' }, 'releaseLabel is not a release; got "spark-4"'],
    [
      'a cap that no job fits into',
      { maximumCores: 1 },
      'maximumCores is out of range; got 1; allowed: whole numbers from 2',
    ],
    ['half a vCPU', { maximumCores: 4.5 }, 'maximumCores is out of range; got 4.5'],
    ['more memory than workers can have', { maximumMemory: 129 }, 'maximumMemory is out of range; got 129'],
    [
      'to stop at once',
      { idleMinutes: 0 },
      'idleMinutes is out of range; got 0; allowed: whole numbers from 1 to 10080',
    ],
    ['no runs', { scheduler: { maximumConcurrentRuns: 0 } }, 'scheduler.maximumConcurrentRuns is out of range; got 0'],
    ['a short queue', { scheduler: { queueMinutes: 5 } }, 'scheduler.queueMinutes is out of range; got 5'],
    ['no security group', { securityGroups: [] }, 'securityGroups are too few or many; got 0'],
    [
      'no warm worker',
      { warm: { drivers: { ...worker, count: 0 }, executors: worker } },
      'warm.drivers.count is out of',
    ],
    [
      'three vCPU',
      { warm: { drivers: worker, executors: { ...worker, cores: 3 } } },
      'warm.executors.cores is not a worker',
    ],
    [
      'a lean worker',
      { warm: { drivers: { ...worker, memory: 1 }, executors: worker } },
      'warm.drivers.memory is out of',
    ],
    [
      'warm workers above the cap',
      { warm: { drivers: worker, executors: { count: 4, cores: 4, memory: 8 } } },
      'warm has more vCPU than maximumCores; got 17; allowed: 16 at most',
    ],
    [
      'warm workers above the memory',
      { maximumMemory: 16, warm: { drivers: worker, executors: { count: 2, cores: 2, memory: 8 } } },
      'warm has more memory than maximumMemory; got 20; allowed: 16 GB at most',
    ],
  ])('%s', (_, props, message) => {
    expect(() => application(() => props)).toThrow(`SparkApplication ${message}`);
  });

  test('one subnet, and subnets of one zone', () => {
    const { vpc } = application();
    const [subnet] = vpc.privateSubnets as [ec2.ISubnet];
    expect(() => application(() => ({ subnets: [subnet] }))).toThrow('SparkApplication subnets are too few; got 1');
    expect(() => application(() => ({ subnets: [subnet, subnet] }))).toThrow(
      'SparkApplication subnets lie in one zone',
    );
  });
});

describe('grants', () => {
  const { stack, made, template } = application();
  const starter = new iam.Role(stack, 'Starter', { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') });
  const job = new iam.Role(stack, 'Job', { assumedBy: new iam.ServicePrincipal('emr-serverless.amazonaws.com') });
  made.grantRun(starter, [job]);

  test('to run are to start, to follow and cancel, and to pass the given roles to this service only', () => {
    template().hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Starter') }],
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Action: 'emr-serverless:StartJobRun' }),
          Match.objectLike({ Action: 'emr-serverless:ListJobRuns' }),
          Match.objectLike({ Action: 'emr-serverless:CancelJobRun' }),
          Match.objectLike({ Action: 'emr-serverless:GetJobRun' }),
          {
            Action: 'iam:PassRole',
            Effect: 'Allow',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Job'), 'Arn'] },
            Condition: { StringEquals: { 'iam:PassedToService': 'emr-serverless.amazonaws.com' } },
          },
        ],
      },
    });
  });

  test('with tags reach the runs that have them only, and these are started with them', () => {
    const { stack, made, template } = application();
    const other = new iam.Role(stack, 'Other', { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') });
    made.grantRun(other, [other], { pipeline: 'tiny' });
    const Condition = (key: string) => ({ StringEquals: { [`aws:${key}/pipeline`]: 'tiny' } });
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Action: 'emr-serverless:StartJobRun', Condition: Condition('RequestTag') }),
          Match.objectLike({ Action: 'emr-serverless:TagResource', Condition: Condition('RequestTag') }),
          Match.objectLike({ Action: 'emr-serverless:ListJobRuns', Condition: Match.absent() }),
          Match.objectLike({ Action: 'emr-serverless:CancelJobRun', Condition: Condition('ResourceTag') }),
          Match.objectLike({ Action: 'emr-serverless:GetJobRun', Condition: Condition('ResourceTag') }),
          Match.objectLike({ Action: 'iam:PassRole' }),
        ],
      },
    });
  });

  test('an imported application has the same grants and metrics', () => {
    const imported = SparkApplication.fromSparkApplicationAttributes(stack, 'Imported', {
      applicationId: '00abc',
      applicationName: 'elsewhere',
    });
    expect(stack.resolve(imported.applicationArn)['Fn::Join'][1].at(-1)).toBe(':/applications/00abc');
    expect(stack.resolve(imported.jobRunsArn)['Fn::Join'][1].at(-1)).toBe(':/applications/00abc/jobruns/*');
    expect(imported.metricFailedJobs().toMetricConfig().metricStat).toMatchObject({
      namespace: 'AWS/EMRServerless',
      metricName: 'FailedJobs',
      // Since release 7.10 nothing is reported by the id alone.
      dimensions: [
        { name: 'ApplicationId', value: '00abc' },
        { name: 'ApplicationName', value: 'elsewhere' },
      ],
      statistic: 'Sum',
    });
    expect(imported.metricRunningJobs().toMetricConfig().metricStat).toMatchObject({ statistic: 'Maximum' });
  });
});

describe('before a change', () => {
  interface Resource {
    readonly Type?: string;
    readonly Properties?: Readonly<Record<string, unknown>>;
    readonly DependsOn?: string | readonly string[];
  }
  const resources = application().template().toJSON().Resources as Record<string, Resource>;
  const entries = Object.entries(resources);
  const phase = (name: string): [string, Resource] =>
    entries.find(([, { Properties }]) => Properties?.Phase === name) ?? ['', {}];
  const [applicationId, made]: [string, Resource] = entries.find(([, { Type }]) => Type === TYPE) ?? ['', {}];
  const dependencies = (resource: Resource) => [resource.DependsOn ?? []].flat();

  test('the application depends on the resource that stops it before an update', () => {
    expect(dependencies(made)).toContain(phase('update')[0]);
  });

  test('which changes whenever the application does, and does not refer to it', () => {
    const text = JSON.stringify(phase('update')[1]);
    expect(text).toContain('emr-spark-8.1.0');
    expect(text).not.toContain(applicationId);
  });

  test('the resource that stops it before it is deleted depends on it and on the rights to do so', () => {
    const [, resource] = phase('delete');
    expect(JSON.stringify(resource)).toContain(applicationId);
    const rights = entries.find(
      ([, { Type, Properties }]) =>
        Type === 'AWS::IAM::Policy' && JSON.stringify(Properties).includes('StopApplication'),
    );
    expect(dependencies(resource)).toContain(rights?.[0]);
  });
});
