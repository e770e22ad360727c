/**
 * The three things that happen to a resource, each with its line for people and its place in the state: takes the resource as it is to be or
 * as it is, calls the provider, remembers the outcome at once. Called by the deployment, the rollback and the removal of stacks.
 */
import { MillraceError, messageOf } from '../../tools/errors.ts';
import type { Changes, StackIdentity } from './model.ts';
import { FailedAfterCreation, label, type Machine, type ResourceRequest } from './providers/provider.ts';
import { providerOf } from './providers/registry.ts';
import type { StackState, StoredResource } from './state.ts';

/** What the operations work with. */
export interface Site {
  readonly machine: Machine;
  readonly changes: Changes;
  /** Writes the state down. */
  readonly save: () => void;
}

/** What the template says of a resource besides its properties. */
export interface Standing {
  readonly dependsOn: readonly string[];
  readonly retain: boolean;
  /** Whether the old physical resource stays when an Update makes a new one. */
  readonly retainReplaced: boolean;
}

/** Creates a resource and remembers it. */
export async function createResource(
  site: Site,
  stack: StackState,
  request: ResourceRequest,
  standing: Standing,
): Promise<void> {
  try {
    const provider = providerOf(request.type, request.properties);
    const outcome = await provider.create(request, site.machine);
    remember(stack, request, outcome, standing);
  } catch (error) {
    throw failure(request, 'created', error, site);
  }
  site.changes.created++;
  site.save();
}

/** Changes a resource and remembers it; until that succeeded, it counts as it was. */
export async function updateResource(
  site: Site,
  stack: StackState,
  request: ResourceRequest,
  previous: StoredResource,
  standing: Standing,
): Promise<void> {
  try {
    const provider = providerOf(request.type, request.properties);
    const outcome = await provider.update(request, previous, site.machine);
    if (outcome.physicalId !== previous.physicalId && !standing.retainReplaced) stack.replaced.push(previous);
    // A return to what was replaced before: it is in use again.
    stack.replaced = stack.replaced.filter(
      (each) => each.logicalId !== request.logicalId || each.physicalId !== outcome.physicalId,
    );
    remember(stack, request, outcome, standing);
  } catch (error) {
    throw failure(request, 'updated', error, site);
  }
  site.changes.updated++;
  site.save();
}

/** Deletes a physical resource; the caller forgets it. */
export async function deleteResource(site: Site, stack: StackIdentity, resource: StoredResource): Promise<void> {
  try {
    const provider = providerOf(resource.type, resource.properties);
    await provider.remove(stack, resource, site.machine);
  } catch (error) {
    throw failure({ ...resource, stack }, 'deleted', error, site);
  }
  site.changes.deleted++;
}

function remember(
  stack: StackState,
  request: ResourceRequest,
  outcome: { physicalId: string; attributes: Record<string, unknown> },
  standing: Standing,
): void {
  stack.resources[request.logicalId] = {
    stack: stack.path,
    logicalId: request.logicalId,
    type: request.type,
    physicalId: outcome.physicalId,
    attributes: outcome.attributes,
    properties: request.properties,
    dependsOn: standing.dependsOn,
    retain: standing.retain,
  };
}

/** The error of an operation: the handler's own words after what failed. An interruption stays one. */
function failure(request: ResourceRequest, what: string, error: unknown, site: Site): unknown {
  if (site.machine.signal?.aborted) return site.machine.signal.reason;
  const name = label(request.stack, request.logicalId, request.type);
  const reason = messageOf(error);
  const message = reason.startsWith(name) ? reason : `${name} could not be ${what}: ${reason}`;
  const code = error instanceof MillraceError ? error.code : 'DEPLOY_RESOURCE_FAILED';
  return new ResourceFailure(code, message, error instanceof FailedAfterCreation ? error.physicalId : undefined, error);
}

/** A resource could not be created, updated or deleted. */
export class ResourceFailure extends MillraceError {
  /** What a failed Create left behind, if anything. */
  readonly leftBehind: string | undefined;

  constructor(code: string, message: string, leftBehind: string | undefined, cause: unknown) {
    super(code, message, { cause });
    this.leftBehind = leftBehind;
  }
}
