/**
 * An MSK Serverless cluster attached to both VPCs: the network comes in; brokers, and grants to produce, to consume and
 * to manage topics go out. Called by the streaming stack; the grants by everything that has a role.
 */
import * as msk from '@aws-cdk/aws-msk-alpha';
import { CfnParameter, Fn, Stack, TagManager } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { LoggedRole } from './logged-role.ts';
import { KAFKA_PORT, type Network } from './network.ts';

export interface KafkaClusterProps {
  /** Physical name; it is part of every ARN of a topic and never changes, since a change replaces the cluster. */
  readonly clusterName: string;
  readonly network: Network;
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
      { name: 'Analytics', vpc: network.analytics, clients: network.sparkSecurityGroup },
      { name: 'Services', vpc: network.services, clients: network.handlerSecurityGroup },
    ].map(({ name, vpc, clients }) => {
      const group = new ec2.SecurityGroup(this, `${name}Clients`, {
        vpc,
        description: `Kafka endpoints in the ${name} VPC`,
        allowAllOutbound: false,
      });
      group.connections.allowFrom(clients, ec2.Port.tcp(KAFKA_PORT), 'Kafka with IAM');
      const vpcSubnets = { subnets: [...vpc.isolatedSubnets, ...vpc.privateSubnets] };
      return { vpc, vpcSubnets, securityGroups: [group] };
    });
    const cluster = new msk.ServerlessCluster(this, 'Cluster', { clusterName: props.clusterName, vpcConfigs });
    this.clusterArn = cluster.clusterArn;
    keepUntagged(cluster);

    const role = new LoggedRole(this, 'Brokers', { logRetentionDays: props.logRetentionDays });
    const brokers = new AwsCustomResource(this, 'BootstrapBrokers', {
      onUpdate: {
        service: 'Kafka',
        action: 'getBootstrapBrokers',
        parameters: { ClusterArn: this.clusterArn },
        physicalResourceId: PhysicalResourceId.of('bootstrap-brokers'),
        outputPaths: ['BootstrapBrokerStringSaslIam'],
      },
      installLatestAwsSdk: false,
      role: role.role,
      logGroup: role.logGroup,
      policy: AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [this.clusterArn] }),
      ]),
    });
    this.bootstrapServers = brokers.getResponseField('BootstrapBrokerStringSaslIam');

    const security = new CfnParameter(this, 'Security', {
      default: 'iam',
      allowedValues: ['iam', 'none'],
      description: 'How Kafka clients authenticate. Keep iam on AWS; none is for a broker without authentication.',
    });
    security.overrideLogicalId('KafkaSecurity');
    this.security = security.valueAsString;
  }

  /** Allows a role to write these topics, idempotently. */
  grantProduce(grantee: iam.IGrantable, topics: readonly string[]): void {
    this.grant(grantee, ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], [this.clusterArn]);
    this.grant(
      grantee,
      PRODUCE,
      topics.map((topic) => this.arnOf('topic', topic)),
    );
  }

  /** Allows a role to read these topics in consumer groups whose names begin with the prefix. */
  grantConsume(grantee: iam.IGrantable, topics: readonly string[], groupPrefix: string): void {
    this.grant(grantee, ['kafka-cluster:Connect'], [this.clusterArn]);
    this.grant(
      grantee,
      CONSUME,
      topics.map((topic) => this.arnOf('topic', topic)),
    );
    // Spark appends a random part to the prefix for every query.
    this.grant(grantee, CONSUMER_GROUP, [this.arnOf('group', `${groupPrefix}-*`)]);
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

/** Keeps tags of the application off the cluster: its tags are a replacement property, and its data would be lost. */
function keepUntagged(cluster: msk.ServerlessCluster): void {
  for (const child of cluster.node.findAll()) {
    const manager = TagManager.isTaggable(child) ? child.tags : TagManager.of(child);
    if (manager) Object.assign(manager, { applyTagAspectHere: () => false });
  }
}
