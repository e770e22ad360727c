/** The brokers and the schema registry of an environment. */
import { Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import { KafkaCluster } from '../constructs/kafka/kafka-cluster.ts';
import { SchemaRegistry } from '../constructs/registry/schema-registry.ts';
import type { NetworkStack } from './network-stack.ts';
import { type EnvironmentStackProps, exportAll, removalPolicyOf, show } from './shared.ts';

export interface StreamingStackProps extends EnvironmentStackProps {
  readonly networkStack: NetworkStack;
}

export class StreamingStack extends Stack {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;

  constructor(scope: Construct, id: string, props: StreamingStackProps) {
    super(scope, id, props);
    const { environment, networkStack } = props;
    const common = {
      network: networkStack.network,
      removalPolicy: removalPolicyOf(environment),
      logRetentionDays: environment.logDays,
    };
    this.cluster = new KafkaCluster(this, 'Kafka', {
      kind: environment.kafka ?? 'serverless',
      clusterName: `millrace-${environment.name}`,
      key: networkStack.key,
      ...common,
    });
    this.registry = new SchemaRegistry(this, 'Registry', {
      ...environment.registry,
      imagePrefix: `millrace-${environment.name}`,
      ...common,
      key: networkStack.key,
      accessLogs: networkStack.accessLogs.bucket,
    });
    for (const alarm of [...this.cluster.alarms, ...this.registry.alarms])
      alarm.addAlarmAction(new SnsAction(networkStack.alerts.topic));
    const { cluster, registry } = this;
    show(this, { RegistryAddress: ['Where jobs read schemas; reachable inside the two VPCs only', registry.url] });
    exportAll(this, cluster.clusterArn, cluster.bootstrapServers, registry.url, registry.writeUrl);
    exportAll(this, registry.writer.secretArn);
  }
}
