/**
 * What each resource type is on this machine. A provider is found by its type in the files of this folder: each
 * exports `providers`, so that a new one is a new file and no edit elsewhere.
 */
import { readdirSync } from 'node:fs';
import { MillraceError } from '../../../tools/errors.mjs';
import { type AssemblyStack, readStacks } from '../assembly.ts';
import type { Properties } from '../model.ts';
import { type AwsOnly, awsOnly } from './aws-only.ts';
import { label, type Provider } from './provider.ts';

const providers: Record<string, Provider> = {};
for (const file of readdirSync(import.meta.dirname).sort()) {
  if (['index.ts', 'provider.ts', 'aws-only.ts'].includes(file)) continue;
  Object.assign(providers, (await import(new URL(file, import.meta.url).href)).providers);
}

/** What a type is on this machine; `undefined` when nobody has decided. */
export function counterpartOf(type: string): Provider | AwsOnly | undefined {
  return providers[type] ?? (isCustomResource(type) ? providers['AWS::CloudFormation::CustomResource'] : awsOnly[type]);
}

export function isLocal(type: string): boolean {
  return 'create' in (counterpartOf(type) ?? {});
}

/**
 * The provider of a resource that is known to have one. An `AwsCustomResource` may be given a type of its own: it is
 * recognized by the calls that it carries.
 *
 * @throws MillraceError DEPLOY_UNKNOWN_TYPE when it has none after all
 */
export function providerOf(type: string, properties: Properties): Provider {
  const counterpart = counterpartOf(isCustomResource(type) && isAwsCall(properties) ? 'Custom::AWS' : type);
  if (counterpart && 'create' in counterpart) return counterpart;
  throw new MillraceError('DEPLOY_UNKNOWN_TYPE', `Nothing on this machine stands for ${type}.`);
}

function isCustomResource(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/** Whether a custom resource carries calls as `AwsCustomResource` does: JSON that names service and action. */
function isAwsCall(properties: Properties): boolean {
  return [properties.Create, properties.Update, properties.Delete].some(
    (text) => typeof text === 'string' && /^\{.*"service":.*"action":/s.test(text),
  );
}

/**
 * Refuses stacks with a resource of which nobody has decided what it is on this machine.
 *
 * @throws MillraceError DEPLOY_UNKNOWN_TYPE
 */
export function requireKnownTypes(stacks: readonly AssemblyStack[]): void {
  const unknown = stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, resource]) => !counterpartOf(resource.Type))
      .map(([logicalId, resource]) => label(stack, logicalId, resource.Type)),
  );
  if (unknown.length === 0) return;
  throw new MillraceError(
    'DEPLOY_UNKNOWN_TYPE',
    `Nothing on this machine stands for ${unknown.length === 1 ? 'this resource' : 'these resources'}, and no reason is given why it stays on AWS: ${unknown.join('; ')}. Give the type a provider in local/cloudformation/providers, or a reason in aws-only.ts.`,
  );
}

/** One line of the list that `up --explain` shows. */
export interface Explanation {
  readonly type: string;
  readonly count: number;
  readonly where: 'local' | 'aws-only';
  /** For `local`: what stands for it. For `aws-only`: why it stays there. */
  readonly reason: string;
}

/** Every type of an environment, those of this machine first; refuses a type of which nobody has decided. */
export function explain(assembly: string, environment: string): Explanation[] {
  const stacks = readStacks(assembly, environment);
  requireKnownTypes(stacks);
  const types = stacks.flatMap(({ template }) => Object.values(template.Resources).map(({ Type }) => Type));
  const explained = [...new Set(types)].sort().map((type): Explanation => {
    const count = types.filter((each) => each === type).length;
    const where = isLocal(type) ? 'local' : 'aws-only';
    return { type, count, where, reason: counterpartOf(type)?.reason ?? '' };
  });
  return [...explained.filter(({ where }) => where === 'local'), ...explained.filter(({ where }) => where !== 'local')];
}
