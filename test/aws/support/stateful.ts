/** What must not be lost: stateful resources and what they refer to, and what a deployment would replace or destroy of them. */
import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { isObject, listAt, textsAt } from './json.ts';

/** Types that hold what nobody can make again. */
export const STATEFUL: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::ECR::Repository',
  'AWS::EMRServerless::Application',
  'AWS::Glue::Database',
  'AWS::KMS::Key',
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::Route53::HostedZone',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
  'Custom::KafkaTopics',
  'Custom::RegistryArtifacts',
  'Custom::Tables',
]);

/** Types that a stateful resource may be replaced with: its place in the network and its keys. */
const FOLLOWED = /^AWS::(EC2::(VPC|Subnet|SecurityGroup)|RDS::(DBSubnetGroup|DB(Cluster)?ParameterGroup)|KMS::Key)$/;

/** Properties of our custom resources that make up their physical id, which CloudFormation does not know. */
const IDENTITY: Readonly<Record<string, readonly string[]>> = {
  'Custom::KafkaTopics': ['Pipeline'],
  'Custom::RegistryArtifacts': ['Pipeline'],
  'Custom::Tables': ['Pipeline'],
};

/**
 * Properties that CloudFormation may change in place or by replacement, and that it changes in place as they are used
 * here: those of an application need it stopped (a custom resource sees to it), those of a database need no snapshot.
 */
const IN_PLACE: Readonly<Record<string, readonly string[]>> = {
  'AWS::EMRServerless::Application': [
    'AutoStartConfiguration',
    'AutoStopConfiguration',
    'InitialCapacity',
    'MaximumCapacity',
    'NetworkConfiguration',
    'ReleaseLabel',
  ],
  'AWS::RDS::DBInstance': ['AutoMinorVersionUpgrade', 'BackupRetentionPeriod', 'MultiAZ', 'PreferredMaintenanceWindow'],
};

/** A resource as the reference keeps it. */
export interface Kept {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** Resources by logical id. */
export type Extract = Readonly<Record<string, Kept>>;

interface StackTemplate {
  readonly path: string;
  readonly template: {
    readonly Resources: Readonly<Record<string, Kept>>;
    readonly Outputs?: Readonly<
      Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
    >;
  };
}

/** The stateful resources of these stacks with what they refer to, by stack. */
export function extractOf(stacks: readonly StackTemplate[]): Record<string, Extract> {
  const kept = new Map<string, Map<string, Kept>>(stacks.map(({ path }) => [path, new Map()]));
  const keep = (stack: StackTemplate, logicalId: string): void => {
    const resource = stack.template.Resources[logicalId];
    if (!resource || kept.get(stack.path)?.has(logicalId)) return;
    // The function behind a custom resource changes with its code, and may.
    const { ServiceToken: _, ...properties } = resource.Properties ?? {};
    const policy = resource.DeletionPolicy ? { DeletionPolicy: resource.DeletionPolicy } : {};
    kept.get(stack.path)?.set(logicalId, { Type: resource.Type, Properties: properties, ...policy });
    for (const target of targetsOf(properties, stack, stacks)) {
      if (FOLLOWED.test(target.stack.template.Resources[target.logicalId]?.Type ?? '')) {
        keep(target.stack, target.logicalId);
      }
    }
  };
  for (const stack of stacks) {
    for (const [logicalId, { Type }] of Object.entries(stack.template.Resources)) {
      if (STATEFUL.has(Type)) keep(stack, logicalId);
    }
  }
  return Object.fromEntries([...kept].map(([path, resources]) => [path, sorted(Object.fromEntries(resources))]));
}

interface Target {
  readonly stack: StackTemplate;
  readonly logicalId: string;
}

/** The resources that a value refers to, in its stack and through exports in others. */
function targetsOf(value: unknown, stack: StackTemplate, stacks: readonly StackTemplate[]): Target[] {
  if (Array.isArray(value)) return value.flatMap((item) => targetsOf(item, stack, stacks));
  if (!isObject(value)) return [];
  const { Ref: reference, 'Fn::GetAtt': attribute, 'Fn::ImportValue': imported } = value;
  if (typeof reference === 'string') return [{ stack, logicalId: reference }];
  if (Array.isArray(attribute)) return [{ stack, logicalId: String(attribute[0]) }];
  if (typeof imported === 'string') {
    for (const other of stacks) {
      const output = Object.values(other.template.Outputs ?? {}).find(({ Export }) => Export?.Name === imported);
      if (output) return targetsOf(output.Value, other, stacks);
    }
  }
  return Object.values(value).flatMap((item) => targetsOf(item, stack, stacks));
}

/** Replacements and losses between two extracts, each in words that name stack, logical id and property. */
export function losses(before: Readonly<Record<string, Extract>>, after: Readonly<Record<string, Extract>>): string[] {
  return Object.entries(before).flatMap(([stack, old]) => {
    const now = after[stack] ?? {};
    const findings: string[] = [];
    fullDiff({ Resources: old }, { Resources: now }).resources.forEachDifference((logicalId, change) => {
      const type = old[logicalId]?.Type ?? '';
      const place = `${stack} ${logicalId} (${type})`;
      if ([ResourceImpact.WILL_DESTROY, ResourceImpact.WILL_ORPHAN].includes(change.changeImpact)) {
        findings.push(`${place} would be destroyed: the template does not have it any more`);
        return;
      }
      for (const [property, { changeImpact, oldValue, newValue }] of Object.entries(change.propertyUpdates)) {
        const replaces =
          changeImpact === ResourceImpact.WILL_REPLACE ||
          (changeImpact === ResourceImpact.MAY_REPLACE && !IN_PLACE[type]?.includes(property)) ||
          IDENTITY[type]?.includes(property);
        if (replaces)
          findings.push(
            `${place} would be replaced by a change of ${property}: ${shown(oldValue)} -> ${shown(newValue)}`,
          );
      }
      const names = namesOfSchemas(now[logicalId]);
      for (const [key, name] of namesOfSchemas(old[logicalId])) {
        if (names.get(key) === name) continue;
        findings.push(`${place} would be replaced by a change of ArtifactId: ${name} -> ${names.get(key) ?? 'none'}`);
      }
      if (change.resourceTypeChanged) findings.push(`${place} would be replaced by a ${change.newResourceType}`);
    });
    for (const [logicalId, { Type, DeletionPolicy }] of Object.entries(old)) {
      const policy = now[logicalId]?.DeletionPolicy;
      if (now[logicalId] && DeletionPolicy !== undefined && DeletionPolicy !== 'Delete' && policy !== DeletionPolicy) {
        findings.push(
          `${stack} ${logicalId} (${Type}) would lose its DeletionPolicy ${DeletionPolicy}: it is ${policy} now`,
        );
      }
    }
    return findings;
  });
}

/** Names of the schemas that a resource registers, by their keys: under another name each is another schema. */
const namesOfSchemas = (resource: Kept | undefined): Map<string, string> =>
  new Map(
    listAt(resource, 'Properties.Artifacts').map((artifact) => [
      textsAt(artifact, 'Key').join(),
      `${textsAt(artifact, 'Group').join()}/${textsAt(artifact, 'ArtifactId').join()}`,
    ]),
  );

/** Stateful resources that the reference does not know yet, and so cannot protect. */
export function unknownTo(
  reference: Readonly<Record<string, Extract>>,
  now: Readonly<Record<string, Extract>>,
): string[] {
  return Object.entries(now).flatMap(([stack, resources]) =>
    Object.entries(resources)
      .filter(([logicalId]) => reference[stack]?.[logicalId] === undefined)
      .map(([logicalId, { Type }]) => `${stack} ${logicalId} (${Type}) is not in the reference`),
  );
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

/** With sorted keys, so that the committed file changes only where something did. */
function sorted<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted) as Value;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  ) as Value;
}
