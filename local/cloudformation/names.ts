/**
 * Takes a resource without a name of its own and gives the name or id that stands in for the one AWS would make up: the same in every
 * deployment, so that nothing is replaced for its name. Called by the providers.
 */
import { createHash } from 'node:crypto';
import type { StackIdentity } from './model.ts';

/** Lower-case hexadecimal digest of texts that belong together. */
export function digest(length: number, ...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, length);
}

/**
 * The name of a resource that has none in the template: stack, logical id and a digest, as CloudFormation forms it.
 *
 * @param length most characters that the service allows.
 * @param variant what makes it another physical resource (a key schema, say): another variant, another name.
 */
export function generatedName(stack: StackIdentity, logicalId: string, length: number, variant = ''): string {
  const suffix = digest(8, stack.name, logicalId, variant);
  return `${`${stack.name}-${logicalId}`.slice(0, length - suffix.length - 1)}-${suffix}`;
}

/** An ARN in the stack's account and Region. */
export function arn(stack: StackIdentity, service: string, resource: string, region = stack.region): string {
  return `arn:aws:${service}:${region}:${stack.account}:${resource}`;
}
