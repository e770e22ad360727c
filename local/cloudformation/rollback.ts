/**
 * Takes a stack whose update failed and returns it to its last complete state, as CloudFormation does: the resource that failed and those that were
 * updated before it get an Update back to their old properties, those that were created a Delete. Called by `deployStack`.
 */
import { messageOf } from '../../tools/errors.ts';
import { sameJson } from './json.ts';
import { deleteResource, type Site, type Standing, updateResource } from './operations.ts';
import { label, type ResourceRequest } from './providers/provider.ts';
import { removeReplaced } from './removal.ts';
import type { StackState, StoredResource } from './state.ts';
import { inDependencyOrder } from './template.ts';

/** The operation that failed. */
export interface FailedOperation {
  readonly request: ResourceRequest;
  readonly standing: Standing;
  /** The physical id of what a failed Create left behind. */
  readonly leftBehind?: string | undefined;
}

/** Rolls a stack back; gives lines for a person about what was taken back and what could not be. */
export async function rollBack(site: Site, stack: StackState, failed: FailedOperation | undefined): Promise<string[]> {
  const settled = stack.settled ?? {};
  const notes: string[] = [];
  // What the rollback does is no change that the deployment made.
  const quiet: Site = { ...site, changes: { created: 0, updated: 0, deleted: 0, unchanged: 0 } };
  const attempt = async (resource: StoredResource, done: string, work: () => Promise<void>) => {
    try {
      await work();
      notes.push(`${label(stack, resource.logicalId, resource.type)} was ${done}.`);
    } catch (error) {
      site.machine.signal?.throwIfAborted();
      notes.push(`It could not be taken back, and stays as it is: ${messageOf(error)}`);
    }
  };

  const order = inDependencyOrder(
    new Map(Object.values(settled).map((each) => [each.logicalId, each.dependsOn])),
    stack.path,
  );
  for (const logicalId of order) {
    const before = settled[logicalId] as StoredResource;
    const now = nowOf(stack, before, failed);
    if (now === undefined || sameJson(now.properties, before.properties)) continue;
    const standing: Standing = { dependsOn: before.dependsOn, retain: before.retain, retainReplaced: false };
    const request: ResourceRequest = { stack, logicalId, type: before.type, properties: before.properties };
    await attempt(now, 'returned to what it was', () => updateResource(quiet, stack, request, now, standing));
  }

  for (const resource of createdSince(stack, settled, failed).reverse()) {
    if (!resource.retain) {
      await attempt(resource, 'deleted again', async () => {
        await deleteResource(quiet, stack, resource);
        delete stack.resources[resource.logicalId];
      });
    }
  }
  await removeReplaced(quiet, stack).catch((error: unknown) => notes.push(messageOf(error)));
  stack.status = 'complete';
  delete stack.settled;
  site.save();
  return notes;
}

/** What a resource is when the rollback begins. The one that failed may be half changed: it counts as what it was to become. */
function nowOf(
  stack: StackState,
  before: StoredResource,
  failed: FailedOperation | undefined,
): StoredResource | undefined {
  const now = stack.resources[before.logicalId];
  if (!now || failed?.request.logicalId !== before.logicalId) return now;
  return { ...now, properties: failed.request.properties };
}

/** Resources that did not exist before, and what a failed Create left behind. */
function createdSince(
  stack: StackState,
  settled: Readonly<Record<string, StoredResource>>,
  failed: FailedOperation | undefined,
): StoredResource[] {
  const created = Object.values(stack.resources).filter((resource) => !(resource.logicalId in settled));
  if (failed?.leftBehind === undefined) return created;
  const { request, standing, leftBehind } = failed;
  return [
    ...created,
    {
      stack: stack.path,
      logicalId: request.logicalId,
      type: request.type,
      physicalId: leftBehind,
      attributes: {},
      properties: request.properties,
      dependsOn: standing.dependsOn,
      retain: standing.retain,
    },
  ];
}
