/** Who may do what, read from the deployed resources. */
import { randomBytes } from 'node:crypto';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import type { DeployedResource } from '../cloudformation/model.ts';
import type { AccessFile, AccessRole, Credentials } from './access.ts';

type Resources = readonly DeployedResource[];

/** @param previous what was deployed before: a role that is still there keeps its credentials */
export function accessOf(resources: Resources, previous: AccessFile): AccessFile {
  return {
    roles: rolesOf(resources, previous),
    resources: policiesOf(resources),
    endpoints: endpointsOf(resources),
    kafkaCluster: [...ofType(resources, 'AWS::MSK::ServerlessCluster'), ...ofType(resources, 'AWS::MSK::Cluster')][0]
      ?.physicalId,
  };
}

function rolesOf(resources: Resources, previous: AccessFile): AccessRole[] {
  const policies = resources.filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy');
  const jobs = jobsByRole(resources);
  return ofType(resources, 'AWS::IAM::Role').map((role): AccessRole => {
    const { physicalId: name, stack, logicalId, properties } = role;
    const arn = String(role.attributes.Arn);
    const inline = listOf(properties.Policies).filter(isObject);
    const managed = listOf(properties.ManagedPolicyArns);
    const attached = policies.filter(
      (policy) => listOf(policy.properties.Roles).includes(name) || managed.includes(policy.physicalId),
    );
    // What AWS's own policies say is in no template: here they grant nothing.
    const foreign = managed.filter((policy) => !attached.some(({ physicalId }) => physicalId === policy));
    return {
      arn,
      name,
      stack,
      logicalId,
      ...(jobs.has(arn) && { job: jobs.get(arn) }),
      ...credentialsFrom(previous.roles.find((known) => known.arn === arn)),
      trust: properties.AssumeRolePolicyDocument,
      policies: [
        ...inline.map(({ PolicyName, PolicyDocument }) => ({ name: String(PolicyName), document: PolicyDocument })),
        ...attached.map((policy) => ({ name: policy.logicalId, document: policy.properties.PolicyDocument })),
        ...foreign.map((policy) => ({ name: String(policy), document: { Version: '2012-10-17', Statement: [] } })),
      ],
    };
  });
}

/** Random, in the form of credentials that end. */
function credentialsFrom(known: Credentials | undefined): Credentials {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const key = [...randomBytes(16)].map((byte) => letters[byte % letters.length]).join('');
  return {
    accessKeyId: known?.accessKeyId ?? `ASIA${key}`,
    secretAccessKey: known?.secretAccessKey ?? randomBytes(30).toString('base64'),
    sessionToken: known?.sessionToken ?? randomBytes(90).toString('base64'),
  };
}

/** `pipeline/job` by the ARN of the role that a state machine starts the job with. */
function jobsByRole(resources: Resources): Map<string, string> {
  const jobs = ofType(resources, 'AWS::StepFunctions::StateMachine').flatMap(({ properties }) => {
    const definition = objectIn(String(properties.DefinitionString ?? ''));
    const { plan, starts } = at(definition, 'States', 'Prepare', 'Parameters', 'Payload');
    return Object.entries(isObject(starts) ? starts : {}).map(
      ([job, start]) => [String(at(start).roleArn), `${at(plan).pipeline}/${job}`] as const,
    );
  });
  return new Map(jobs);
}

/** Policies that stand at a resource; a function's permissions are one. */
function policiesOf(resources: Resources): AccessFile['resources'] {
  return resources.flatMap(({ type, logicalId, properties }) => {
    const policy = properties.PolicyDocument;
    if (type === 'AWS::S3::BucketPolicy') return [{ arn: `arn:aws:s3:::${properties.Bucket}`, policy }];
    if (type === 'AWS::SQS::QueuePolicy')
      return listOf(properties.Queues).map((url) => ({ arn: arnOfQueue(url), policy }));
    if (type === 'AWS::SNS::TopicPolicy') return listOf(properties.Topics).map((arn) => ({ arn: String(arn), policy }));
    return type === 'AWS::Lambda::Permission' ? [permission(logicalId, properties)] : [];
  });
}

/** What Lambda makes of it: a statement of the function's policy. */
function permission(Sid: string, { FunctionName, Action, Principal, SourceArn }: DeployedResource['properties']) {
  const arn = String(FunctionName);
  const Condition = SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } };
  const Statement = { Sid, Effect: 'Allow', Action, Resource: arn, Principal: { Service: Principal }, Condition };
  return { arn, policy: { Version: '2012-10-17', Statement } };
}

/** `https://sqs.<region>.amazonaws.com/<account>/<name>` is what names a queue. */
function arnOfQueue(url: unknown): string {
  const [, region, account, name] = /^https:\/\/sqs\.([^.]+)\.[^/]+\/(\d+)\/(.+)$/.exec(String(url)) ?? [];
  return name === undefined ? String(url) : `arn:aws:sqs:${region}:${account}:${name}`;
}

function endpointsOf(resources: Resources): AccessFile['endpoints'] {
  return ofType(resources, 'AWS::EC2::VPCEndpoint').flatMap(({ properties }) => {
    const { ServiceName: service, PolicyDocument: policy } = properties;
    return policy === undefined ? [] : [{ service: String(service).split('.').at(-1) ?? '', policy }];
  });
}

const ofType = (resources: Resources, type: string) => resources.filter((resource) => resource.type === type);

const listOf = (value: unknown): unknown[] => [value ?? []].flat();

function at(value: unknown, ...path: readonly string[]): Record<string, unknown> {
  const found = path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
  return isObject(found) ? found : {};
}
