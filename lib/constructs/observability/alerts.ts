/**
 * Who hears of trouble: an e-mail address and a spend limit come in; a topic to which alarms publish goes out. Called by
 * the network stack, since everything else is deployed later.
 */
import { Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';

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
    const { account } = Stack.of(this);
    this.topic = new sns.Topic(this, 'Topic', { enforceSSL: true });
    for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']) {
      this.topic.addToResourcePolicy(
        new iam.PolicyStatement({
          principals: [new iam.ServicePrincipal(service)],
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
      );
    }
    if (props.email) {
      this.topic.addSubscription(new EmailSubscription(props.email));
      acknowledge(this.topic, {
        rule: 'Serverless-SNSRedrivePolicy',
        reason: 'An e-mail that is not delivered is not delivered from a queue either; the alarm stays in the console.',
        until: 'a program subscribes.',
      });
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
}
