/** Rules for what no public pack knows (MSK Serverless, EMR Serverless, secrets); then templates with a mistake. */
import { describe, expect, it } from 'vitest';
import { environments } from '../../config/environments.ts';
import { concrete } from './support/concrete.ts';
import { at, listAt, put } from './support/json.ts';
import { ruleFindings } from './support/rules.ts';
import { all, environmentNames, type Find, mutant, type Stack, stacksOf } from './support/stacks.ts';

const found = (stacks: readonly Stack[]): string[] => ruleFindings(concrete(stacks));

describe.each(environmentNames)('in %s', (environment) => {
  it('every rule is kept', () => {
    expect(found(stacksOf(environment))).toEqual([]);
  });

  it('every rule is kept with MSK Express', () => {
    expect(all(stacksOf(environment, 'express'), 'AWS::MSK::Cluster')).toHaveLength(1);
    const ofPlatform = found(stacksOf(environment, 'express')).filter(
      (line) => !line.startsWith(`${environment}/clients`),
    );
    expect(ofPlatform).toEqual([]);
  });

  it('what holds data outlives its stack where the environment says so', () => {
    const { removal } = environments.find(({ name }) => name === environment) ?? {};
    const types = [
      'AWS::DynamoDB::GlobalTable',
      'AWS::Glue::Database',
      'AWS::MSK::ServerlessCluster',
      'AWS::RDS::DBCluster',
      'AWS::RDS::DBInstance',
      'AWS::S3::Bucket',
    ];
    const holding = [
      ...types.flatMap((type) => all(stacksOf(environment), type)),
      ...all(stacksOf(environment, 'express'), 'AWS::MSK::Cluster'),
    ]
      // What runs for a cluster holds nothing.
      .filter(({ resource }) => resource.Properties.DBClusterIdentifier === undefined);
    const kept = holding.map(({ resource }) => resource.DeletionPolicy);
    if (removal === 'retain') expect(kept.every((policy) => /^(Retain|Snapshot)/.test(policy ?? ''))).toBe(true);
    else expect(kept.every((policy) => policy === 'Delete' || policy === undefined)).toBe(true);
  });
});

/** A path into the definition of the state machine of the invented pipeline, whose text holds references. */
function inDefinition(find: Find, from: string | RegExp, to: string): void {
  const { resource } = find('AWS::StepFunctions::StateMachine', (_resource, id) => id.startsWith('Workflow'));
  const parts = at(resource, 'Properties.DefinitionString.Fn::Join.1') as unknown[];
  const changed = parts.map((part) => (typeof part === 'string' ? part.replaceAll(from, to) : part));
  put(resource, 'Properties.DefinitionString.Fn::Join.1', changed);
}

const cluster = (find: Find) => find('AWS::MSK::ServerlessCluster').resource.Properties;
const application = (find: Find) => find('AWS::EMRServerless::Application').resource.Properties;

describe('a mistake is told with its place', () => {
  const changes: readonly [string, RegExp, (find: Find) => void][] = [
    [
      'a tag on the cluster',
      /^dev\/streaming KafkaCluster\w*: Tags must/,
      (find) => put(cluster(find), 'Tags', { a: 'b' }),
    ],
    [
      'another name of the cluster',
      /KafkaCluster\w*: ClusterName is/,
      (find) => put(cluster(find), 'ClusterName', 'kafka'),
    ],
    [
      'no IAM',
      /KafkaCluster\w*: ClientAuthentication\.Sasl\.Iam\.Enabled/,
      (find) => put(cluster(find), 'ClientAuthentication.Sasl.Iam.Enabled', false),
    ],
    [
      'one network only',
      /KafkaCluster\w*: VpcConfigs must have both/,
      (find) => put(cluster(find), 'VpcConfigs', listAt(cluster(find), 'VpcConfigs').slice(1)),
    ],
    [
      'one subnet',
      /KafkaCluster\w*: VpcConfigs\.1\.SubnetIds/,
      (find) => put(cluster(find), 'VpcConfigs.1.SubnetIds', listAt(cluster(find), 'VpcConfigs.1.SubnetIds').slice(1)),
    ],
    [
      'no group',
      /KafkaCluster\w*: VpcConfigs\.0\.SecurityGroups/,
      (find) => put(cluster(find), 'VpcConfigs.0.SecurityGroups', []),
    ],
    [
      'another release',
      /^dev\/processing Spark\w*: ReleaseLabel is emr-7/,
      (find) => put(application(find), 'ReleaseLabel', 'emr-7.14.0'),
    ],
    ['another architecture', /Spark\w*: Architecture/, (find) => put(application(find), 'Architecture', 'X86_64')],
    ['no cap', /Spark\w*: MaximumCapacity\.Cpu/, (find) => put(application(find), 'MaximumCapacity', undefined)],
    [
      'no automatic stop',
      /Spark\w*: AutoStopConfiguration/,
      (find) => put(application(find), 'AutoStopConfiguration.Enabled', false),
    ],
    [
      'an application in one subnet',
      /Spark\w*: NetworkConfiguration\.SubnetIds/,
      (find) => put(application(find), 'NetworkConfiguration.SubnetIds.1', undefined),
    ],
    [
      'no queue',
      /Spark\w*: SchedulerConfiguration/,
      (find) => put(application(find), 'SchedulerConfiguration', undefined),
    ],
    [
      'jobs of more than the quota',
      /^dev\/readings WorkflowStateMachine\w*: DefinitionString: the streams and a job beside them use \d+ vCPU/,
      (find) => inDefinition(find, 'spark.executor.instances=2', 'spark.executor.instances=20'),
    ],
    [
      'executors without limit',
      /WorkflowStateMachine\w*: DefinitionString .*maxExecutors/,
      (find) => inDefinition(find, /spark\.dynamicAllocation\.\w+=\w+/g, 'spark.x=1'),
    ],
    [
      'a password in the template',
      /RegistryDatabase\w*: MasterUserPassword is a secret in the template/,
      (find) => put(find('AWS::RDS::DBInstance').resource, 'Properties.MasterUserPassword', 'swordfish'),
    ],
    [
      'a password in a container',
      /RegistryTask\w*: ContainerDefinitions\.0\.Environment\.0\.APICURIO_DATASOURCE_PASSWORD is a secret/,
      (find) =>
        put(find('AWS::ECS::TaskDefinition').resource, 'Properties.ContainerDefinitions.0.Environment.0', {
          Name: 'APICURIO_DATASOURCE_PASSWORD',
          Value: 'swordfish',
        }),
    ],
    [
      'a database in the open',
      /RegistryDatabase\w*: PubliclyAccessible/,
      (find) => put(find('AWS::RDS::DBInstance').resource, 'Properties.PubliclyAccessible', true),
    ],
    [
      'a bucket in the open',
      /Bucket\w*: PublicAccessBlockConfiguration\.BlockPublicPolicy/,
      (find) =>
        put(find('AWS::S3::Bucket').resource, 'Properties.PublicAccessBlockConfiguration.BlockPublicPolicy', false),
    ],
    [
      'a balancer in the open',
      /RegistryBalancer\w*: Scheme/,
      (find) => put(find('AWS::ElasticLoadBalancingV2::LoadBalancer').resource, 'Properties.Scheme', 'internet-facing'),
    ],
    [
      'an image without version',
      /RegistryTask\w*: ContainerDefinitions\.0\.Image is apicurio\/apicurio-registry:latest/,
      (find) =>
        put(
          find('AWS::ECS::TaskDefinition').resource,
          'Properties.ContainerDefinitions.0.Image',
          'apicurio/apicurio-registry:latest',
        ),
    ],
    [
      'logs for ever',
      /Logs\w*: RetentionInDays/,
      (find) => put(find('AWS::Logs::LogGroup').resource, 'Properties.RetentionInDays', undefined),
    ],
  ];

  it.each(changes)('%s', (_, message, change) => {
    const findings = found(mutant(stacksOf('dev', 'readings'), change));
    expect(findings.filter((line) => message.test(line)).length, findings.join('\n')).toBeGreaterThan(0);
  });
});

describe('a mistake in brokers of MSK Express is told with its place', () => {
  const stacks = stacksOf('dev', 'express');
  const broken = (path: string, value: unknown): string =>
    found(mutant(stacks, (find) => put(find('AWS::MSK::Cluster').resource.Properties, path, value))).join('\n');

  it.each([
    ['another name', 'ClusterName', 'kafka'],
    ['no IAM', 'ClientAuthentication.Sasl.Iam.Enabled', false],
    ['everybody let in', 'ClientAuthentication.Unauthenticated.Enabled', true],
    ['no TLS for clients', 'EncryptionInfo.EncryptionInTransit.ClientBroker', 'TLS_PLAINTEXT'],
    ['no TLS between brokers', 'EncryptionInfo.EncryptionInTransit.InCluster', false],
    [
      'an address in the internet',
      'BrokerNodeGroupInfo.ConnectivityInfo',
      { PublicAccess: { Type: 'SERVICE_PROVIDED_EIPS' } },
    ],
    ['brokers of another kind', 'BrokerNodeGroupInfo.InstanceType', 'kafka.m7g.large'],
    ['two zones', 'BrokerNodeGroupInfo.ClientSubnets.2', undefined],
    ['no group', 'BrokerNodeGroupInfo.SecurityGroups', []],
  ])('%s', (_, path, value) => {
    expect(broken(path, value)).toMatch(new RegExp(`KafkaExpress\\w+: ${path.replace(/\.\d$/, '')}`));
  });
});
