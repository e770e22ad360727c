/** An MSK Serverless cluster attached to both VPCs, and what may be granted on it. */
import * as msk from '@aws-cdk/aws-msk-alpha';
import { type CfnResource, Fn, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { KAFKA_PORT } from '../../declaration/limits.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { AwsCall } from '../functions/aws-call.ts';
import { closedGroup, type Network } from '../network/network.ts';

export interface KafkaClusterProps {
  /** Physical name; it is part of every ARN of a topic and never changes, since a change replaces the cluster. */
  readonly clusterName: string;
  readonly network: Network;
  /** What becomes of the cluster, and of all records, when the stack is destroyed. */
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
}

/** Actions of a client that writes records; the idempotent producer needs the second on the cluster. */
const PRODUCE = ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'];
const CONSUME = ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'];
const CONSUMER_GROUP = ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'];
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

/** Who may be granted something: a role, or a policy that is attached elsewhere. */
type Grantee = iam.IGrantable & Construct;

/** The cluster and what may be granted on it. */
export class KafkaCluster extends Construct {
  readonly clusterArn: string;
  /** Bootstrap servers, found by asking MSK once the cluster exists. */
  readonly bootstrapServers: string;

  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    const { analytics, services, sparkSecurityGroup, handlerSecurityGroup, connectSecurityGroup } = props.network;
    const attach = (name: string, vpc: ec2.Vpc, subnets: ec2.ISubnet[], ...clients: ec2.ISecurityGroup[]) => {
      const group = closedGroup(this, `${name}Clients`, vpc, `Kafka endpoints in the ${name} VPC`);
      for (const one of clients) group.connections.allowFrom(one, ec2.Port.tcp(KAFKA_PORT), 'Kafka with IAM');
      return { vpc, vpcSubnets: { subnets }, securityGroups: [group] };
    };
    const vpcConfigs = [
      attach('Analytics', analytics, analytics.isolatedSubnets, sparkSecurityGroup),
      attach('Services', services, services.privateSubnets, handlerSecurityGroup, connectSecurityGroup),
    ];
    const cluster = new msk.ServerlessCluster(this, 'Cluster', { clusterName: props.clusterName, vpcConfigs });
    this.clusterArn = cluster.clusterArn;
    // Every property of this resource replaces it, tags included, and its data would be lost. Whatever tags the
    // application gets, this removes them from here; a test shows that nothing else of it changes either.
    const resource = cluster.node.defaultChild as CfnResource;
    resource.addPropertyDeletionOverride('Tags');
    resource.applyRemovalPolicy(props.removalPolicy);

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

  /** Allows to create, alter and delete these topics. */
  grantAdminister(grantee: iam.IGrantable, topics: readonly string[]): void {
    allow(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    allow(grantee, ADMINISTER, this.arnsOf('topic', topics));
  }

  /** ARNs of topics or groups: `arn:...:cluster/<name>/<uuid>` with another kind and a name behind it. */
  private arnsOf(resource: 'topic' | 'group', names: readonly string[]): string[] {
    const parts = Fn.split('/', this.clusterArn);
    const cluster = `${Fn.select(1, parts)}/${Fn.select(2, parts)}`;
    const stack = Stack.of(this);
    return names.map((name) => stack.formatArn({ service: 'kafka', resource, resourceName: `${cluster}/${name}` }));
  }
}
