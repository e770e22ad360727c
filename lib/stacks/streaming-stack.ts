/** The brokers and the schema registry of an environment. Called by the environment's stage. */
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { KafkaCluster } from '../constructs/kafka-cluster.ts';
import type { Network } from '../constructs/network.ts';
import { SchemaRegistry } from '../constructs/schema-registry.ts';

export interface StreamingStackProps extends StackProps {
  readonly environment: Environment;
  readonly network: Network;
}

export class StreamingStack extends Stack {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;

  constructor(scope: Construct, id: string, props: StreamingStackProps) {
    super(scope, id, props);
    const { environment, network } = props;
    this.cluster = new KafkaCluster(this, 'Kafka', {
      clusterName: `millrace-${environment.name}`,
      network,
      logRetentionDays: environment.logDays,
    });
    this.registry = new SchemaRegistry(this, 'Registry', {
      network,
      cpu: environment.registry.cpu,
      memoryMiB: environment.registry.memoryMiB,
      databaseConnections: environment.registry.databaseConnections,
      databaseMultiZone: environment.registry.databaseMultiZone,
      removalPolicy: environment.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      logRetention: environment.logDays,
    });
    // Exported whether a pipeline uses them or not, so that this stack is the same with and without any of them.
    for (const value of [
      this.cluster.clusterArn,
      this.cluster.bootstrapServers,
      this.cluster.security,
      this.registry.url,
    ]) {
      this.exportValue(value);
    }
  }
}
