/**
 * Deletes what the templates no longer have, in the reverse order of its creation: resources gone from a stack,
 * physical resources that an Update replaced, whole stacks.
 */
import type { AssemblyStack } from './assembly.ts';
import type { StackIdentity } from './model.ts';
import { deleteResource, type Site } from './operations.ts';
import { StackScope } from './stack-scope.ts';
import type { StackState, State, StoredResource } from './state.ts';
import { inDependencyOrder } from './template.ts';

export async function removeReplaced(site: Site, stack: StackState): Promise<void> {
  while (stack.replaced.length > 0) {
    await deleteResource(site, stack, stack.replaced.at(-1) as StoredResource);
    stack.replaced.pop();
    site.save();
  }
}

export async function removeGoneResources(
  site: Site,
  state: State,
  stack: AssemblyStack,
  parameter: (name: string) => unknown,
): Promise<void> {
  const current = state.stacks[stack.path];
  if (!current) return;
  await removeReplaced(site, current);
  const scope = new StackScope(state, stack, parameter);
  const { Resources: wanted } = stack.template;
  await remove(site, current, (logicalId) => wanted[logicalId] === undefined || !scope.exists(wanted[logicalId]));
}

/** Deletes the stacks that are no longer in the assembly, the last deployed first. */
export async function removeGoneStacks(site: Site, state: State, stacks: readonly StackIdentity[]): Promise<void> {
  for (const current of Object.values(state.stacks).reverse()) {
    if (stacks.some(({ path }) => path === current.path)) continue;
    await removeReplaced(site, current);
    await remove(site, current, () => true);
    delete state.stacks[current.path];
    site.save();
  }
}

async function remove(site: Site, stack: StackState, gone: (logicalId: string) => boolean): Promise<void> {
  for (const resource of inDependencyOrder(Object.values(stack.resources), stack.path).reverse()) {
    if (!gone(resource.logicalId)) continue;
    site.machine.signal?.throwIfAborted();
    if (!resource.retain) await deleteResource(site, stack, resource);
    delete stack.resources[resource.logicalId];
    site.save();
  }
}
