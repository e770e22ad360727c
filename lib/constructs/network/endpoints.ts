/** How Spark's workers reach CloudWatch Logs, the Glue catalog and S3 from a VPC without a way out. */
import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { AwsCall } from '../functions/aws-call.ts';
import type { AssetsFolder } from '../storage/assets-folder.ts';
import { tableArns, WRITE_TABLE } from '../storage/catalog.ts';
import { closedGroup, type Network } from './network.ts';

/**
 * An interface endpoint of the analytics VPC: about 7.30 USD a month in each zone, and 0.01 USD for each GB. Workers get their credentials from EMR
 * Serverless itself, sign for Kafka on their own, and ask for secrets and keys not at all, so that nothing else is called than what has one here.
 */
function interfaceEndpoint(
  scope: Construct,
  { analytics, sparkSecurityGroup }: Network,
  name: string,
  { service, of, what }: { service: ec2.InterfaceVpcEndpointAwsService; of: string; what: string },
): ec2.InterfaceVpcEndpoint {
  const group = closedGroup(scope, 'Group', analytics, `Endpoint of ${of}`);
  group.connections.allowFrom(sparkSecurityGroup, ec2.Port.HTTPS, what);
  return analytics.addInterfaceEndpoint(name, {
    service,
    securityGroups: [group],
    // The rule above is the only one; CDK would open the port to the whole range of the VPC.
    open: false,
    subnets: { subnets: analytics.isolatedSubnets },
  });
}

/** The way to CloudWatch Logs. Without it jobs run and nobody sees why one failed. */
export class LogsEndpoint extends Construct {
  constructor(scope: Construct, id: string, network: Network) {
    super(scope, id);
    const endpoint = interfaceEndpoint(this, network, 'Logs', {
      service: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      of: 'CloudWatch Logs',
      what: 'log lines of jobs',
    });
    const actions = ['logs:CreateLogStream', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:PutLogEvents'];
    // DescribeLogGroups knows no resources; whoever calls is of this account.
    letThrough(endpoint, actions, '*', { StringEquals: { 'aws:PrincipalAccount': Stack.of(this).account } });
  }
}

/** The way to the tables of one database in the Glue catalog. */
export class CatalogEndpoint extends Construct {
  constructor(scope: Construct, id: string, network: Network, database: string) {
    super(scope, id);
    const endpoint = interfaceEndpoint(this, network, 'Glue', {
      service: ec2.InterfaceVpcEndpointAwsService.GLUE,
      of: 'the Glue catalog',
      what: 'tables of datasets',
    });
    for (const resource of tableArns(Stack.of(this), database, '*')) letThrough(endpoint, WRITE_TABLE, resource);
  }
}

export interface ObjectsEndpointProps {
  readonly network: Network;
  /** Where jobs read input and leave results. */
  readonly bucket: IBucket;
  /** Where job code and samples lie. */
  readonly assets: AssetsFolder;
  readonly logRetentionDays: number;
}

/**
 * A gateway endpoint of S3, free of charge, that lets through to the buckets that jobs use and to no others, and the rule of the workers'
 * group that leads to it.
 */
export class ObjectsEndpoint extends Construct {
  constructor(scope: Construct, id: string, props: ObjectsEndpointProps) {
    super(scope, id);
    const { bucket, assets, logRetentionDays } = props;
    const { analytics, sparkSecurityGroup } = props.network;
    const stack = Stack.of(this);
    const endpoint = new ec2.GatewayVpcEndpoint(this, 'Gateway', {
      vpc: analytics,
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnets: analytics.isolatedSubnets }],
    });
    const objects = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'];
    letThrough(endpoint, objects, bucket.arnForObjects('*'));
    letThrough(endpoint, ['s3:ListBucket'], bucket.bucketArn);
    letThrough(endpoint, ['s3:GetObject'], assets.objectsArn);
    letThrough(endpoint, ['s3:ListBucket'], assets.bucketArn, assets.listable);
    // EMR Serverless puts what its console and its Spark UI show into a bucket of its own.
    const own = `prod.${stack.region}.appinfo.src`;
    const ownObjects = stack.formatArn({ service: 's3', region: '', account: '', resource: own, resourceName: '*' });
    letThrough(endpoint, ['s3:PutObject', 's3:PutObjectAcl'], ownObjects);

    // A rule cannot name a gateway endpoint, only S3's list of addresses, which has another id in each Region.
    const prefixList = new AwsCall(this, 'PrefixList', {
      service: 'EC2',
      action: 'describeManagedPrefixLists',
      parameters: { Filters: [{ Name: 'prefix-list-name', Values: [`com.amazonaws.${stack.region}.s3`] }] },
      field: 'PrefixLists.0.PrefixListId',
      permission: 'ec2:DescribeManagedPrefixLists',
      logRetentionDays,
    });
    new ec2.CfnSecurityGroupEgress(this, 'FromWorkers', {
      groupId: sparkSecurityGroup.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      destinationPrefixListId: prefixList.answer,
      description: 'S3 through the gateway endpoint',
    });
  }
}

function letThrough(endpoint: ec2.VpcEndpoint, actions: string[], resource: string, conditions = {}): void {
  const principals = [new iam.AnyPrincipal()];
  endpoint.addToPolicy(new iam.PolicyStatement({ principals, actions, resources: [resource], conditions }));
}
