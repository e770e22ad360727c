/**
 * The role of a Lambda with a log group of its own, which it may write and no other. It takes the place of the managed policies that CDK
 * would attach.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface LoggedRoleProps {
  readonly logRetentionDays: number;
  /**
   * Whether the function is attached to a VPC.
   * @default false
   */
  readonly inVpc?: boolean;
}

/** A Lambda role and its log group. */
export class LoggedRole extends Construct {
  readonly role: iam.Role;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, props: LoggedRoleProps) {
    super(scope, id);
    this.logGroup = logGroup(this, 'Logs', props.logRetentionDays);
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(this.role);
    if (!props.inVpc) return;
    const actions = [
      'CreateNetworkInterface',
      'DeleteNetworkInterface',
      'DescribeNetworkInterfaces',
      'DescribeSubnets',
    ];
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'NetworkInterfaces',
        actions: actions.map((action) => `ec2:${action}`),
        // Lambda asks for these before the interface exists, and the Describe actions know no resource.
        resources: ['*'],
      }),
    );
    acknowledge(this.role, {
      'AwsSolutions-IAM5[Resource::*]': 'Lambda makes the network interfaces, with ids that nobody knows before.',
    });
  }
}

/** A log group that goes with its stack. */
export function logGroup(scope: Construct, id: string, retention: number): logs.LogGroup {
  return new logs.LogGroup(scope, id, { retention, removalPolicy: RemovalPolicy.DESTROY });
}
