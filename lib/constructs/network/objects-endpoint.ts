/**
 * How Spark's workers reach S3 from a VPC without a way out: a gateway endpoint, free of charge, that lets through to
 * the buckets that jobs use and to no others. Network and buckets come in. Called by the processing stack.
 */
import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { AwsCall } from '../functions/aws-call.ts';
import type { Network } from './network.ts';

export interface ObjectsEndpointProps {
  readonly network: Network;
  /** Where jobs read input and leave results. */
  readonly bucket: IBucket;
  readonly logRetentionDays: number;
}

/** The endpoint, and the rule of the workers' group that leads to it. */
export class ObjectsEndpoint extends Construct {
  constructor(scope: Construct, id: string, props: ObjectsEndpointProps) {
    super(scope, id);
    const { network, bucket } = props;
    const stack = Stack.of(this);
    const endpoint = new ec2.GatewayVpcEndpoint(this, 'Gateway', {
      vpc: network.analytics,
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnets: network.analytics.isolatedSubnets }],
    });
    const allow = (actions: string[], resources: string[]): void =>
      endpoint.addToPolicy(new iam.PolicyStatement({ principals: [new iam.AnyPrincipal()], actions, resources }));
    allow(['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'], [bucket.arnForObjects('*')]);
    allow(['s3:ListBucket'], [bucket.bucketArn]);
    // Scripts, packages and jars, put there by `cdk deploy`.
    const qualifier = stack.synthesizer.bootstrapQualifier ?? 'hnb659fds';
    const assets = stack.formatArn({
      service: 's3',
      region: '',
      account: '',
      resource: `cdk-${qualifier}-assets-${stack.account}-${stack.region}`,
      resourceName: '*',
    });
    allow(['s3:GetObject'], [assets]);
    // EMR Serverless puts what its console and its Spark UI show into a bucket of its own.
    const own = stack.formatArn({
      service: 's3',
      region: '',
      account: '',
      resource: `prod.${stack.region}.appinfo.src`,
      resourceName: '*',
    });
    allow(['s3:PutObject', 's3:PutObjectAcl'], [own]);

    // A rule cannot name a gateway endpoint, only S3's list of addresses, which has another id in each Region.
    new ec2.CfnSecurityGroupEgress(this, 'FromWorkers', {
      groupId: network.sparkSecurityGroup.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      destinationPrefixListId: this.prefixList(props.logRetentionDays),
      description: 'S3 through the gateway endpoint',
    });
  }

  private prefixList(logRetentionDays: number): string {
    const { region } = Stack.of(this);
    const call = new AwsCall(this, 'PrefixList', {
      service: 'EC2',
      action: 'describeManagedPrefixLists',
      parameters: { Filters: [{ Name: 'prefix-list-name', Values: [`com.amazonaws.${region}.s3`] }] },
      field: 'PrefixLists.0.PrefixListId',
      allow: { action: 'ec2:DescribeManagedPrefixLists', resource: '*' },
      logRetentionDays,
    });
    acknowledge(call, {
      rule: 'AwsSolutions-IAM5',
      findings: ['Resource::*'],
      reason: 'DescribeManagedPrefixLists knows no resources.',
      until: 'CloudFormation gives the id of an AWS-managed prefix list.',
    });
    return call.answer;
  }
}
