/**
 * An MSK Serverless cluster attached to both VPCs: the network comes in; brokers, and grants to produce, to consume and
 * to manage topics go out. Called by the streaming stack; the grants by everything that has a role.
 */
import * as msk from '@aws-cdk/aws-msk-alpha';
import { CfnParameter, type CfnResource, Fn, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { AwsCall } from '../functions/aws-call.ts';
import { KAFKA_PORT, type Network } from '../network/network.ts';

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
  /**
   * How clients authenticate: `iam` on AWS. A deployment parameter, so that the same template can be deployed to a
   * machine whose broker has no authentication (`none`).
   */
  readonly security: string;

  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    const { network } = props;
    const vpcConfigs = [
      {
        name: 'Analytics',
        vpc: network.analytics,
        subnets: network.analytics.isolatedSubnets,
        clients: network.sparkSecurityGroup,
      },
      {
        name: 'Services',
        vpc: network.services,
        subnets: network.services.privateSubnets,
        clients: network.handlerSecurityGroup,
      },
    ].map(({ name, vpc, subnets, clients }) => {
      const group = new ec2.SecurityGroup(this, `${name}Clients`, {
        vpc,
        description: `Kafka endpoints in the ${name} VPC`,
        allowAllOutbound: false,
      });
      group.connections.allowFrom(clients, ec2.Port.tcp(KAFKA_PORT), 'Kafka with IAM');
      return { vpc, vpcSubnets: { subnets }, securityGroups: [group] };
    });
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
      allow: { action: 'kafka:GetBootstrapBrokers', resource: '*' },
      logRetentionDays: props.logRetentionDays,
    });
    acknowledge(brokers, {
      rule: 'AwsSolutions-IAM5',
      findings: ['Resource::*'],
      reason: 'GetBootstrapBrokers knows no resources.',
      until: 'MSK knows resources there, or CloudFormation gives the brokers.',
    });
    this.bootstrapServers = brokers.answer;

    const security = new CfnParameter(this, 'Security', {
      default: 'iam',
      allowedValues: ['iam', 'none'],
      description: 'How Kafka clients authenticate. Keep iam on AWS; none is for a broker without authentication.',
    });
    security.overrideLogicalId('KafkaSecurity');
    this.security = security.valueAsString;
  }

  /** Allows a role, or whoever a policy is attached to, to write these topics, idempotently. */
  grantProduce(grantee: Grantee, topics: readonly string[]): void {
    this.grant(grantee, ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], [this.clusterArn]);
    this.grant(
      grantee,
      PRODUCE,
      topics.map((topic) => this.arnOf('topic', topic)),
    );
  }

  /**
   * Allows a role, or whoever a policy is attached to, to read these topics in consumer groups whose names begin with
   * the prefix and a hyphen.
   */
  grantConsume(grantee: Grantee, topics: readonly string[], groupPrefix: string): void {
    this.grant(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    this.grant(
      grantee,
      CONSUME,
      topics.map((topic) => this.arnOf('topic', topic)),
    );
    this.grant(grantee, CONSUMER_GROUP, [this.arnOf('group', `${groupPrefix}-*`)]);
    acknowledge(grantee, {
      rule: 'AwsSolutions-IAM5',
      findings: [`/${groupPrefix}-*`],
      reason: 'Clients name their consumer groups behind the prefix: Spark makes one for every run of a query.',
      until: 'Spark takes a name for it that fits all its runs.',
    });
  }

  /** Allows a role to create, alter and delete these topics. */
  grantAdminister(grantee: iam.IGrantable, topics: readonly string[]): void {
    this.grant(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    this.grant(
      grantee,
      ADMINISTER,
      topics.map((topic) => this.arnOf('topic', topic)),
    );
  }

  private grant(grantee: iam.IGrantable, actions: string[], resourceArns: string[]): void {
    iam.Grant.addToPrincipal({ grantee, actions, resourceArns });
  }

  /** ARN of a topic or group: `arn:...:cluster/<name>/<uuid>` with another kind and a name behind it. */
  private arnOf(kind: 'topic' | 'group', name: string): string {
    const parts = Fn.split('/', this.clusterArn);
    return Stack.of(this).formatArn({
      service: 'kafka',
      resource: kind,
      resourceName: `${Fn.select(1, parts)}/${Fn.select(2, parts)}/${name}`,
    });
  }
}
