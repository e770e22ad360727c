/**
 * The closed list of resource types that stay on AWS, each with its reason in words. A type that is neither here nor
 * has a provider is an error, so nothing is skipped in silence; functions, custom resources, state machines and
 * parameters must never stand here (a test sees to it).
 */
import { markerIn } from '../markers.ts';
import type { Properties, StackIdentity } from '../model.ts';
import { arn, generatedName, type Outcome } from './provider.ts';

export interface AwsOnly {
  readonly reason: string;
  /** The name and ARN that other resources may hold; where it is missing, each reference becomes a marker. */
  readonly identity?: (stack: StackIdentity, logicalId: string, properties: Properties) => Outcome;
}

const reasons: Readonly<Record<string, string>> = {
  'part of a network: on this machine everything talks over the loopback interface': `
    EC2::EIP EC2::FlowLog EC2::InternetGateway EC2::NatGateway EC2::NetworkAcl EC2::NetworkAclEntry EC2::Route EC2::RouteTable
    EC2::SecurityGroup EC2::SecurityGroupEgress EC2::SecurityGroupIngress EC2::Subnet EC2::SubnetNetworkAclAssociation
    EC2::SubnetRouteTableAssociation EC2::VPC EC2::VPCGatewayAttachment EC2::VPCPeeringConnection`,
  'lets a machine of EC2 be a role: there is none here': 'IAM::InstanceProfile',
  'part of log storage: what runs here writes its log into files of the local home': `
    Logs::LogGroup Logs::ResourcePolicy`,
  'watches metrics or events of AWS services, of which this machine has none': `
    CloudWatch::Alarm CloudWatch::CompositeAlarm CloudWatch::Dashboard Logs::MetricFilter Logs::QueryDefinition`,
  'how a database is run: here the registry keeps its data in a file, and one PostgreSQL has those of pipelines': `
    RDS::DBClusterParameterGroup RDS::DBInstance RDS::DBParameterGroup RDS::DBSubnetGroup`,
  'how a container is run: here the registry and workers of connectors are processes': `
    ApplicationAutoScaling::ScalableTarget ApplicationAutoScaling::ScalingPolicy ECR::PullThroughCacheRule
    ECR::Repository ECS::Cluster
    ECS::ClusterCapacityProviderAssociations`,
  'spreads calls over containers: here there is one registry, called directly': `
    ElasticLoadBalancingV2::Listener ElasticLoadBalancingV2::ListenerRule ElasticLoadBalancingV2::LoadBalancer
    ElasticLoadBalancingV2::TargetGroup`,
  'a private host name: here the services are called by their loopback address': `
    Route53::HostedZone Route53::RecordSet ServiceDiscovery::PrivateDnsNamespace ServiceDiscovery::Service`,
  'encrypts what AWS stores: here files are as safe as the disk': 'KMS::Alias KMS::Key',
  'tells people of alarms, and this machine raises none': 'SNS::Subscription SNS::Topic',
  'a secret that AWS generates: the services of this machine have no passwords':
    'SecretsManager::Secret SecretsManager::SecretTargetAttachment',
  'keeps events that could not be delivered: here a failed delivery is shown at once': 'SQS::Queue',
  'watches the bill of an AWS account; this machine sends none': 'Budgets::Budget',
  'counts which constructs are used: there is nothing to run': 'CDK::Metadata',
};

const identities: Readonly<Record<string, AwsOnly['identity']>> = {
  'AWS::Logs::LogGroup': (stack, logicalId, properties) => {
    const name = given(properties.LogGroupName) ?? generatedName(stack, logicalId, 512);
    return { physicalId: name, attributes: { Arn: `${arn(stack, 'logs', `log-group:${name}`)}:*` } };
  },
  // Only what names them here: their policies stand beside those of the roles.
  'AWS::SNS::Topic': (stack, logicalId, properties) => {
    const topicArn = arn(stack, 'sns', given(properties.TopicName) ?? generatedName(stack, logicalId, 256));
    return { physicalId: topicArn, attributes: { TopicArn: topicArn } };
  },
  'AWS::SQS::Queue': (stack, logicalId, properties) => {
    const name = given(properties.QueueName) ?? generatedName(stack, logicalId, 80);
    const url = `https://sqs.${stack.region}.amazonaws.com/${stack.account}/${name}`;
    return { physicalId: url, attributes: { Arn: arn(stack, 'sqs', name), QueueName: name } };
  },
};

function given(name: unknown): string | undefined {
  return typeof name === 'string' && markerIn(name) === undefined ? name : undefined;
}

/** By CloudFormation type. */
export const awsOnly: Readonly<Record<string, AwsOnly>> = Object.fromEntries(
  Object.entries(reasons).flatMap(([reason, names]) => {
    const types = names.match(/\S+/g)?.map((name) => `AWS::${name}`) ?? [];
    return types.map((type) => [type, { reason, ...(identities[type] && { identity: identities[type] }) }]);
  }),
);
