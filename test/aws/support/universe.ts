/**
 * The small world in which permissions are tried: concrete resources and a pipeline's declaration come in; things with
 * names, their ARNs and request contexts go out, and beside each a sentinel that nobody may touch. What is of a pipeline
 * is named with it, except in the pipeline's own table. Called by the permission table.
 */
import type { Pipeline } from '../../../lib/declaration/model.ts';
import { externalGroupPrefix, externalWays, kebab } from '../../../lib/declaration/plan.ts';
import { ACCOUNT, CLUSTER_UUID, REGION } from './arns.ts';
import type { AssetNames } from './assets.ts';
import { type Concrete, ofType } from './concrete.ts';

/** One thing that a request can be about. */
export interface Thing {
  /** Name for people. */
  readonly label: string;
  /** Name of several things that are granted together; used when all of them are. */
  readonly group?: string;
  /** Prefixes of actions that make sense on it. */
  readonly services: readonly string[];
  readonly arn: string;
  /** What AWS would know of the request. */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

const regional = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** Everything in the world of these pipelines, named as the table of the stack `own` names it. */
export function universeOf(
  everything: readonly Concrete[],
  pipelines: readonly Pipeline[],
  assets: AssetNames,
  own: string,
): Thing[] {
  const stranger = (stack: string): string => {
    const name = stack.split('/')[1] ?? '';
    return name !== own && pipelines.some((pipeline) => pipeline.name === name) ? ` of ${name}` : '';
  };
  const resources = everything.map((resource) => ({
    ...resource,
    short: `${resource.short}${stranger(resource.stack)}`,
  }));
  const files = [...assets].map(([key, names]): [key: string, label: string] => {
    const [stack = '', label = ''] = [...names].find(([path]) => path.endsWith(`/${own}`)) ?? [...names][0] ?? [];
    // The same jars are uploaded by all.
    return [key, names.size > 1 ? label : `${label}${stranger(stack)}`];
  });
  return [
    ...kafkaThings(resources, pipelines),
    ...objectThings(resources, pipelines, files),
    ...roleThings(resources),
    ...sparkThings(resources),
    ...tableThings(resources, pipelines),
    ...namedThings(resources),
    ...interfaceThings(),
  ];
}

function kafkaThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const cluster = ofType(resources, 'AWS::MSK::ServerlessCluster')[0];
  if (!cluster) return [];
  const { name } = cluster;
  const thing = (label: string, kind: string, of: string, what = ''): Thing => ({
    label,
    services: ['kafka-cluster'],
    arn: regional('kafka', `${kind}/${of}/${CLUSTER_UUID}${what && `/${what}`}`),
  });
  const topics = pipelines.flatMap((pipeline) => Object.values(pipeline.topics).map((topic) => topic.name));
  const groups = pipelines.flatMap((pipeline) => [
    ...Object.keys(pipeline.jobs).map((job) => `millrace.${pipeline.name}.${job}-spark-kafka-1`),
    ...(Object.values(pipeline.topics).some((topic) => externalWays(topic).includes('Reader'))
      ? [`${externalGroupPrefix(pipeline.name)}-spark-kafka-1`]
      : []),
  ]);
  return [
    { label: 'the cluster', services: ['kafka', 'kafka-cluster'], arn: cluster.id },
    {
      label: 'another cluster',
      services: ['kafka', 'kafka-cluster'],
      arn: cluster.id.replace(name, 'another'),
    },
    ...topics.map((topic) => thing(`topic ${topic}`, 'topic', name, topic)),
    thing('another topic', 'topic', name, 'another.topic'),
    ...topics.map((topic) => thing(`topic ${topic} of another cluster`, 'topic', 'another', topic)),
    ...groups.map((group) => thing(`groups ${group.replace(/spark.*/, '*')}`, 'group', name, group)),
    thing('another group', 'group', name, 'another-group'),
    thing('a group whose name merely begins so', 'group', name, groups[0]?.replace('-spark', 'r-spark') ?? 'x'),
    thing('a transaction', 'transactional-id', name, 'a'),
  ];
}

/** Objects and listings of the data bucket, objects of the assets bucket, and another bucket. */
function objectThings(
  resources: readonly Concrete[],
  pipelines: readonly Pipeline[],
  assets: readonly [key: string, label: string][],
): Thing[] {
  const object = (label: string, bucket: string, key: string, group?: string): Thing => ({
    label,
    ...(group ? { group } : {}),
    services: ['s3'],
    arn: `arn:aws:s3:::${bucket}/${key}`,
  });
  const assetsBucket = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;
  const buckets = ofType(resources, 'AWS::S3::Bucket');
  const dataBucket = buckets.find(({ short }) => short.startsWith('Data'));
  const data = dataBucket?.name ?? 'data';
  const prefixes = pipelines.flatMap(({ name, jobs }) => [
    `input/${name}`,
    ...Object.entries(jobs).flatMap(([job, { mode, writes }]) => [
      ...(mode === 'streaming' ? [`checkpoints/${name}/${kebab(job)}`] : []),
      ...(writes.folders ?? []).map((folder) => `${folder}/${name}`),
    ]),
  ]);
  const sentinels = ['input/another', 'checkpoints/another/job', 'results/another', 'elsewhere'];
  return [
    ...[...prefixes, ...sentinels].flatMap((prefix) => [
      object(`${prefix}/`, data, `${prefix}/2026/part-0`, 'everything in the data bucket'),
      {
        label: `listing of ${prefix}/`,
        // Who may list all of it may list the bucket.
        group: 'the data bucket',
        services: ['s3'],
        arn: `arn:aws:s3:::${data}`,
        context: { 's3:prefix': `${prefix}/2026` },
      },
    ]),
    ...buckets.flatMap(({ name, short }) => [
      { label: name === data ? 'the data bucket' : `bucket ${short}`, services: ['s3'], arn: `arn:aws:s3:::${name}` },
      ...(name === data ? [] : [object(`everything in ${short}`, name, 'any')]),
    ]),
    ...assets.map(([key, label]) =>
      object(label, assetsBucket, key, label.startsWith('jar ') ? 'all jars' : undefined),
    ),
    object('another asset', assetsBucket, 'another.zip'),
    { label: 'the assets bucket', services: ['s3'], arn: `arn:aws:s3:::${assetsBucket}` },
    { label: 'another bucket', services: ['s3'], arn: 'arn:aws:s3:::another-bucket' },
    object('an object of another bucket', 'another-bucket', 'input/another/x'),
  ];
}

/** Handing a role to a service. */
function roleThings(resources: readonly Concrete[]): Thing[] {
  const roles = [
    ...ofType(resources, 'AWS::IAM::Role').map(({ short, name }) => ({
      label: short.replace(/Role(?= of |$)/, ''),
      name,
    })),
    { label: 'Admin', name: 'Admin' },
  ];
  return roles.flatMap(({ label, name }) =>
    ['emr-serverless', 'ecs-tasks', 'lambda', 'ec2'].map((service) => ({
      label: `role ${label} to ${service}`,
      services: ['iam'],
      arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      context: { 'iam:PassedToService': `${service}.amazonaws.com` },
    })),
  );
}

function sparkThings(resources: readonly Concrete[]): Thing[] {
  const applications = [
    ...ofType(resources, 'AWS::EMRServerless::Application').map(({ name }) => ['the application', name] as const),
    ['another application', 'another'] as const,
  ];
  return applications.flatMap(([label, id]) => [
    { label, services: ['emr-serverless'], arn: regional('emr-serverless', `/applications/${id}`) },
    {
      label: `job runs of ${label}`,
      services: ['emr-serverless'],
      arn: regional('emr-serverless', `/applications/${id}/jobruns/00f1`),
    },
  ]);
}

/** Rows of the tables, by their key. */
function tableThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const tables = [...ofType(resources, 'AWS::DynamoDB::Table').map(({ short, name }) => [short, name] as const)];
  return [...tables, ['another table', 'another'] as const].flatMap(([label, name]) =>
    [...pipelines.map((pipeline) => pipeline.name), 'another'].map((key) => ({
      label: `row ${key} of ${label}`,
      services: ['dynamodb'],
      arn: regional('dynamodb', `table/${name}`),
      context: { 'dynamodb:LeadingKeys': [key] },
    })),
  );
}

/** Things that are known by name, and beside each kind another one. */
function namedThings(resources: readonly Concrete[]): Thing[] {
  const kinds: readonly [type: string, label: string, service: string, arn: (name: string) => string][] = [
    ['AWS::Lambda::Function', 'function', 'lambda', (name) => regional('lambda', `function:${name}`)],
    ['AWS::Logs::LogGroup', 'log', 'logs', (name) => regional('logs', `log-group:${name}:log-stream:1`)],
    ['AWS::SSM::Parameter', 'parameter', 'ssm', (name) => regional('ssm', `parameter${name}`)],
    ['AWS::StepFunctions::StateMachine', 'machine', 'states', (name) => regional('states', `stateMachine:${name}`)],
    [
      'AWS::StepFunctions::StateMachine',
      'executions of',
      'states',
      (name) => regional('states', `execution:${name}:run-1`),
    ],
    ['AWS::Events::Rule', 'rule', 'events', (name) => regional('events', `rule/${name}`)],
    ['AWS::SNS::Topic', 'notices', 'sns', (name) => regional('sns', name)],
    ['AWS::SQS::Queue', 'queue', 'sqs', (name) => regional('sqs', name)],
    ['AWS::ECS::Service', 'service', 'ecs', (name) => regional('ecs', `service/registry/${name}`)],
    ['AWS::ECS::Cluster', 'ECS cluster', 'ecs', (name) => regional('ecs', `cluster/${name}`)],
    ['AWS::ECR::Repository', 'repository', 'ecr', (name) => regional('ecr', `repository/${name}`)],
    ['AWS::KMS::Key', 'key', 'kms', (name) => regional('kms', `key/${name}`)],
    ['AWS::RDS::DBInstance', 'database', 'rds', (name) => regional('rds', `db:${name}`)],
  ];
  const stepFunctionsRule = 'StepFunctionsGetEventsForEMRServerlessJobRule';
  return [
    ...kinds.flatMap(([type, label, service, arn]) => [
      ...ofType(resources, type).map(({ name, short }) => ({
        label: `${label} ${short}`,
        services: [service],
        arn: arn(name),
      })),
      { label: `another ${label}`, services: [service], arn: arn('/another') },
    ]),
    { label: "Step Functions' own rule", services: ['events'], arn: regional('events', `rule/${stepFunctionsRule}`) },
    ...ofType(resources, 'AWS::RDS::DBInstance').map(({ short }) => ({
      label: "the database's secret",
      services: ['secretsmanager'],
      arn: regional('secretsmanager', `secret:rds!db-${short}-AbCdEf`),
    })),
    { label: 'another secret', services: ['secretsmanager'], arn: regional('secretsmanager', 'secret:another-AbCdEf') },
  ];
}

/** What a function's network interface is made of, and what it is not. */
function interfaceThings(): Thing[] {
  const thing = (label: string, what: string): Thing => ({ label, services: ['ec2'], arn: regional('ec2', what) });
  return [
    ...['network-interface/eni-1', 'subnet/subnet-1', 'security-group/sg-1'].map((what) =>
      thing('network interfaces', what),
    ),
    thing('an instance', 'instance/i-1'),
  ];
}
