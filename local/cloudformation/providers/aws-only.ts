/**
 * The closed list of resource types that stay on AWS, each with its reason in words. A type that is neither here nor has a provider is an error,
 * so nothing is skipped in silence; functions, custom resources, state machines and parameters must never stand here (a test sees to it).
 */

import { markerIn } from '../markers.ts';
import type { Properties, StackIdentity } from '../model.ts';
import { arn, generatedName } from '../names.ts';
import type { Outcome } from './provider.ts';

/** A type that stays on AWS. */
export interface AwsOnly {
  readonly reason: string;
  /** The name and ARN that other resources may hold; where it is missing, each reference becomes a marker. */
  readonly identity?: (stack: StackIdentity, logicalId: string, properties: Properties) => Outcome;
}

const network = 'part of a network: on this machine everything talks over the loopback interface';
const access =
  'part of access control: nothing on this machine asks for permission; tests of the templates prove it instead';
const logging = 'part of log storage: what runs here writes its log into files of the local home';
const watching = 'watches metrics or events of AWS services, of which this machine has none';
const database = "the registry's database: here the registry keeps its data in a file";
const container = 'how a container is run: here the registry is a process';
const balancing = 'spreads calls over containers: here there is one registry, called directly';
const domainName = 'a private host name: here the services are called by their loopback address';
const keys = 'encrypts what AWS stores: here files are as safe as the disk';
const notifying = 'tells people of alarms, and this machine raises none';
const secret = 'a secret that AWS generates: the services of this machine have no passwords';

const role: AwsOnly['identity'] = (stack, logicalId, properties) => {
  const name = given(properties.RoleName) ?? generatedName(stack, logicalId, 64);
  return { physicalId: name, attributes: { Arn: `arn:aws:iam::${stack.account}:role/${name}` } };
};

const logGroup: AwsOnly['identity'] = (stack, logicalId, properties) => {
  const name = given(properties.LogGroupName) ?? generatedName(stack, logicalId, 512);
  return { physicalId: name, attributes: { Arn: `${arn(stack, 'logs', `log-group:${name}`)}:*` } };
};

function given(name: unknown): string | undefined {
  return typeof name === 'string' && markerIn(name) === undefined ? name : undefined;
}

/** By CloudFormation type. */
export const awsOnly: Readonly<Record<string, AwsOnly>> = {
  'AWS::ApplicationAutoScaling::ScalableTarget': { reason: container },
  'AWS::ApplicationAutoScaling::ScalingPolicy': { reason: container },
  'AWS::Budgets::Budget': { reason: 'watches the bill of an AWS account; this machine sends none' },
  'AWS::CDK::Metadata': { reason: 'counts which constructs are used: there is nothing to run' },
  'AWS::CloudWatch::Alarm': { reason: watching },
  'AWS::CloudWatch::CompositeAlarm': { reason: watching },
  'AWS::CloudWatch::Dashboard': { reason: watching },
  'AWS::EC2::EIP': { reason: network },
  'AWS::EC2::FlowLog': { reason: network },
  'AWS::EC2::InternetGateway': { reason: network },
  'AWS::EC2::NatGateway': { reason: network },
  'AWS::EC2::NetworkAcl': { reason: network },
  'AWS::EC2::NetworkAclEntry': { reason: network },
  'AWS::EC2::Route': { reason: network },
  'AWS::EC2::RouteTable': { reason: network },
  'AWS::EC2::SecurityGroup': { reason: network },
  'AWS::EC2::SecurityGroupEgress': { reason: network },
  'AWS::EC2::SecurityGroupIngress': { reason: network },
  'AWS::EC2::Subnet': { reason: network },
  'AWS::EC2::SubnetNetworkAclAssociation': { reason: network },
  'AWS::EC2::SubnetRouteTableAssociation': { reason: network },
  'AWS::EC2::VPC': { reason: network },
  'AWS::EC2::VPCEndpoint': { reason: network },
  'AWS::EC2::VPCGatewayAttachment': { reason: network },
  'AWS::EC2::VPCPeeringConnection': { reason: network },
  'AWS::ECR::Repository': { reason: container },
  'AWS::ECS::Cluster': { reason: container },
  'AWS::ECS::ClusterCapacityProviderAssociations': { reason: container },
  'AWS::ECS::TaskDefinition': { reason: container },
  'AWS::ElasticLoadBalancingV2::Listener': { reason: balancing },
  'AWS::ElasticLoadBalancingV2::ListenerRule': { reason: balancing },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': { reason: balancing },
  'AWS::ElasticLoadBalancingV2::TargetGroup': { reason: balancing },
  'AWS::IAM::InstanceProfile': { reason: access },
  'AWS::IAM::ManagedPolicy': { reason: access },
  'AWS::IAM::Policy': { reason: access },
  'AWS::IAM::Role': { reason: access, identity: role },
  'AWS::KMS::Alias': { reason: keys },
  'AWS::KMS::Key': { reason: keys },
  'AWS::Logs::LogGroup': { reason: logging, identity: logGroup },
  'AWS::Logs::MetricFilter': { reason: watching },
  'AWS::Logs::QueryDefinition': { reason: watching },
  'AWS::Logs::ResourcePolicy': { reason: logging },
  'AWS::RDS::DBCluster': { reason: database },
  'AWS::RDS::DBClusterParameterGroup': { reason: database },
  'AWS::RDS::DBInstance': { reason: database },
  'AWS::RDS::DBParameterGroup': { reason: database },
  'AWS::RDS::DBSubnetGroup': { reason: database },
  'AWS::Route53::HostedZone': { reason: domainName },
  'AWS::Route53::RecordSet': { reason: domainName },
  'AWS::S3::BucketPolicy': { reason: access },
  'AWS::SNS::Subscription': { reason: notifying },
  'AWS::SNS::Topic': { reason: notifying },
  'AWS::SNS::TopicPolicy': { reason: notifying },
  'AWS::SQS::Queue': { reason: 'keeps events that could not be delivered: here a failed delivery is shown at once' },
  'AWS::SQS::QueuePolicy': { reason: access },
  'AWS::SecretsManager::Secret': { reason: secret },
  'AWS::SecretsManager::SecretTargetAttachment': { reason: secret },
  'AWS::ServiceDiscovery::PrivateDnsNamespace': { reason: domainName },
  'AWS::ServiceDiscovery::Service': { reason: domainName },
};
