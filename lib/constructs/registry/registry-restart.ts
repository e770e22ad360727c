/**
 * Restarts the registry's tasks when the database's password has been rotated: service, cluster and secret come in.
 * Called by the registry's construct.
 */
import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { LoggedRole } from '../functions/logged-role.ts';
import { nodeFunction } from '../functions/node-function.ts';

export interface RegistryRestartProps {
  readonly cluster: ecs.ICluster;
  readonly service: ecs.FargateService;
  readonly secret: ISecret;
  readonly logRetentionDays: number;
}

/**
 * Asks every few minutes whether the password is younger than the tasks. Secrets Manager tells of rotations through
 * CloudTrail only, which an account need not have; open connections outlive a rotation, so that minutes do no harm.
 */
export class RegistryRestart extends Construct {
  constructor(scope: Construct, id: string, props: RegistryRestartProps) {
    super(scope, id);
    const { cluster, secret } = props;
    const { attrServiceArn: serviceArn } = props.service.node.findChild('Service') as ecs.CfnService;
    const identity = new LoggedRole(this, 'Function', { logRetentionDays: props.logRetentionDays });
    const restart = nodeFunction(this, 'Resource', {
      folder: 'restart-registry',
      description: "Restarts the registry's tasks after its database's password was rotated",
      identity,
      timeout: Duration.seconds(30),
    });
    const allow = (action: string, resource: string): void =>
      void identity.role.addToPolicy(new iam.PolicyStatement({ actions: [action], resources: [resource] }));
    allow('ecs:DescribeServices', serviceArn);
    allow('ecs:UpdateService', serviceArn);
    allow('secretsmanager:DescribeSecret', secret.secretArn);
    new events.Rule(this, 'Often', {
      description: "Whether the password of the registry's database is younger than the registry's tasks",
      schedule: events.Schedule.rate(Duration.minutes(5)),
      targets: [
        new LambdaFunction(restart, {
          retryAttempts: 0,
          event: events.RuleTargetInput.fromObject({
            cluster: cluster.clusterArn,
            service: serviceArn,
            secret: secret.secretArn,
          }),
        }),
      ],
    });
    const reason = 'A call that fails is made again five minutes later, with all that it needs to know.';
    acknowledge(
      this,
      { rule: 'Serverless-LambdaDLQ', reason, until: 'never' },
      { rule: 'Serverless-EventBusDLQ', reason, until: 'never' },
      { rule: 'Serverless-LambdaTracing', reason: 'Two calls every five minutes, logged.', until: 'never' },
    );
  }
}
