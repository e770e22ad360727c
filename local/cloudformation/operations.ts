/** The three things that happen to a resource, each with its place in the state, which is written down at once. */
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import type { Changes, StackIdentity } from './model.ts';
import { providerOf } from './providers/index.ts';
import { FailedAfterCreation, type Machine, nameIn, type Outcome, type ResourceRequest } from './providers/provider.ts';
import type { StackState, StoredResource } from './state.ts';

export interface Site {
  readonly machine: Machine;
  readonly changes: Changes;
  readonly save: () => void;
}

export interface Wanted extends ResourceRequest, Pick<StoredResource, 'dependsOn' | 'retain'> {
  /** Whether the old physical resource stays when an Update makes a new one. */
  readonly retainReplaced: boolean;
}

export async function createResource(site: Site, stack: StackState, wanted: Wanted): Promise<void> {
  await operate(site, wanted, 'created', async () => {
    const outcome = await providerOf(wanted.type, wanted.properties).create(wanted, site.machine);
    stack.resources[wanted.logicalId] = stored(wanted, outcome);
  });
  site.save();
}

/** Until it succeeded, the resource counts as it was. */
export async function updateResource(
  site: Site,
  stack: StackState,
  wanted: Wanted,
  previous: StoredResource,
): Promise<void> {
  await operate(site, wanted, 'updated', async () => {
    const outcome = await providerOf(wanted.type, wanted.properties).update(wanted, previous, site.machine);
    if (outcome.physicalId !== previous.physicalId && !wanted.retainReplaced) stack.replaced.push(previous);
    // A return to what was replaced before: it is in use again.
    stack.replaced = stack.replaced.filter(
      ({ logicalId, physicalId }) => logicalId !== wanted.logicalId || physicalId !== outcome.physicalId,
    );
    stack.resources[wanted.logicalId] = stored(wanted, outcome);
  });
  site.save();
}

/** Deletes a physical resource; the caller forgets it. */
export async function deleteResource(site: Site, stack: StackIdentity, resource: StoredResource): Promise<void> {
  await operate(site, { ...resource, stack }, 'deleted', async () => {
    await providerOf(resource.type, resource.properties).remove(stack, resource, site.machine);
  });
}

export function stored(wanted: Omit<Wanted, 'retainReplaced'>, { physicalId, attributes }: Outcome): StoredResource {
  const { logicalId, type, properties, dependsOn, retain } = wanted;
  return { stack: wanted.stack.path, logicalId, type, physicalId, attributes, properties, dependsOn, retain };
}

/** Counts an operation, or throws the handler's own words after what failed. An interruption stays one. */
async function operate(
  { machine, changes }: Site,
  request: ResourceRequest,
  what: 'created' | 'updated' | 'deleted',
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
    changes[what]++;
  } catch (error) {
    machine.signal?.throwIfAborted();
    const [name, reason] = [nameIn(request), messageOf(error)];
    const message = reason.startsWith(name) ? reason : `${name} could not be ${what}: ${reason}`;
    const code = error instanceof MillraceError ? error.code : 'DEPLOY_RESOURCE_FAILED';
    const leftBehind = error instanceof FailedAfterCreation ? error.physicalId : undefined;
    throw new ResourceFailure(code, message, leftBehind, error);
  }
}

export class ResourceFailure extends MillraceError {
  /** The physical id of what a failed Create left behind, if anything. */
  readonly leftBehind: string | undefined;

  constructor(code: string, message: string, leftBehind: string | undefined, cause: unknown) {
    super(code, message, { cause });
    this.leftBehind = leftBehind;
  }
}
