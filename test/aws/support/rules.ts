/** Rules for what no public pack knows; each says why. */
import type { Concrete } from './concrete.ts';
import { at, everyObject, isObject, listAt, textsAt } from './json.ts';

type Rule = (resource: Concrete) => readonly (string | false)[];

const path = (resource: Concrete, property: string): unknown => at(resource.properties, property);

/** EMR Serverless: default quota of concurrent vCPU of an account. */
const ACCOUNT_VCPU = 16;

const RULES: Readonly<Record<string, Rule>> = {
  'AWS::MSK::ServerlessCluster': (cluster) => [
    path(cluster, 'Tags') !== undefined && 'Tags must be absent: a change of them replaces the cluster',
    !/^millrace-[a-z0-9]+$/.test(String(path(cluster, 'ClusterName'))) &&
      `ClusterName is ${String(path(cluster, 'ClusterName'))}; it must be millrace-<environment>: a change replaces the cluster`,
    path(cluster, 'ClientAuthentication.Sasl.Iam.Enabled') !== true &&
      'ClientAuthentication.Sasl.Iam.Enabled must be true: there is no other way in',
    (listAt(cluster.properties, 'VpcConfigs').length < 2 || listAt(cluster.properties, 'VpcConfigs').length > 5) &&
      'VpcConfigs must have both networks, since private names resolve in attached VPCs only, and at most five',
    ...listAt(cluster.properties, 'VpcConfigs').flatMap((config, index) => [
      new Set(textsAt(config, 'SubnetIds')).size < 2 && `VpcConfigs.${index}.SubnetIds must have two subnets or more`,
      (textsAt(config, 'SecurityGroups').length < 1 || textsAt(config, 'SecurityGroups').length > 5) &&
        `VpcConfigs.${index}.SecurityGroups must have one to five groups; without one the default group is used`,
    ]),
  ],
  'AWS::MSK::Cluster': (cluster) => [
    !/^millrace-[a-z0-9]+$/.test(String(path(cluster, 'ClusterName'))) &&
      `ClusterName is ${String(path(cluster, 'ClusterName'))}; it must be millrace-<environment>: a change replaces the cluster`,
    path(cluster, 'ClientAuthentication.Sasl.Iam.Enabled') !== true &&
      'ClientAuthentication.Sasl.Iam.Enabled must be true: there is no other way in',
    path(cluster, 'ClientAuthentication.Unauthenticated.Enabled') !== false &&
      'ClientAuthentication.Unauthenticated.Enabled must be false: without it a client needs no role',
    path(cluster, 'EncryptionInfo.EncryptionInTransit.ClientBroker') !== 'TLS' &&
      'EncryptionInfo.EncryptionInTransit.ClientBroker must be TLS',
    path(cluster, 'EncryptionInfo.EncryptionInTransit.InCluster') !== true &&
      'EncryptionInfo.EncryptionInTransit.InCluster must be true',
    path(cluster, 'BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess') !== undefined &&
      'BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess must be absent',
    !/^express\./.test(String(path(cluster, 'BrokerNodeGroupInfo.InstanceType'))) &&
      'BrokerNodeGroupInfo.InstanceType must be of MSK Express, whose copies and storage nobody has to manage',
    new Set(textsAt(cluster.properties, 'BrokerNodeGroupInfo.ClientSubnets')).size !== 3 &&
      'BrokerNodeGroupInfo.ClientSubnets must be three, one in each zone',
    textsAt(cluster.properties, 'BrokerNodeGroupInfo.SecurityGroups').length !== 1 &&
      'BrokerNodeGroupInfo.SecurityGroups must name one group; without one the default group is used',
  ],
  'AWS::EMRServerless::Application': (application) => [
    path(application, 'ReleaseLabel') !== 'emr-spark-8.1.0' &&
      `ReleaseLabel is ${String(path(application, 'ReleaseLabel'))}; it must be emr-spark-8.1.0, whose Spark runs locally too`,
    path(application, 'Architecture') !== 'ARM64' && 'Architecture must be ARM64, a fifth cheaper',
    String(path(application, 'Type')).toLowerCase() !== 'spark' && 'Type must be SPARK',
    ...['MaximumCapacity.Cpu', 'MaximumCapacity.Memory'].map(
      (property) => path(application, property) === undefined && `${property} must cap what a mistake can cost`,
    ),
    path(application, 'AutoStartConfiguration.Enabled') !== true &&
      'AutoStartConfiguration.Enabled must be true: the state machine does not start the application',
    (path(application, 'AutoStopConfiguration.Enabled') !== true ||
      !(Number(path(application, 'AutoStopConfiguration.IdleTimeoutMinutes')) <= 60)) &&
      'AutoStopConfiguration must be enabled, within an hour of idleness',
    new Set(textsAt(application.properties, 'NetworkConfiguration.SubnetIds')).size < 2 &&
      'NetworkConfiguration.SubnetIds must have two subnets or more',
    textsAt(application.properties, 'NetworkConfiguration.SecurityGroupIds').length === 0 &&
      'NetworkConfiguration.SecurityGroupIds must name a group',
    path(application, 'SchedulerConfiguration') === undefined &&
      'SchedulerConfiguration must let runs wait, or a full application refuses them',
    path(application, 'MonitoringConfiguration.ManagedPersistenceMonitoringConfiguration.Enabled') !== true &&
      'MonitoringConfiguration.ManagedPersistenceMonitoringConfiguration.Enabled must be true, or there is no Spark UI',
  ],
  'AWS::RDS::DBCluster': (cluster) => [
    path(cluster, 'StorageEncrypted') !== true && 'StorageEncrypted must be true',
    path(cluster, 'MasterUserAuthenticationType') !== 'iam-db-auth' &&
      'MasterUserAuthenticationType must be iam-db-auth: nobody has a password',
    path(cluster, 'MasterUserPassword') !== undefined && 'MasterUserPassword must be absent: no secret in a template',
  ],
  'AWS::RDS::DBInstance': (database) => [
    path(database, 'PubliclyAccessible') === true && 'PubliclyAccessible must not be true',
    // One of a cluster has its storage and its owner there.
    ...(path(database, 'DBClusterIdentifier') !== undefined
      ? []
      : [
          path(database, 'StorageEncrypted') !== true && 'StorageEncrypted must be true',
          path(database, 'ManageMasterUserPassword') !== true &&
            'ManageMasterUserPassword must be true: AWS makes the password and rotates it',
        ]),
    path(database, 'MasterUserPassword') !== undefined && 'MasterUserPassword must be absent: no secret in a template',
  ],
  'AWS::S3::Bucket': (bucket) => [
    path(bucket, 'BucketEncryption') === undefined && 'BucketEncryption must be said',
    ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
      (name) =>
        path(bucket, `PublicAccessBlockConfiguration.${name}`) !== true &&
        `PublicAccessBlockConfiguration.${name} must be true`,
    ),
  ],
  'AWS::Logs::LogGroup': (group) => [
    path(group, 'RetentionInDays') === undefined &&
      'RetentionInDays must be given: logs that are kept for ever cost for ever',
  ],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (balancer) => [
    path(balancer, 'Scheme') !== 'internal' && 'Scheme must be internal',
  ],
  'AWS::ECS::Service': (service) => [
    path(service, 'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp') === 'ENABLED' &&
      'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp must not be ENABLED',
    path(service, 'DeploymentConfiguration.DeploymentCircuitBreaker.Rollback') !== true &&
      'DeploymentConfiguration.DeploymentCircuitBreaker.Rollback must be true',
  ],
  'AWS::ECS::TaskDefinition': (task) => [
    ...listAt(task.properties, 'ContainerDefinitions').map(
      (container, index) =>
        !/:\d+\.\d+\.\d+(-[a-z]+\d*)?(@sha256:[0-9a-f]{64})?$/.test(String(at(container, 'Image'))) &&
        `ContainerDefinitions.${index}.Image is ${String(at(container, 'Image'))}; it must name one exact version`,
    ),
  ],
  'AWS::StepFunctions::StateMachine': (machine) => machineRules(machine),
};

/** Findings of all rules, and of secrets anywhere. */
export function ruleFindings(resources: readonly Concrete[]): string[] {
  return resources.flatMap((resource) => [
    ...(RULES[resource.type]?.(resource) ?? [])
      .filter((finding) => finding !== false)
      .map((finding) => `${resource.place}: ${finding}`),
    ...secrets(resource),
  ]);
}

/** What a state machine of a pipeline runs at once fits into the account's quota and into the application. */
function machineRules(machine: Concrete): readonly (string | false)[] {
  const findings: string[] = [];
  let streams = 0;
  let largest = 0;
  everyObject(JSON.parse(String(machine.properties.DefinitionString)), (payload, where) => {
    for (const [job, start] of Object.entries(isObject(payload.starts) ? payload.starts : {})) {
      const submit = String(at(start, 'submitParameters'));
      const setting = (name: string): string => new RegExp(`spark\\.${name}=(\\S+)`).exec(submit)?.[1] ?? '';
      const executors = Number(setting('executor\\.instances')) * Number(setting('executor\\.cores'));
      const cores = Number(setting('driver\\.cores')) + executors;
      const place = `DefinitionString ${where}.starts.${job}`;
      if (!(cores > 0)) findings.push(`${place}: the job's cores and executors must be given, or it takes 16 vCPU`);
      if (setting('dynamicAllocation\\.enabled') !== 'false' && setting('dynamicAllocation\\.maxExecutors') === '') {
        findings.push(`${place}: spark.dynamicAllocation.maxExecutors must be capped, or there is no limit`);
      }
      if (at(payload, `plan.jobs.${job}.kind`) === 'stream') streams += cores;
      else largest = Math.max(largest, cores);
    }
  });
  if (streams + largest > ACCOUNT_VCPU) {
    findings.push(
      `DefinitionString: the streams and a job beside them use ${streams + largest} vCPU, more than an account's ${ACCOUNT_VCPU}`,
    );
  }
  return findings;
}

/** Literal passwords, keys and tokens. */
function secrets(resource: Concrete): string[] {
  const findings: string[] = [];
  everyObject(resource.properties, (object, where) => {
    const named = { ...object, ...(typeof object.Name === 'string' ? { [object.Name]: object.Value } : {}) };
    for (const [key, value] of Object.entries(named)) {
      const suspicious =
        /(password|secret|token|credentials?|accesskey|privatekey)$/i.test(key) && key !== 'ServiceToken';
      if (suspicious && typeof value === 'string' && !/^(arn:|\{\{resolve:|\$)/.test(value)) {
        findings.push(`${resource.place}: ${where ? `${where}.` : ''}${key} is a secret in the template`);
      }
    }
    if (
      /AKIA[0-9A-Z]{16}|-----BEGIN (?!CERTIFICATE-)/.test(
        JSON.stringify(Object.values(object).filter((value) => typeof value === 'string')),
      )
    ) {
      findings.push(`${resource.place}: ${where || 'a property'} holds a key`);
    }
  });
  return findings;
}
