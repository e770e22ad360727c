/** What of a deployment is a number, a switch or a condition, in lines that people can write: what wakes somebody, what is protected, who may be a role. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { feedsOf, sourcesOf } from '../../../lib/declaration/flow.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { type Concrete, concrete, ofType } from './concrete.ts';
import { at, isObject, listAt, textsAt } from './json.ts';
import { stacksOf } from './stacks.ts';

type Describe = (resource: Concrete) => string[];

const value = ({ properties }: Concrete, path: string): string => {
  const found = at(properties, path);
  return typeof found === 'object' ? JSON.stringify(found) : String(found ?? 'nothing');
};

const values = (resource: Concrete, ...paths: string[]): string =>
  paths.map((path) => `${path.split('.').at(-1)} ${value(resource, path)}`).join(', ');

/** The dimension of a metric, where its filter gives it one. */
const byDimension = ({ properties }: Concrete): string =>
  listAt(properties, 'MetricTransformations.0.Dimensions')
    .map((dimension) => ` by ${at(dimension, 'Key')} = ${at(dimension, 'Value')}`)
    .join('');

/** What is said of a resource, by its type; of other types nothing. */
const DESCRIBED: Readonly<Record<string, Describe>> = {
  'AWS::CloudWatch::Alarm': (alarm) => [
    `alarm: ${['Statistic', 'MetricName', 'ComparisonOperator', 'Threshold'].map((name) => value(alarm, name)).join(' ')}, ` +
      `${value(alarm, 'EvaluationPeriods')} x ${value(alarm, 'Period')} s, without data ${value(alarm, 'TreatMissingData')}, ` +
      `tells ${textsAt(alarm.properties, 'AlarmActions').map(lastPart)}`,
  ],
  'AWS::Logs::MetricFilter': (filter) => [
    `filter: ${value(filter, 'FilterPattern')} gives ${value(filter, 'MetricTransformations.0.MetricValue')} as ` +
      `${value(filter, 'MetricTransformations.0.MetricNamespace')} ${value(filter, 'MetricTransformations.0.MetricName')}` +
      byDimension(filter),
  ],
  'AWS::CloudWatch::Dashboard': (dashboard) =>
    [...value(dashboard, 'DashboardBody').matchAll(/filter (\w+ = \W+\w+)/g)].map(
      ([, query = '']) => `dashboard: shows lines with ${query.replace(/[\\"]/g, '')}`,
    ),
  'AWS::Budgets::Budget': (budget) => [
    `budget: ${['Amount', 'Unit'].map((name) => value(budget, `Budget.BudgetLimit.${name}`)).join(' ')} ${value(budget, 'Budget.TimeUnit')} ${value(budget, 'Budget.BudgetType')}`,
    ...listAt(budget.properties, 'NotificationsWithSubscribers').map((one) => {
      const said = ['NotificationType', 'ComparisonOperator', 'Threshold', 'ThresholdType'];
      const who = listAt(one, 'Subscribers').map((subscriber) => lastPart(String(at(subscriber, 'Address'))));
      return `budget: ${said.map((name) => at(one, `Notification.${name}`)).join(' ')}, tells ${who}`;
    }),
  ],
  'AWS::Events::Rule': (rule) => [
    `rule: ${value(rule, 'ScheduleExpression') === 'nothing' ? eventsOf(rule) : value(rule, 'ScheduleExpression')}, ` +
      `asks ${listAt(rule.properties, 'Targets').map((target) => `${lastPart(String(at(target, 'Arn')))}, retries ${at(target, 'RetryPolicy.MaximumRetryAttempts') ?? 'as usual'}`)}`,
  ],
  'AWS::Lambda::EventSourceMapping': (mapping) => [
    `changes: ${values(mapping, 'BatchSize', 'BisectBatchOnFunctionError', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds', 'StartingPosition')}, ` +
      `what is given up to ${lastPart(value(mapping, 'DestinationConfig.OnFailure.Destination'))}`,
  ],
  'AWS::Scheduler::Schedule': (schedule) => [
    `schedule: asks ${lastPart(value(schedule, 'Target.Arn'))}, ${values(schedule, 'Target.RetryPolicy.MaximumRetryAttempts', 'Target.RetryPolicy.MaximumEventAgeInSeconds', 'FlexibleTimeWindow.Mode')}, ` +
      `what it cannot start to ${lastPart(value(schedule, 'Target.DeadLetterConfig.Arn'))}`,
  ],
  'AWS::SQS::Queue': (queue) => [`queue: ${values(queue, 'MessageRetentionPeriod')} s`],
  'AWS::StepFunctions::StateMachine': (machine) =>
    machine.properties.LoggingConfiguration === undefined
      ? []
      : [
          `state machine: ${values(machine, 'LoggingConfiguration.Level', 'LoggingConfiguration.IncludeExecutionData', 'TracingConfiguration.Enabled')}`,
        ],
  'AWS::Lambda::Function': (fn) =>
    // Those around custom resources are as many as a pipeline has kinds of contracts.
    /^(AWS|Contracts(?!Source|Feed))/.test(fn.short) || !value(fn, 'Handler').startsWith('index.')
      ? []
      : [
          `function: ${values(fn, 'Timeout', 'MemorySize')}, ${value(fn, 'Runtime')} on ${textsAt(fn.properties, 'Architectures')}` +
            `${value(fn, 'TracingConfig.Mode') === 'Active' ? ', traced' : ''}` +
            `${fn.properties.DeadLetterConfig === undefined ? '' : `, what it cannot do to ${lastPart(value(fn, 'DeadLetterConfig.TargetArn'))}`}`,
        ],
  'AWS::RDS::DBCluster': (cluster) => [
    `cluster: ${values(cluster, 'DeletionProtection', 'BackupRetentionPeriod', 'StorageEncrypted', 'EnableIAMDatabaseAuthentication', 'MasterUserAuthenticationType')}`,
  ],
  'AWS::RDS::DBInstance': (database) => [
    database.properties.DBClusterIdentifier !== undefined
      ? `instance: ${values(database, 'DBInstanceClass', 'PubliclyAccessible')}`
      : `database: ${values(database, 'DeletionProtection', 'MultiAZ', 'BackupRetentionPeriod', 'DeleteAutomatedBackups', 'StorageEncrypted', 'PubliclyAccessible')}`,
  ],
  'AWS::DynamoDB::GlobalTable': (table) =>
    listAt(table.properties, 'Replicas').map((replica) => {
      const pointInTime = at(replica, 'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled');
      const deletion = at(replica, 'DeletionProtectionEnabled');
      return `items: ${values(table, 'BillingMode')}, PointInTimeRecoveryEnabled ${pointInTime}, DeletionProtectionEnabled ${deletion}`;
    }),
  'AWS::DynamoDB::Table': (table) => [
    `table: ${values(table, 'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled')}`,
  ],
  'AWS::S3::Bucket': (bucket) => [
    `bucket: ${values(bucket, 'VersioningConfiguration.Status', 'PublicAccessBlockConfiguration.RestrictPublicBuckets')}`,
    ...listAt(bucket.properties, 'LifecycleConfiguration.Rules').map((rule) => {
      const { Status, ...rest } = rule as Record<string, unknown>;
      return `bucket: ${Status} ${JSON.stringify(rest)}`;
    }),
  ],
  'AWS::EMRServerless::Application': (application) => [
    `application: ${values(application, 'MaximumCapacity.Cpu', 'MaximumCapacity.Memory', 'AutoStopConfiguration.IdleTimeoutMinutes')}`,
  ],
  'AWS::Logs::LogGroup': (group) => [`log group: ${values(group, 'RetentionInDays')}`],
  'AWS::IAM::Role': (role) =>
    listAt(role.properties, 'AssumeRolePolicyDocument.Statement').flatMap((statement) => {
      // Who may be a role without a condition is in the tables of permissions.
      if (!isObject(at(statement, 'Condition'))) return [];
      const who = textsAt(statement, 'Principal.Service').map((service) => service.replace('.amazonaws.com', ''));
      return [`trust: ${at(statement, 'Effect')} ${who}${conditionsOf(statement)}`];
    }),
  'AWS::EC2::VPCEndpoint': (endpoint) =>
    listAt(endpoint.properties, 'PolicyDocument.Statement').map(
      (statement) =>
        `endpoint: ${at(statement, 'Effect')} ${textsAt(statement, 'Action').join(' ')} on ${textsAt(statement, 'Resource')}${conditionsOf(statement)}`,
    ),
};

const lastPart = (arn: string): string =>
  arn
    .split(/[:/]/)
    .at(-1)
    ?.replace(/^millrace-[a-z]+-/, '') ?? '';

const eventsOf = (rule: Concrete): string =>
  [
    ...textsAt(rule.properties, 'EventPattern.source'),
    ...textsAt(rule.properties, 'EventPattern.detail-type'),
    ...textsAt(rule.properties, 'EventPattern.detail.status'),
    ...textsAt(rule.properties, 'EventPattern.detail.state'),
    ...textsAt(rule.properties, 'EventPattern.detail.stateMachineArn').map((arn) => `of ${arn.split(':').at(-1)}`),
    ...textsAt(rule.properties, 'EventPattern.detail.applicationId').map((id) => `of ${id}`),
  ].join(' ');

function conditionsOf(statement: unknown): string {
  const conditions = at(statement, 'Condition');
  if (!isObject(conditions)) return '';
  const said = Object.entries(conditions).flatMap(([how, keys]) =>
    Object.entries(keys as object).map(([key, wanted]) => `${key} ${how} ${wanted}`),
  );
  return ` where ${said.join(' and ')}`;
}

/** The lines of the stacks that all pipelines share: where, and what. */
export function valuesOf(environment: string, pipelines: readonly Pipeline[]): string[] {
  const names = pipelines.map(({ name }) => name);
  const shared = linesOf(environment).filter(({ stack }) => !names.includes(stack));
  return [...new Set(shared.map(({ stack, id, line }) => `${stack} ${id} | ${line}`))].sort();
}

/** The lines of the stack of a pipeline, in which its name and those of its jobs, of its sources, of their topics of its feeds and schedules do not stand. */
export function valuesOfPipeline(environment: string, pipeline: Pipeline): string[] {
  const { name, jobs } = pipeline;
  const roles = Object.keys(jobs).map((job) => `Job${job}Role`);
  const sources = Object.entries(sourcesOf(pipeline)).flatMap(([alias, source]) => [
    [alias, 'SOURCE'] as const,
    [source.name, 'SOURCE'] as const,
    ...Object.keys(source.writes).map((topic) => [topic, 'TOPIC'] as const),
  ]);
  const feeds = Object.entries(feedsOf(pipeline)).flatMap(([alias, feed]) =>
    [alias, feed.name].map((one) => [one, 'FEED'] as const),
  );
  const schedules = Object.keys(pipeline.schedules ?? {}).map((alias) => [`Schedule${alias}`, 'SCHEDULE'] as const);
  const without = (words: readonly (readonly [string, string])[], text: string): string =>
    words.reduce((sofar, [word, general]) => sofar.replaceAll(word, general), text);
  const found = linesOf(environment).filter(({ stack }) => stack === name);
  return [
    ...new Set(
      found.map(({ id, line }) => {
        const general = line.replace(new RegExp(`([ -])${name}(?=[-.,]|$)`, 'g'), '$1PIPELINE');
        const part = partOf(id);
        if (part === 'sources') return without(sources, `${part} ${id} | ${general}`);
        if (part === 'schedules') return without(schedules, `${part} ${id} | ${general}`);
        if (part === 'feeds') return without(feeds, `${part} ${id} | ${general}`);
        return `${part} ${generalOf(id, roles)} | ${general}`;
      }),
    ),
  ].sort();
}

/** A resource without what a pipeline has named. */
function generalOf(id: string, roles: readonly string[]): string {
  if (id.startsWith(ITEMS)) return ITEMS;
  return roles.includes(id) ? 'JobRole' : id;
}

/** How tables of items begin. */
const ITEMS = 'ContractsItems';

/** What a pipeline must have that has a resource. */
function partOf(id: string): string {
  if (id.startsWith('Connect')) return 'connectors';
  if (id.startsWith('ContractsSource')) return 'sources';
  if (id.startsWith('ContractsFeed')) return 'feeds';
  if (id.startsWith('Schedules')) return 'schedules';
  if (id.startsWith(ITEMS)) return 'items';
  if (id === 'ContractsDatabaseSlots') return 'changes';
  return id.startsWith('ContractsDatabase') ? 'tables' : 'pipeline';
}

const found = new Map<string, { stack: string; id: string; line: string }[]>();

function linesOf(environment: string) {
  const known = found.get(environment);
  if (known) return known;
  const resources = concrete(stacksOf(environment));
  const bucket = ofType(resources, 'AWS::S3::Bucket').find(({ short }) => short.startsWith('Data'))?.name ?? '';
  const lines = resources.flatMap((resource) =>
    (DESCRIBED[resource.type]?.(resource) ?? []).map((line) => ({
      stack: resource.stack.split('/')[1] ?? '',
      id: resource.type === 'AWS::Logs::LogGroup' ? 'every' : resource.short,
      line: line
        .replaceAll(bucket, 'DATA')
        .replace(new RegExp(`(illrace[-/])${environment}(?=[-/ ])`, 'g'), '$1ENVIRONMENT'),
    })),
  );
  const protection = stacksOf(environment).map(({ path }) => ({
    stack: path.split('/')[1] ?? '',
    id: 'stack',
    line: `stack: termination protection ${isProtected(environment, path)}`,
  }));
  found.set(environment, [...lines, ...protection]);
  return [...lines, ...protection];
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<
      string,
      { readonly displayName?: string; readonly properties?: { readonly terminationProtection?: boolean } }
    >
  >;
}

function isProtected(environment: string, path: string): boolean {
  const file = join(inject('assembly'), 'app', `assembly-${environment}`, 'manifest.json');
  const { artifacts } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const stack = Object.values(artifacts).find(({ displayName = '' }) => displayName.split(' ')[0] === path);
  if (!stack) throw new Error(`${file} has no stack ${path}.`);
  return stack.properties?.terminationProtection === true;
}
