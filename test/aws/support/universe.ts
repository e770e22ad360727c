/**
 * The small world in which permissions are tried: things with names, their ARNs and request contexts, and beside each a sentinel that nobody
 * may touch. What is of a pipeline is named with it, except in the pipeline's own table.
 */
import { datasetsOf, foldersOf, ownTopicsOf, sourcesOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { PEOPLE } from '../../../lib/declaration/kinds/table.ts';
import {
  connectGroup,
  connectTopics,
  controlPrefix,
  databaseRole,
  externalGroupPrefix,
  kebab,
  sinkGroups,
  sourcePrefix,
  sourceTransaction,
} from '../../../lib/declaration/names.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { ACCOUNT, CLUSTER_UUID, REGION, STREAM_LABEL } from './arns.ts';
import type { AssetKeys } from './assets.ts';
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
  assets: AssetKeys,
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
  return [
    ...kafkaThings(resources, pipelines),
    ...objectThings(resources, pipelines),
    ...assetThings(assets, pipelines, stranger),
    ...roleThings(resources),
    ...sparkThings(resources, pipelines),
    ...tableThings(resources, pipelines),
    ...catalogThings(resources, pipelines),
    ...databaseThings(resources, pipelines),
    ...namedThings(resources),
    ...secretThings(pipelines),
    ...interfaceThings(),
  ];
}

function kafkaThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const cluster = [...ofType(resources, 'AWS::MSK::ServerlessCluster'), ...ofType(resources, 'AWS::MSK::Cluster')][0];
  if (!cluster) return [];
  const { name } = cluster;
  const thing = (label: string, kind: string, of: string, what = ''): Thing => ({
    label,
    services: ['kafka-cluster'],
    arn: regional('kafka', `${kind}/${of}/${CLUSTER_UUID}${what && `/${what}`}`),
  });
  const connected = pipelines.filter((pipeline) => pipeline.connectors);
  const topics = [
    ...pipelines.flatMap((pipeline) => Object.values(topicsOf(pipeline)).map((topic) => topic.name)),
    ...pipelines.flatMap((pipeline) => ownTopicsOf(pipeline).map((topic) => topic.name)),
    ...connected.flatMap((pipeline) => Object.values(connectTopics(pipeline.name))),
  ];
  const transactions = pipelines.flatMap((pipeline) =>
    Object.values(sourcesOf(pipeline)).flatMap((source) =>
      Object.keys(source.writes).map((alias) => sourceTransaction(pipeline.name, source.name, alias)),
    ),
  );
  const groups = pipelines.flatMap((pipeline) => [
    ...Object.keys(pipeline.jobs).map((job) => `millrace.${pipeline.name}.${job}-spark-kafka-1`),
    ...Object.values(sourcesOf(pipeline)).map((one) => `${sourcePrefix(pipeline.name, one.name)}-spark-kafka-1`),
    ...(Object.values(topicsOf(pipeline)).some((topic) => topic.externalWays.includes('Reader'))
      ? [`${externalGroupPrefix(pipeline.name)}-spark-kafka-1`]
      : []),
    ...sinksOf(pipeline).map((sink) => `${controlPrefix(pipeline.name, sink)}spark-kafka-1`),
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
    ...connected.flatMap((pipeline) => {
      const ofSinks = sinksOf(pipeline).flatMap((sink) => sinkGroups(pipeline.name, sink));
      return [connectGroup(pipeline.name), ...ofSinks].map((group) => thing(`group ${group}`, 'group', name, group));
    }),
    ...connected.flatMap((pipeline) =>
      sinksOf(pipeline)
        .map((sink) => controlPrefix(pipeline.name, sink))
        .map((prefix) => thing(`transactions ${prefix}*`, 'transactional-id', name, `${prefix}worker-txn-1-0`)),
    ),
    thing('another group', 'group', name, 'another-group'),
    thing('a group whose name merely begins so', 'group', name, groups[0]?.replace('-spark', 'r-spark') ?? 'x'),
    ...transactions.map((one) => thing(`transactions ${one}`, 'transactional-id', name, one)),
    thing('another transaction', 'transactional-id', name, 'another'),
  ];
}

/** Names of the connectors of a pipeline that write datasets. */
const sinksOf = ({ connectors = {} }: Pipeline): string[] =>
  Object.keys(connectors).filter((name) => connectors[name]?.dataset);

const object = (label: string, bucket: string, key: string, group?: string): Thing => ({
  label,
  ...(group ? { group } : {}),
  services: ['s3'],
  arn: `arn:aws:s3:::${bucket}/${key}`,
});

/** What each pipeline uploads and has uploaded, listings of it, and what others upload. */
function assetThings(assets: AssetKeys, pipelines: readonly Pipeline[], stranger: (stack: string) => string): Thing[] {
  const bucket = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;
  const listing = (label: string, prefix: string): Thing => ({
    label,
    services: ['s3'],
    arn: `arn:aws:s3:::${bucket}`,
    context: { 's3:prefix': prefix },
  });
  const environments = new Set([...assets.keys()].map((stack) => stack.split('/')[0] ?? ''));
  return [
    ...[...assets].flatMap(([stack, keys]) => {
      if (!pipelines.some(({ name }) => stack.endsWith(`/${name}`))) return [];
      const group = `uploads${stranger(stack)}`;
      const [first = ''] = keys;
      // A stream that was started by an earlier deployment reads what that one uploaded.
      const earlier = first.replace(/[^/]*$/, 'earlier.py');
      return [
        ...[...keys, earlier].map((key) => object(`${key}${stranger(stack)}`, bucket, key, group)),
        // Spark lists a file as if it were a folder.
        listing(`listing of ${group}`, `${first}/`),
      ];
    }),
    ...[...environments].flatMap((environment) => [
      object('uploads of another pipeline', bucket, `millrace/${environment}/another/x.py`),
      listing('listing of uploads of another pipeline', `millrace/${environment}/another/`),
    ]),
    object('another asset', bucket, 'another.zip'),
    { label: 'the assets bucket', services: ['s3'], arn: `arn:aws:s3:::${bucket}` },
  ];
}

/** Objects and listings of the data bucket, and another bucket. */
function objectThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const buckets = ofType(resources, 'AWS::S3::Bucket');
  const dataBucket = buckets.find(({ short }) => short.startsWith('Data'));
  const data = dataBucket?.name ?? 'data';
  const prefixes = pipelines.flatMap((pipeline) => [
    `input/${pipeline.name}`,
    ...streamsOf(pipeline).map((job) => `checkpoints/${pipeline.name}/${kebab(job)}`),
    ...Object.values(foldersOf(pipeline)).map((folder) => `${folder.name}/${pipeline.name}`),
    ...Object.values(datasetsOf(pipeline)).map(({ name }) => `datasets/${pipeline.name}/${name}`),
  ]);
  // The state machine asks for exactly these.
  const commits = pipelines.flatMap((pipeline) =>
    streamsOf(pipeline).map((job): Thing => {
      const prefix = `checkpoints/${pipeline.name}/${kebab(job)}/query/commits/`;
      return {
        label: `listing of ${prefix}`,
        group: 'the data bucket',
        services: ['s3'],
        arn: `arn:aws:s3:::${data}`,
        context: { 's3:prefix': prefix },
      };
    }),
  );
  const sentinels = ['input/another', 'checkpoints/another/job', 'results/another', 'elsewhere'];
  return [
    ...commits,
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
    { label: 'another bucket', services: ['s3'], arn: 'arn:aws:s3:::another-bucket' },
    object('an object of another bucket', 'another-bucket', 'input/another/x'),
  ];
}

const streamsOf = ({ jobs }: Pipeline): string[] => Object.keys(jobs).filter((job) => jobs[job]?.kind === 'stream');

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

/** Applications, starts of job runs there, and job runs, each with the tag of a pipeline and without any. */
function sparkThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const applications = [
    ...ofType(resources, 'AWS::EMRServerless::Application').map(({ name }) => ['the application', name] as const),
    ['another application', 'another'] as const,
  ];
  const owners = [...pipelines.map(({ name }) => name), 'another', ''];
  return applications.flatMap(([application, id]) =>
    owners.flatMap((owner) => {
      const of = owner === '' ? 'nobody' : owner;
      const tagged = (key: string) => (owner === '' ? {} : { [`aws:${key}/millrace:pipeline`]: owner });
      const thing = (what: string, rest: string, context: Thing['context'], group: string): Thing => ({
        label: `${what} ${of}${application === 'the application' ? '' : ` in ${application}`}`,
        group,
        services: ['emr-serverless'],
        arn: regional('emr-serverless', `/applications/${id}${rest}`),
        context: context ?? {},
      });
      return [
        thing('starts of', '', tagged('RequestTag'), application),
        thing(
          'job runs of',
          '/jobruns/00f1',
          { ...tagged('RequestTag'), ...tagged('ResourceTag') },
          `job runs of ${application}`,
        ),
      ];
    }),
  );
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

/** The Glue catalog: databases and tables, of datasets and of others. */
function catalogThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  const thing = (label: string, rest: string): Thing => ({ label, services: ['glue'], arn: regional('glue', rest) });
  const databases = ofType(resources, 'AWS::Glue::Database').map(
    ({ properties }) => (properties.DatabaseInput as { Name: string }).Name,
  );
  const tables = pipelines.flatMap((pipeline) =>
    Object.values(datasetsOf(pipeline)).map(({ name }) => `${pipeline.name}_${name}`),
  );
  return [
    thing('the catalog', 'catalog'),
    ...databases.flatMap((database) => [
      thing('the database of datasets', `database/${database}`),
      ...[...tables, 'another'].map((table) => thing(`table ${table}`, `table/${database}/${table}`)),
    ]),
    thing('another catalog database', 'database/another'),
    thing('a table of another database', 'table/another/another'),
  ];
}

/** Users of databases: the owner, the role of each job whether it uses a table or not, that of people, and others. */
function databaseThings(resources: readonly Concrete[], pipelines: readonly Pipeline[]): Thing[] {
  return ofType(resources, 'AWS::RDS::DBCluster').flatMap(({ name, properties, short }) => {
    const jobs = pipelines.flatMap((pipeline) =>
      Object.keys(pipeline.jobs).map((job) => databaseRole(pipeline.name, job)),
    );
    const people = databaseRole(String(properties.DatabaseName), PEOPLE);
    const user = (label: string, cluster: string, of: string): Thing => ({
      label,
      services: ['rds-db'],
      arn: regional('rds-db', `dbuser:${cluster}.DBClusterResourceId/${of}`),
    });
    return [
      ...[String(properties.MasterUsername), people, ...jobs, 'another'].map((each) =>
        user(`user ${each} of ${properties.DatabaseName}`, name, each),
      ),
      user(`a user of another cluster than ${short}`, 'another', String(properties.MasterUsername)),
    ];
  });
}

/** Things that are known by name, and beside each kind another one. */
function namedThings(resources: readonly Concrete[]): Thing[] {
  const kinds: readonly [type: string, label: string, service: string, arn: (name: string) => string][] = [
    ['AWS::DynamoDB::GlobalTable', 'items', 'dynamodb', (name) => regional('dynamodb', `table/${name}`)],
    [
      'AWS::DynamoDB::GlobalTable',
      'changes of items',
      'dynamodb',
      (name) => regional('dynamodb', `table/${name}/stream/${STREAM_LABEL}`),
    ],
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
    ...ofType(resources, 'AWS::SecretsManager::Secret').map(({ id, short }) => ({
      label: `secret ${short}`,
      services: ['secretsmanager'],
      arn: id,
    })),
    { label: 'another secret', services: ['secretsmanager'], arn: regional('secretsmanager', 'secret:another-AbCdEf') },
  ];
}

/** Secrets of connectors and sources, which somebody made, with the end that Secrets Manager gives their names. */
function secretThings(pipelines: readonly Pipeline[]): Thing[] {
  const secrets = pipelines.flatMap((pipeline) => [
    ...Object.values(pipeline.connectors ?? {}).flatMap((one) => one.secrets),
    ...Object.values(sourcesOf(pipeline)).flatMap((one) => Object.values(one.props.secrets ?? {})),
  ]);
  const names = new Set(secrets.map(({ name }) => name));
  return [...names].map((name) => ({
    label: `secret ${name}`,
    services: ['secretsmanager'],
    arn: regional('secretsmanager', `secret:${name}-AbCdEf`),
  }));
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
