/** Feeds: for each a function, which Lambda itself calls with the changes on the stream of a table, and a queue of what was given up. */
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { feedsOf } from '../../declaration/flow.ts';
import type { Feed } from '../../declaration/kinds/feed.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { bundleHandlerOf } from '../functions/handler-bundle.ts';
import { LoggedRole } from '../functions/logged-role.ts';
import { nodeFunction } from '../functions/node-function.ts';
import { allowKey } from '../storage/customer-key.ts';
import type { Kind, KindProps } from './index.ts';
import { tableOf } from './items.ts';

/** Within a call brokers that are away are waited for, so that a try is worth minutes where they are, and a moment where code fails. */
const LONGEST_CALL = Duration.minutes(5);
/** Changes that have waited for so long are told too late. */
const OLD_MS = 600_000;

export default function feeds(scope: Construct, props: KindProps): Kind {
  const made = Object.entries(feedsOf(props.pipeline)).map(
    ([alias, feed]) => new Teller(scope, `Feed-${alias}`, feed, props),
  );
  return { begins: made, alarms: made.flatMap(({ alarms }) => alarms) };
}

/** One feed. */
class Teller extends Construct {
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, feed: Feed, props: KindProps) {
    super(scope, id);
    const { pipeline, cluster, network, key, logRetentionDays } = props;
    const identity = new LoggedRole(this, 'Function', { logRetentionDays, inVpc: true });
    const { role } = identity;
    const topics = Object.fromEntries(Object.entries(feed.writes).map(([alias, { name }]) => [alias, name]));
    const tell = nodeFunction(this, 'Resource', {
      folder: {
        bundle: bundleHandlerOf(
          `feed-${pipeline.name}-${feed.name}`,
          'feed',
          join(pipeline.folders.declaration, feed.props.code),
        ),
      },
      description: `Feed ${feed.name} of pipeline ${pipeline.name}`,
      identity,
      timeout: LONGEST_CALL,
      // It calls brokers and nobody else: changes are brought to it, and what it gives up is taken from it.
      placement: network.handlers,
      environment: {
        BOOTSTRAP_SERVERS: cluster.bootstrapServers,
        FEED: JSON.stringify({ pipeline: pipeline.name, feed: feed.name, topics }),
      },
    });
    cluster.grantProduce(role, Object.values(topics));
    const stream = tableOf(scope, feed.props.of).attrStreamArn;
    allow(role, ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [stream]);
    allow(role, ['dynamodb:ListStreams'], ['*']);
    allowKey(role, key, 'readChanges');
    const givenUp = new sqs.Queue(this, 'GivenUp', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    allow(role, ['sqs:SendMessage'], [givenUp.queueArn]);
    const { batchSize, retries, maxAgeMinutes } = feed.settings;
    const mapping = new lambda.CfnEventSourceMapping(this, 'Changes', {
      functionName: tell.functionName,
      eventSourceArn: stream,
      // Also what changed before it was there.
      startingPosition: 'TRIM_HORIZON',
      batchSize,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: retries,
      maximumRecordAgeInSeconds: maxAgeMinutes * 60,
      destinationConfig: { onFailure: { destination: givenUp.queueArn } },
    });
    // Whether the role may is asked when the mapping is made.
    mapping.node.addDependency(role);
    acknowledge(this, {
      'Serverless-LambdaDLQ': 'What it cannot do goes to the queue of the mapping.',
      'Serverless-LambdaTracing': 'Nobody waits for its calls: how far it is behind says more.',
    });
    const itself = 'It is a dead-letter queue itself.';
    acknowledge(givenUp, { 'AwsSolutions-SQS3': itself, 'Serverless-SQSRedrivePolicy': itself });
    this.alarms = this.alarmsOf(feed, tell, givenUp, props);
  }

  private alarmsOf(
    feed: Feed,
    tell: lambda.IFunction,
    givenUp: sqs.IQueue,
    { pipeline }: KindProps,
  ): cloudwatch.Alarm[] {
    const period = Duration.minutes(5);
    const describe = (what: string) => `Pipeline ${pipeline.name}, feed ${feed.name}: ${what} See docs/runbook.md.`;
    const treatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING;
    return [
      givenUp.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }).createAlarm(this, 'Lost', {
        alarmDescription: describe('changes were given up, of which nothing was told.'),
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData,
      }),
      tell.metric('IteratorAge', { period, statistic: 'Maximum' }).createAlarm(this, 'Old', {
        alarmDescription: describe('for a quarter of an hour it has been ten minutes behind the changes.'),
        threshold: OLD_MS,
        evaluationPeriods: 3,
        treatMissingData,
      }),
    ];
  }
}
