/** Policies by which applications outside a pipeline write or read its external topics, attached to nobody. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { topicsOf } from '../../declaration/flow.ts';
import { externalGroupPrefix, externalPolicy } from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

/** Policies for a person to attach to the roles of other applications. */
export class ExternalAccess extends Construct {
  constructor(scope: Construct, id: string, pipeline: Pipeline, cluster: KafkaCluster) {
    super(scope, id);
    for (const [alias, topic] of Object.entries(topicsOf(pipeline))) {
      for (const way of topic.externalWays) {
        const name = externalPolicy(alias, way);
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
