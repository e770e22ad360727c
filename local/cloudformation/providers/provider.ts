/**
 * What a provider is: for one CloudFormation type, it makes, changes and removes the thing that stands for such a resource on this machine.
 * Implemented by the other files of this folder, called by the deployment of a stack.
 */
import type { Home } from '../../home.ts';
import type { Asset } from '../assembly.ts';
import { requireKnown } from '../markers.ts';
import type { DeployedResource, Endpoints, Properties, StackIdentity } from '../model.ts';

/** The resource that is to be as described. */
export interface ResourceRequest {
  readonly stack: StackIdentity;
  readonly logicalId: string;
  readonly type: string;
  /** Resolved; may hold markers. */
  readonly properties: Properties;
}

/** What came of it. */
export interface Outcome {
  readonly physicalId: string;
  readonly attributes: Record<string, unknown>;
}

/** What providers may use of this machine. */
export interface Machine {
  readonly home: Home;
  readonly endpoints: Endpoints;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The asset that lies in a bucket under a key. */
  asset(bucket: string, key: string): Asset | undefined;
  /** The function with an ARN, in whatever stack it was deployed. */
  functionByArn(arn: string): DeployedResource | undefined;
  /** The state machine with an ARN. */
  stateMachineByArn(arn: string): DeployedResource | undefined;
}

/** Makes, changes and removes resources of one type. */
export interface Provider {
  /** What stands for the resource on this machine, for people. */
  readonly stand: string;
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

/** The properties that a provider uses, each refused when it has no value on this machine. */
export function used(request: ResourceRequest, ...names: readonly string[]): Properties {
  const user = label(request.stack, request.logicalId, request.type);
  const properties: Properties = {};
  for (const name of names) {
    const value = request.properties[name];
    requireKnown(value, user, `Properties.${name}`);
    if (value !== undefined) properties[name] = value;
  }
  return properties;
}

/** A provider that does the same whether the resource exists or not. */
export function upserting(
  stand: string,
  put: (request: ResourceRequest, machine: Machine) => Outcome,
  remove: (resource: DeployedResource, machine: Machine) => void = () => {},
): Provider {
  return {
    stand,
    create: put,
    update: (request, _previous, machine) => put(request, machine),
    remove: (_stack, resource, machine) => remove(resource, machine),
  };
}
