/**
 * Takes what the state has and the templates no longer have, and deletes it in the reverse order of its creation: resources gone from a stack,
 * physical resources that an Update replaced, whole stacks. Called by `deploy` after everything that is to be exists.
 */
import type { AssemblyStack } from './assembly.ts';
import type { StackIdentity } from './model.ts';
import { deleteResource, type Site } from './operations.ts';
import { StackScope } from './stack-scope.ts';
import type { StackState, State, StoredResource } from './state.ts';
import { inDependencyOrder } from './template.ts';

/** Deletes what Updates of a stack have replaced. */
export async function removeReplaced(site: Site, stack: StackState): Promise<void> {
  while (stack.replaced.length > 0) {
    await deleteResource(site, stack, stack.replaced.at(-1) as StoredResource);
    stack.replaced.pop();
    site.save();
  }
}

/** Deletes the resources of a stack that its template no longer has. */
export async function removeGoneResources(
  site: Site,
  state: State,
  stack: AssemblyStack,
  parameter: (name: string) => unknown,
): Promise<void> {
  const current = state.stacks[stack.path];
  if (!current) return;
  await removeReplaced(site, current);
  const scope = new StackScope({ state, stack, parameter });
  const { Resources: wanted } = stack.template;
  await remove(site, current, (logicalId) => wanted[logicalId] === undefined || !scope.exists(wanted[logicalId]));
}

/** Deletes the stacks that are no longer in the assembly, the last deployed first. */
export async function removeGoneStacks(site: Site, state: State, stacks: readonly StackIdentity[]): Promise<void> {
  const wanted = new Set(stacks.map((stack) => stack.path));
  for (const current of Object.values(state.stacks).reverse()) {
    if (wanted.has(current.path)) continue;
    await removeReplaced(site, current);
    await remove(site, current, () => true);
    delete state.stacks[current.path];
    site.save();
  }
}

async function remove(site: Site, stack: StackState, gone: (logicalId: string) => boolean): Promise<void> {
  const dependencies = new Map(Object.values(stack.resources).map((each) => [each.logicalId, each.dependsOn]));
  for (const logicalId of inDependencyOrder(dependencies, stack.path).reverse()) {
    if (!gone(logicalId)) continue;
    site.machine.signal?.throwIfAborted();
    const resource = stack.resources[logicalId] as StoredResource;
    if (!resource.retain) await deleteResource(site, stack, resource);
    delete stack.resources[logicalId];
    site.save();
  }
}
