/** How Spark's workers reach CloudWatch Logs, the Glue catalog, S3 and DynamoDB from a VPC without a way out. */
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
    const { network, bucket, assets, logRetentionDays } = props;
    const stack = Stack.of(this);
    const endpoint = gateway(this, network, ec2.GatewayVpcEndpointAwsService.S3);
    const objects = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'];
    letThrough(endpoint, objects, bucket.arnForObjects('*'));
    letThrough(endpoint, ['s3:ListBucket'], bucket.bucketArn);
    letThrough(endpoint, ['s3:GetObject'], assets.objectsArn);
    letThrough(endpoint, ['s3:ListBucket'], assets.bucketArn, assets.listable);
    // EMR Serverless puts what its console and its Spark UI show into a bucket of its own.
    const own = `prod.${stack.region}.appinfo.src`;
    const ownObjects = stack.formatArn({ service: 's3', region: '', account: '', resource: own, resourceName: '*' });
    letThrough(endpoint, ['s3:PutObject', 's3:PutObjectAcl'], ownObjects);
    leadTo(this, network, { service: 's3', of: 'S3', logRetentionDays });
  }
}

export interface ItemsEndpointProps {
  readonly network: Network;
  /** How names of tables begin that jobs may use. */
  readonly prefix: string;
  readonly logRetentionDays: number;
}

/** A gateway endpoint of DynamoDB, free of charge, that lets through to the items of pipelines, and the rule of the workers' group that leads to it. */
export class ItemsEndpoint extends Construct {
  constructor(scope: Construct, id: string, { network, prefix, logRetentionDays }: ItemsEndpointProps) {
    super(scope, id);
    const endpoint = gateway(this, network, ec2.GatewayVpcEndpointAwsService.DYNAMODB);
    const tables = Stack.of(this).formatArn({ service: 'dynamodb', resource: 'table', resourceName: `${prefix}*` });
    letThrough(endpoint, ['dynamodb:PutItem', 'dynamodb:Scan'], tables);
    leadTo(this, network, { service: 'dynamodb', of: 'DynamoDB', logRetentionDays });
  }
}

/** An endpoint that the workers' subnets have a route to. */
function gateway(
  scope: Construct,
  { analytics }: Network,
  service: ec2.GatewayVpcEndpointAwsService,
): ec2.GatewayVpcEndpoint {
  const subnets = [{ subnets: analytics.isolatedSubnets }];
  return new ec2.GatewayVpcEndpoint(scope, 'Gateway', { vpc: analytics, service, subnets });
}

/**
 * Lets workers out to a gateway endpoint. A rule cannot name one, only the service's list of addresses, which has another id in each Region.
 */
function leadTo(
  scope: Construct,
  { sparkSecurityGroup }: Network,
  { service, of, logRetentionDays }: { service: string; of: string; logRetentionDays: number },
): void {
  const { region } = Stack.of(scope);
  const prefixList = new AwsCall(scope, 'PrefixList', {
    service: 'EC2',
    action: 'describeManagedPrefixLists',
    parameters: { Filters: [{ Name: 'prefix-list-name', Values: [`com.amazonaws.${region}.${service}`] }] },
    field: 'PrefixLists.0.PrefixListId',
    permission: 'ec2:DescribeManagedPrefixLists',
    logRetentionDays,
  });
  new ec2.CfnSecurityGroupEgress(scope, 'FromWorkers', {
    groupId: sparkSecurityGroup.securityGroupId,
    ipProtocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    destinationPrefixListId: prefixList.answer,
    description: `${of} through the gateway endpoint`,
  });
}

function letThrough(endpoint: ec2.VpcEndpoint, actions: string[], resource: string, conditions = {}): void {
  const principals = [new iam.AnyPrincipal()];
  endpoint.addToPolicy(new iam.PolicyStatement({ principals, actions, resources: [resource], conditions }));
}
