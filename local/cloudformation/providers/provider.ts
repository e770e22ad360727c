/** A provider makes, changes and removes what stands for resources of one CloudFormation type on this machine. */
import { createHash } from 'node:crypto';
import type { Asset } from '../assembly.ts';
import { requireKnown } from '../markers.ts';
import type { DeployedResource, DeployOptions, Properties, StackIdentity } from '../model.ts';

export interface ResourceRequest extends Pick<DeployedResource, 'logicalId' | 'type' | 'properties'> {
  readonly stack: StackIdentity;
}

export type Outcome = Pick<DeployedResource, 'physicalId' | 'attributes'>;

export interface Machine extends Pick<DeployOptions, 'home' | 'endpoints' | 'progress' | 'signal'> {
  asset(bucket: string, key: string): Asset | undefined;
  /** The deployed resource of a type with an ARN, in whatever stack. */
  byArn(type: string, arn: string | undefined): DeployedResource | undefined;
}

export interface Provider {
  /** What stands for the resource on this machine, for people. */
  readonly reason: string;
  /** Whether the resource lies in the data of the services, and is lost with it. */
  readonly livesInServices?: boolean;
  create(request: ResourceRequest, machine: Machine): Promise<Outcome> | Outcome;
  /** Another physical id than before means: a new one was made, delete the previous one when the stack is done. */
  update(request: ResourceRequest, previous: DeployedResource, machine: Machine): Promise<Outcome> | Outcome;
  remove(stack: StackIdentity, resource: DeployedResource, machine: Machine): Promise<void> | void;
}

/** A Create that failed after something came to exist: CloudFormation would send the Delete for it. */
export class FailedAfterCreation extends Error {
  readonly physicalId: string;

  constructor(message: string, physicalId: string) {
    super(message);
    this.name = 'FailedAfterCreation';
    this.physicalId = physicalId;
  }
}

/** How messages name a resource. */
export function label(stack: { readonly path: string }, logicalId: string, type: string): string {
  return `${stack.path} ${logicalId} (${type})`;
}

export const nameIn = ({ stack, logicalId, type }: ResourceRequest): string => label(stack, logicalId, type);

/** The properties that a provider uses, each refused when it has no value on this machine. */
export function used(request: ResourceRequest, ...names: readonly string[]): Properties {
  const properties: Properties = {};
  for (const name of names) {
    const value = request.properties[name];
    requireKnown(value, nameIn(request), `Properties.${name}`);
    if (value !== undefined) properties[name] = value;
  }
  return properties;
}

/** The name that the template gives a resource, or a generated one. */
export function nameOf({ stack, logicalId }: ResourceRequest, given: unknown, length: number, variant = ''): string {
  return typeof given === 'string' ? given : generatedName(stack, logicalId, length, variant);
}

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

/** A provider that does the same whether the resource exists or not. */
export function upserting(
  reason: string,
  put: (request: ResourceRequest, machine: Machine) => Outcome,
  remove: (resource: DeployedResource, machine: Machine) => void = () => {},
): Provider {
  return {
    reason,
    create: put,
    update: (request, _previous, machine) => put(request, machine),
    remove: (_stack, resource, machine) => remove(resource, machine),
  };
}
