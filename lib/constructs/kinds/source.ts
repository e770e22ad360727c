/** Sources: for each a function that listens for a quarter of an hour, and a schedule by which the next one takes over before that. */
import { join } from 'node:path';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { sourcesOf } from '../../declaration/flow.ts';
import type { Source } from '../../declaration/kinds/source.ts';
import { cursorTopic, sourcePrefix, sourceTransaction } from '../../declaration/names.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { bundleHandlerOf } from '../functions/handler-bundle.ts';
import { LoggedRole } from '../functions/logged-role.ts';
import { nodeFunction } from '../functions/node-function.ts';
import type { Kind, KindProps } from './index.ts';

/** A function runs for no longer; one that nobody follows ends by itself before. */
const LONGEST_RUN = Duration.minutes(15);
/** Who follows ends whoever runs, so that what one run has come to, such as a broker that gave it up, lasts no longer. docs/decisions/0049-sources-on-lambda.md */
const TURN = Duration.minutes(5);

export default function sources(scope: Construct, props: KindProps): Kind {
  const made = Object.entries(sourcesOf(props.pipeline)).map(
    ([alias, source]) => new Listener(scope, `Source-${alias}`, source, props),
  );
  return { begins: made, alarms: made.flatMap(({ alarms }) => alarms) };
}

/** One source. */
class Listener extends Construct {
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, source: Source, props: KindProps) {
    super(scope, id);
    const { pipeline, cluster, network, logRetentionDays } = props;
    const { code, secrets = {}, parameters = {} } = source.props;
    const identity = new LoggedRole(this, 'Function', { logRetentionDays, inVpc: true });
    const topics = Object.entries(source.writes);
    const told = {
      pipeline: pipeline.name,
      source: source.name,
      topics: Object.fromEntries(topics.map(([alias, { name }]) => [alias, name])),
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default])),
      secrets: Object.fromEntries(Object.entries(secrets).map(([of, { name, key }]) => [of, { name, key }])),
    };
    const listen = nodeFunction(this, 'Resource', {
      folder: {
        bundle: bundleHandlerOf(
          `source-${pipeline.name}-${source.name}`,
          'source',
          join(pipeline.folders.declaration, code),
        ),
      },
      description: `Source ${source.name} of pipeline ${pipeline.name}`,
      identity,
      timeout: LONGEST_RUN,
      placement: network.sources,
      environment: { BOOTSTRAP_SERVERS: cluster.bootstrapServers, SOURCE: JSON.stringify(told) },
    });
    const { role } = identity;
    const cursors = cursorTopic(pipeline.name, source.name);
    cluster.grantProduce(role, [...topics.map(([, { name }]) => name), cursors]);
    cluster.grantTransactions(
      role,
      topics.map(([alias]) => sourceTransaction(pipeline.name, source.name, alias)),
    );
    cluster.grantConsume(role, [cursors], sourcePrefix(pipeline.name, source.name));
    this.grantSecrets(
      identity,
      Object.values(secrets).map(({ name }) => name),
    );
    new events.Rule(this, 'Turn', {
      description: `Source ${source.name} of pipeline ${pipeline.name}: who begins takes over`,
      schedule: events.Schedule.rate(TURN),
      targets: [new LambdaFunction(listen, { retryAttempts: 0, event: events.RuleTargetInput.fromObject({}) })],
    });
    const again = 'The next turn takes over from where this one has come.';
    acknowledge(this, {
      'Serverless-LambdaDLQ': again,
      'Serverless-EventBusDLQ': again,
      'Serverless-LambdaTracing': 'A call that lasts for minutes has no trace that anybody could read.',
    });
    this.alarms = this.alarmsOf(source, identity.logGroup, listen, props);
  }

  /** By their names, behind which Secrets Manager puts six characters. */
  private grantSecrets({ role }: LoggedRole, names: readonly string[]): void {
    if (names.length === 0) return;
    const arns = [...new Set(names)].map((name) =>
      Stack.of(this).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${name}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    allow(role, ['secretsmanager:GetSecretValue'], arns);
  }

  private alarmsOf(
    source: Source,
    logGroup: logs.ILogGroup,
    listen: lambda.IFunction,
    { environment, pipeline }: KindProps,
  ): cloudwatch.Alarm[] {
    const period = Duration.minutes(5);
    const metric = (id: string, topic: string | undefined, field: string, statistic: string) => {
      const of = logs.FilterPattern.stringValue('$.event', '=', 'listening');
      const filter = new logs.MetricFilter(this, id, {
        logGroup,
        filterPattern:
          topic === undefined ? of : logs.FilterPattern.all(of, logs.FilterPattern.stringValue('$.topic', '=', topic)),
        metricNamespace: `Millrace/${environment}`,
        metricName: [pipeline.name, source.name, topic, field].filter((part) => part !== undefined).join('.'),
        metricValue: `$.${field}`,
      });
      return filter.metric({ statistic, period });
    };
    const describe = (what: string) => `Pipeline ${pipeline.name}, source ${source.name}: ${what} See docs/runbook.md.`;
    const { NOT_BREACHING, BREACHING } = cloudwatch.TreatMissingData;
    return [
      ...Object.keys(source.writes).map((alias) =>
        metric(`Written-${alias}`, alias, 'written', 'Sum').createAlarm(this, `Quiet-${alias}`, {
          alarmDescription: describe(`nothing was written to ${alias} for ${source.quietMinutes} minutes.`),
          threshold: 1,
          comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
          evaluationPeriods: Math.ceil(source.quietMinutes / period.toMinutes()),
          // A source that does not run says nothing.
          treatMissingData: BREACHING,
        }),
      ),
      metric('Behind', undefined, 'behind', 'Maximum').createAlarm(this, 'Old', {
        alarmDescription: describe('for a quarter of an hour it has been ten minutes behind what is told outside.'),
        threshold: 600,
        evaluationPeriods: 3,
        treatMissingData: NOT_BREACHING,
      }),
      listen.metricErrors({ period }).createAlarm(this, 'Failing', {
        alarmDescription: describe('each of its turns in a quarter of an hour has failed.'),
        threshold: 1,
        evaluationPeriods: 3,
        treatMissingData: NOT_BREACHING,
      }),
    ];
  }
}
