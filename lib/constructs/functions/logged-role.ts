/**
 * The role of a Lambda with a log group of its own: a retention comes in, a role that may write exactly that group goes
 * out. It takes the place of the managed policies that CDK would attach. Called by every construct with a function.
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
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(this.role);
    if (props.inVpc) {
      this.role.addToPolicy(
        new iam.PolicyStatement({
          sid: 'NetworkInterfaces',
          actions: [
            'ec2:CreateNetworkInterface',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
          ],
          // Lambda asks for these before the interface exists, and the Describe actions know no resource.
          resources: ['*'],
        }),
      );
      acknowledge(this.role, {
        rule: 'AwsSolutions-IAM5',
        findings: ['Resource::*'],
        reason: 'Lambda makes the network interfaces of a function, with ids that nobody knows before.',
        until: 'Lambda makes them with a role of its own.',
      });
    }
  }
}
