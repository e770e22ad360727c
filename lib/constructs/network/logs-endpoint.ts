/**
 * How jobs reach CloudWatch Logs from a VPC without a way out: an interface endpoint. The network comes in. Called by
 * the network stack.
 */
import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Network } from './network.ts';

export interface LogsEndpointProps {
  readonly network: Network;
}

/**
 * The only interface endpoint of the analytics VPC: about 7.30 USD a month in each zone, and 0.01 USD for each GB of log
 * lines. Without it jobs run and nobody sees why one failed. Workers get their credentials from EMR Serverless itself, sign for
 * Kafka on their own, and read the Glue catalog, secrets and keys not at all, so that nothing else is called.
 */
export class LogsEndpoint extends Construct {
  constructor(scope: Construct, id: string, props: LogsEndpointProps) {
    super(scope, id);
    const { analytics, sparkSecurityGroup } = props.network;
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc: analytics,
      description: 'Endpoint of CloudWatch Logs',
      allowAllOutbound: false,
    });
    group.connections.allowFrom(sparkSecurityGroup, ec2.Port.HTTPS, 'log lines of jobs');
    const endpoint = analytics.addInterfaceEndpoint('Logs', {
      service: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      securityGroups: [group],
      // The rule above is the only one; CDK would open the port to the whole range of the VPC.
      open: false,
      subnets: { subnets: analytics.isolatedSubnets },
    });
    endpoint.addToPolicy(
      new iam.PolicyStatement({
        principals: [new iam.AnyPrincipal()],
        actions: ['logs:CreateLogStream', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        // DescribeLogGroups knows no resources; whoever calls is of this account.
        resources: ['*'],
        conditions: { StringEquals: { 'aws:PrincipalAccount': Stack.of(this).account } },
      }),
    );
  }
}
