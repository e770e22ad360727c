/** The Kafka cluster of an environment, and what may be granted on it. */
import { Fn, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { AwsCall } from '../functions/aws-call.ts';
import type { ClusterKind, KafkaClusterProps } from './brokers.ts';
import { expressCluster } from './express-cluster.ts';
import { serverlessCluster } from './serverless-cluster.ts';

/** Actions of a client that writes records; the idempotent producer needs the second on the cluster. */
const PRODUCE = ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'];
const CONSUME = ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'];
const CONSUMER_GROUP = ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'];
const TRANSACTIONS = ['kafka-cluster:AlterTransactionalId', 'kafka-cluster:DescribeTransactionalId'];
/** Topics that only their writer reads, whose settings it looks at. */
const KEEP = [
  'kafka-cluster:CreateTopic',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:DescribeTopicDynamicConfiguration',
  'kafka-cluster:ReadData',
  'kafka-cluster:WriteData',
];
const ADMINISTER = [
  'kafka-cluster:AlterTopic',
  'kafka-cluster:AlterTopicDynamicConfiguration',
  'kafka-cluster:CreateTopic',
  'kafka-cluster:DeleteTopic',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:DescribeTopicDynamicConfiguration',
];

/** Actions of a client whose records are written together or not at all. */
const TRANSACT = ['kafka-cluster:AlterTransactionalId', 'kafka-cluster:DescribeTransactionalId'];

/** Who may be granted something: a role, or a policy that is attached elsewhere. */
type Grantee = iam.IGrantable & Construct;

/** The cluster and what may be granted on it. */
export class KafkaCluster extends Construct {
  readonly kind: ClusterKind;
  readonly clusterArn: string;
  /** Of brokers that have a size. */
  readonly alarms: readonly Alarm[];
  /** Bootstrap servers, found by asking MSK once the cluster exists. */
  readonly bootstrapServers: string;

  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    this.kind = props.kind;
    const { clusterArn, alarms } =
      props.kind === 'express' ? expressCluster(this, props) : serverlessCluster(this, props);
    this.clusterArn = clusterArn;
    this.alarms = alarms;
    const brokers = new AwsCall(this, 'BootstrapBrokers', {
      service: 'Kafka',
      action: 'getBootstrapBrokers',
      parameters: { ClusterArn: this.clusterArn },
      field: 'BootstrapBrokerStringSaslIam',
      permission: 'kafka:GetBootstrapBrokers',
      logRetentionDays: props.logRetentionDays,
    });
    this.bootstrapServers = brokers.answer;
  }

  /** Allows to write these topics, idempotently. */
  grantProduce(grantee: Grantee, topics: readonly string[]): void {
    allow(grantee, ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], [this.clusterArn]);
    allow(grantee, PRODUCE, this.arnsOf('topic', topics));
  }

  /** Allows transactions of these names, in which nobody else's are ended. */
  grantTransactions(grantee: Grantee, names: readonly string[]): void {
    allow(grantee, TRANSACT, this.arnsOf('transactional-id', names));
  }

  /** Allows to read these topics in consumer groups whose names begin with the prefix and a hyphen. */
  grantConsume(grantee: Grantee, topics: readonly string[], groupPrefix: string): void {
    allow(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    allow(grantee, CONSUME, this.arnsOf('topic', topics));
    allow(grantee, CONSUMER_GROUP, this.arnsOf('group', [`${groupPrefix}-*`]));
    const reason = 'Clients name their consumer groups behind the prefix: Spark makes one for every run of a query.';
    acknowledge(grantee, { [`AwsSolutions-IAM5[/${groupPrefix}-*]`]: reason });
  }

  /** Allows what workers of Kafka Connect do, besides what their connectors do: to divide work in a group, and to keep what they know in topics, which they create. */
  grantConnect(
    grantee: Grantee,
    {
      group,
      internal,
      writes,
    }: { readonly group: string; readonly internal: readonly string[]; readonly writes: readonly string[] },
  ): void {
    allow(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    allow(grantee, KEEP, this.arnsOf('topic', internal));
    allow(grantee, CONSUMER_GROUP, this.arnsOf('group', [group]));
    allow(grantee, PRODUCE, this.arnsOf('topic', writes));
  }

  /**
   * Allows what a connector does that reads topics, besides what it does as part of a worker: to read in its groups, and to agree with its tasks on a topic, in
   * transactions. The names of these, and of the groups in which each task reads that topic, begin with a prefix.
   */
  grantSink(
    grantee: Grantee,
    {
      reads,
      groups,
      prefix,
    }: { readonly reads: readonly string[]; readonly groups: readonly string[]; readonly prefix: string },
  ): void {
    allow(grantee, CONSUME, this.arnsOf('topic', reads));
    allow(grantee, CONSUMER_GROUP, this.arnsOf('group', [...groups, `${prefix}*`]));
    allow(grantee, TRANSACTIONS, this.arnsOf('transactional-id', [`${prefix}*`]));
    const reason = 'The sink ends the names of groups and transactions of its tasks with numbers of its own.';
    acknowledge(grantee, { [`AwsSolutions-IAM5[/${prefix}*]`]: reason });
  }

  /** Allows to create, alter and delete these topics. */
  grantAdminister(grantee: iam.IGrantable, topics: readonly string[]): void {
    allow(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    allow(grantee, ADMINISTER, this.arnsOf('topic', topics));
  }

  /** ARNs of topics, groups or transactions: `arn:...:cluster/<name>/<uuid>` with another kind and a name behind it. */
  private arnsOf(resource: 'topic' | 'group' | 'transactional-id', names: readonly string[]): string[] {
    const parts = Fn.split('/', this.clusterArn);
    const cluster = `${Fn.select(1, parts)}/${Fn.select(2, parts)}`;
    const stack = Stack.of(this);
    return names.map((name) => stack.formatArn({ service: 'kafka', resource, resourceName: `${cluster}/${name}` }));
  }
}
