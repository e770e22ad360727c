/** The brokers and the schema registry of an environment. Called by the environment's stage. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { KafkaCluster } from '../constructs/kafka/kafka-cluster.ts';
import { SchemaRegistry } from '../constructs/registry/schema-registry.ts';
import type { NetworkStack } from './network-stack.ts';
import { removalPolicyOf } from './removal-policy.ts';

export interface StreamingStackProps extends StackProps {
  readonly environment: Environment;
  readonly networkStack: NetworkStack;
}

export class StreamingStack extends Stack {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;

  constructor(scope: Construct, id: string, props: StreamingStackProps) {
    super(scope, id, props);
    const { environment, networkStack } = props;
    const { network } = networkStack;
    const { registry } = environment;
    this.cluster = new KafkaCluster(this, 'Kafka', {
      clusterName: `millrace-${environment.name}`,
      network,
      removalPolicy: removalPolicyOf(environment),
      logRetentionDays: environment.logDays,
    });
    this.registry = new SchemaRegistry(this, 'Registry', {
      ...registry,
      network,
      accessLogs: networkStack.accessLogs.bucket,
      removalPolicy: removalPolicyOf(environment),
      logRetentionDays: environment.logDays,
    });
    for (const alarm of this.registry.alarms) alarm.addAlarmAction(new SnsAction(networkStack.alerts.topic));
    new CfnOutput(this, 'RegistryAddress', {
      description: 'Where jobs read schemas; reachable inside the two VPCs only',
      value: this.registry.url,
    });
    // Exported whether a pipeline uses them or not, so that this stack is the same with and without any of them.
    for (const value of [
      this.cluster.clusterArn,
      this.cluster.bootstrapServers,
      this.cluster.security,
      this.registry.url,
      this.registry.writeUrl,
    ]) {
      this.exportValue(value);
    }
  }
}
