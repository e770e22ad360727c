/** Restarts the registry's tasks when the database's password has been rotated. */
import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
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
    const { cluster, secret, logRetentionDays } = props;
    const { attrServiceArn: service } = props.service.node.findChild('Service') as ecs.CfnService;
    const identity = new LoggedRole(this, 'Function', { logRetentionDays });
    const restart = nodeFunction(this, 'Resource', {
      folder: 'restart-registry',
      description: "Restarts the registry's tasks after its database's password was rotated",
      identity,
      timeout: Duration.seconds(30),
    });
    allow(identity.role, ['ecs:DescribeServices'], [service]);
    allow(identity.role, ['ecs:UpdateService'], [service]);
    allow(identity.role, ['secretsmanager:DescribeSecret'], [secret.secretArn]);
    const asked = { cluster: cluster.clusterArn, service, secret: secret.secretArn };
    new events.Rule(this, 'Often', {
      description: "Whether the password of the registry's database is younger than the registry's tasks",
      schedule: events.Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(restart, { retryAttempts: 0, event: events.RuleTargetInput.fromObject(asked) })],
    });
    const again = 'A call that fails is made again five minutes later, with all that it needs to know.';
    acknowledge(this, {
      'Serverless-LambdaDLQ': again,
      'Serverless-EventBusDLQ': again,
      'Serverless-LambdaTracing': 'Two calls every five minutes, logged.',
    });
  }
}
