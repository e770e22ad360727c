/** Who hears of trouble: the topic to which alarms, rules and the budget publish. */
import { Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import type { SparkApplicationBase } from '../spark/spark-application.ts';

export interface AlertsProps {
  /**
   * Who gets an e-mail; AWS asks the address for its consent first.
   * @default nobody: the topic has no subscription
   */
  readonly email?: string;
  /** US dollars a month. */
  readonly monthlySpendLimit: number;
}

/** Per cent of the limit at which the topic hears of the bill, by what is compared with the limit. */
const THRESHOLDS = [
  ['ACTUAL', 80],
  ['ACTUAL', 100],
  ['FORECASTED', 100],
] as const;

/** The topic and the budget. */
export class Alerts extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { enforceSSL: true });
    const ofAccount = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    this.allow('cloudwatch.amazonaws.com', ofAccount);
    this.allow('budgets.amazonaws.com', ofAccount);
    // EventBridge tells SNS neither rule nor account: with a condition its messages would be dropped without a word.
    this.allow('events.amazonaws.com');
    if (props.email) {
      this.topic.addSubscription(new EmailSubscription(props.email));
      const reason = 'An e-mail is not delivered from a queue either; the alarm stays in the console.';
      acknowledge(this.topic, { 'Serverless-SNSRedrivePolicy': reason });
    }
    // The whole account's bill: a filter by tag would miss the Kafka cluster, which costs most and bears no tags.
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: props.monthlySpendLimit, unit: 'USD' },
      },
      notificationsWithSubscribers: THRESHOLDS.map(([notificationType, threshold]) => ({
        notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
        subscribers: [{ subscriptionType: 'SNS', address: this.topic.topicArn }],
      })),
    });
  }

  private allow(service: string, conditions: Record<string, unknown> = {}): void {
    const principals = [new iam.ServicePrincipal(service)];
    const resources = [this.topic.topicArn];
    const statement = new iam.PolicyStatement({ principals, actions: ['sns:Publish'], resources, conditions });
    this.topic.addToResourcePolicy(statement);
  }
}

/**
 * Tells of job runs that failed, when no attempt is left. Nobody waits for a stream that goes on, and a driver that is killed prints no
 * line: the event of the service is all that tells of its end.
 */
export class FailedRuns extends Construct {
  constructor(scope: Construct, id: string, application: SparkApplicationBase, alerts: sns.ITopic) {
    super(scope, id);
    const { applicationId, applicationName } = application;
    const run = events.EventField.fromPath('$.detail.jobRunId');
    const text =
      `A job run of ${applicationName} failed; where it was a stream, nothing runs now. ` +
      `Its name, which begins with the pipeline's, and why: ` +
      `aws emr-serverless get-job-run --application-id ${applicationId} --job-run-id ${run}. See docs/runbook.md.`;
    const rule = new events.Rule(this, 'Rule', {
      description: `Job runs of ${applicationName} that failed`,
      // The event has no name of the run, so that one rule is for all pipelines.
      eventPattern: {
        source: ['aws.emr-serverless'],
        detailType: ['EMR Serverless Job Run State Change'],
        detail: { applicationId: [applicationId], state: ['FAILED'] },
      },
      // The CDK's own target would put each rule into the policy of the topic, which is deployed before it.
      targets: [{ bind: () => ({ arn: alerts.topicArn, input: events.RuleTargetInput.fromText(text) }) }],
    });
    const reason = 'EventBridge tries for a day; a queue would be one more place where nobody looks.';
    acknowledge(rule, { 'Serverless-EventBusDLQ': reason });
  }
}
