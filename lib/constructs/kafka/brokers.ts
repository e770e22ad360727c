/** What both kinds of brokers are told, and what they make. */
import type { RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Network } from '../network/network.ts';

/** What a cluster is made of; another choice later is another cluster. */
export type ClusterKind = 'serverless' | 'express';

export interface KafkaClusterProps {
  readonly kind: ClusterKind;
  /**
   * Key of what Express brokers keep; MSK Serverless takes none.
   * @default a key that AWS owns
   */
  readonly key?: IKey | undefined;
  /** Physical name; it is part of every ARN of a topic and never changes, since a change replaces the cluster. */
  readonly clusterName: string;
  readonly network: Network;
  /** What becomes of the cluster, and of all records, when the stack is destroyed. */
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
}

/** What a kind of cluster makes. */
export interface Brokers {
  readonly clusterArn: string;
  readonly alarms: readonly Alarm[];
}
