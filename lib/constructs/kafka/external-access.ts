/**
 * What applications outside a pipeline may be granted: a declaration comes in; for each external topic a policy to write
 * it, to read it, or both, goes out, attached to nobody. Called by the pipeline stack.
 */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Pipeline } from '../../declaration/model.ts';
import { externalGroupPrefix, externalPolicy, externalWays } from '../../declaration/plan.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

export interface ExternalAccessProps {
  readonly pipeline: Pipeline;
  readonly cluster: KafkaCluster;
}

/** Policies for a person to attach to the roles of other applications. */
export class ExternalAccess extends Construct {
  constructor(scope: Construct, id: string, props: ExternalAccessProps) {
    super(scope, id);
    const { pipeline, cluster } = props;
    for (const [role, topic] of Object.entries(pipeline.topics)) {
      for (const way of externalWays(topic)) {
        const name = externalPolicy(role, way);
        const verb = way === 'Writer' ? 'write' : 'read';
        const policy = new iam.ManagedPolicy(this, name, {
          description: `Allows an application to ${verb} topic ${topic.name} of pipeline ${pipeline.name}`,
        });
        if (way === 'Writer') cluster.grantProduce(policy, [topic.name]);
        else cluster.grantConsume(policy, [topic.name], externalGroupPrefix(pipeline.name));
        new CfnOutput(Stack.of(this), name, {
          description: `Attach it to the role of an application that is to ${verb} ${topic.name}`,
          value: policy.managedPolicyArn,
        });
      }
    }
  }
}
