/** Physical names and ARNs as AWS would give them, what `Ref` and `Fn::GetAtt` give. A closed list: a type that is not in it is an error. */
import { shortId } from './stacks.ts';

/** Account and Region of all that is made concrete. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** Stands for the random part of a cluster's ARN. */
export const CLUSTER_UUID = '11111111-2222-3333-4444-555555555555-1';

/** Stands for when a table began to keep its changes. AWS writes colons in it, which a checker of policies takes for the end of a part. */
export const STREAM_LABEL = '2026-01-01T00.00.00.000';

const regional = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** The ARN of a resource by its name. */
const arnOf: Readonly<Record<string, (name: string) => string>> = {
  'AWS::CertificateManager::Certificate': (name) => regional('acm', `certificate/${name}`),
  'AWS::CloudWatch::Alarm': (name) => regional('cloudwatch', `alarm:${name}`),
  'AWS::DynamoDB::GlobalTable': (name) => regional('dynamodb', `table/${name}`),
  'AWS::DynamoDB::Table': (name) => regional('dynamodb', `table/${name}`),
  'AWS::ECR::Repository': (name) => regional('ecr', `repository/${name}`),
  'AWS::ECS::Cluster': (name) => regional('ecs', `cluster/${name}`),
  'AWS::ECS::Service': (name) => regional('ecs', `service/registry/${name}`),
  'AWS::ECS::TaskDefinition': (name) => regional('ecs', `task-definition/${name}:1`),
  'AWS::EMRServerless::Application': (name) => regional('emr-serverless', `/applications/${name}`),
  'AWS::ElasticLoadBalancingV2::Listener': (name) => regional('elasticloadbalancing', `listener/app/${name}/1/2`),
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (name) => regional('elasticloadbalancing', `loadbalancer/app/${name}/1`),
  'AWS::ElasticLoadBalancingV2::TargetGroup': (name) => regional('elasticloadbalancing', `targetgroup/${name}/1`),
  'AWS::Events::Rule': (name) => regional('events', `rule/${name}`),
  'AWS::IAM::ManagedPolicy': (name) => `arn:aws:iam::${ACCOUNT}:policy/${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  'AWS::KMS::Key': (name) => regional('kms', `key/${name}`),
  'AWS::Lambda::Function': (name) => regional('lambda', `function:${name}`),
  'AWS::Logs::LogGroup': (name) => regional('logs', `log-group:${name}:*`),
  'AWS::MSK::Cluster': (name) => regional('kafka', `cluster/${name}/${CLUSTER_UUID}`),
  'AWS::MSK::ServerlessCluster': (name) => regional('kafka', `cluster/${name}/${CLUSTER_UUID}`),
  'AWS::RDS::DBInstance': (name) => regional('rds', `db:${name}`),
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::SNS::Topic': (name) => regional('sns', name),
  'AWS::SQS::Queue': (name) => regional('sqs', name),
  'AWS::SSM::Parameter': (name) => regional('ssm', `parameter${name}`),
  'AWS::SecretsManager::Secret': (name) => regional('secretsmanager', `secret:${name}-AbCdEf`),
  'AWS::Scheduler::ScheduleGroup': (name) => regional('scheduler', `schedule-group/${name}`),
  'AWS::ServiceDiscovery::Service': (name) => regional('servicediscovery', `service/${name}`),
  'AWS::StepFunctions::StateMachine': (name) => regional('states', `stateMachine:${name}`),
};

/** Types whose `Ref` is the ARN. */
const refIsArn = new Set([
  'AWS::CertificateManager::Certificate',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::ManagedPolicy',
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::SNS::Topic',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
]);

/** Attributes that are ARNs although they are not called so. */
const arnAttributes = new Set(['Arn', 'TopicArn', 'ServiceArn', 'LoadBalancerArn', 'DBInstanceArn', 'ListenerArn']);

/** Attributes that are the same id as `Ref` gives. */
const idAttributes = new Set(['ApplicationId', 'GroupId', 'SubnetId', 'VpcId']);

const nameProperties = [
  'BucketName',
  'ClusterName',
  'FunctionName',
  'LogGroupName',
  'RoleName',
  'StateMachineName',
  'TableName',
  'TopicName',
];

/** A resource to be named. */
export interface Named {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The name that AWS would give, or that the template gives. */
export function nameOf({ stackName, logicalId, type, properties }: Named): string {
  if (['AWS::SSM::Parameter', 'AWS::Scheduler::Schedule', 'AWS::Scheduler::ScheduleGroup'].includes(type))
    return String(properties.Name);
  // Ids of applications have a form of their own, which the models of the service check.
  if (type === 'AWS::EMRServerless::Application') return '00fabcdefghij09';
  const given = nameProperties.map((property) => properties[property]).find((name) => typeof name === 'string');
  if (typeof given === 'string') return given;
  const made = `${stackName}-${shortId(logicalId)}`;
  return type === 'AWS::S3::Bucket' ? made.toLowerCase() : made;
}

/** What `Ref` gives. */
export const referenceOf = (named: Named): string =>
  refIsArn.has(named.type) ? (arnOf[named.type] as (name: string) => string)(nameOf(named)) : nameOf(named);

/** What `Fn::GetAtt` gives. */
export function attributeOf(named: Named, attribute: string): unknown {
  if (arnAttributes.has(attribute) && !named.type.startsWith('Custom::')) {
    const arn = arnOf[named.type];
    if (!arn) throw new Error(`${named.logicalId}: the ARN of a ${named.type} is not known here; add it to arns.ts.`);
    return arn(nameOf(named));
  }
  if (named.type.startsWith('Custom::') && attribute.endsWith('Id')) return '7';
  if (idAttributes.has(attribute)) return nameOf(named);
  const property = named.properties[attribute];
  if (typeof property === 'string') return property;
  if (attribute === 'MasterUserSecret.SecretArn') {
    return regional('secretsmanager', `secret:rds!db-${shortId(named.logicalId)}-AbCdEf`);
  }
  if (named.type === 'AWS::DynamoDB::GlobalTable' && attribute === 'StreamArn') {
    return regional('dynamodb', `table/${nameOf(named)}/stream/${STREAM_LABEL}`);
  }
  if (attribute.endsWith('Arn') && !named.type.startsWith('Custom::')) {
    throw new Error(
      `${named.logicalId}: attribute ${attribute} of a ${named.type} is not known here; add it to arns.ts.`,
    );
  }
  return `${nameOf(named)}.${attribute}`;
}
