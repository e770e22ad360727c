/**
 * Brings the resources of one stack to what its template says: creates and updates in dependency order, and returns
 * to the last state that was complete when one fails. What the template no longer has is deleted later, when all stacks
 * are in place.
 */
import { sameJson } from '../../lib/declaration/json.ts';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import type { AssemblyStack } from './assembly.ts';
import {
  createResource,
  deleteResource,
  ResourceFailure,
  type Site,
  stored,
  updateResource,
  type Wanted,
} from './operations.ts';
import { isLocal } from './providers/index.ts';
import { label } from './providers/provider.ts';
import { removeReplaced } from './removal.ts';
import { StackScope } from './stack-scope.ts';
import type { StackState, State, StoredResource } from './state.ts';
import { type Dependent, dependenciesOf, inDependencyOrder } from './template.ts';

/** Deploys one stack; throws the first failure after having rolled back. */
export async function deployStack(
  site: Site,
  state: State,
  stack: AssemblyStack,
  parameter: (name: string) => unknown,
): Promise<void> {
  const current = begin(state, stack);
  const scope = new StackScope(state, stack, parameter);
  let wanted: Wanted | undefined;
  try {
    for (const { logicalId, dependsOn } of ordered(stack, scope)) {
      site.machine.signal?.throwIfAborted();
      wanted = wantedOf(stack, scope, logicalId, dependsOn);
      await bring(site, current, wanted);
      wanted = undefined;
    }
    Object.assign(current, outputsOf(stack, scope));
  } catch (error) {
    if (site.machine.signal?.aborted) throw error;
    if (current.status === 'creating') throw withAdvice(error, current);
    const leftBehind = error instanceof ResourceFailure ? error.leftBehind : undefined;
    const notes = await rollBack(site, current, wanted, leftBehind);
    const code = error instanceof MillraceError ? error.code : 'DEPLOY_FAILED';
    throw new MillraceError(code, messageOf(error), { cause: error, details: notes });
  }
  current.status = 'complete';
  delete current.settled;
  site.save();
}

/**
 * The stack's entry in the state, marked as unfinished.
 *
 * A stack that was complete is returned to that when something fails, as CloudFormation does. A first deployment is
 * not: there is nothing to return to, so what succeeded stays and the next deployment goes on from there.
 */
function begin(state: State, { path, name, account, region }: AssemblyStack): StackState {
  const identity = { path, name, account, region };
  const empty = { resources: {}, outputs: {}, exports: {}, replaced: [] };
  state.stacks[path] ??= { ...identity, status: 'creating', ...empty };
  const current = Object.assign(state.stacks[path], identity);
  if (current.status === 'complete') {
    current.settled = { ...current.resources };
    current.status = 'updating';
  }
  return current;
}

/** The resources that have a place on this machine, in dependency order. */
function ordered({ path, template }: AssemblyStack, scope: StackScope): Dependent[] {
  const present = Object.entries(template.Resources).filter(([, resource]) => scope.exists(resource));
  const all = present.map(([logicalId, resource]) => ({ logicalId, dependsOn: dependenciesOf(resource, template) }));
  const local = (logicalId: string) => isLocal(template.Resources[logicalId]?.Type ?? '');
  return inDependencyOrder(all, path)
    .filter(({ logicalId }) => local(logicalId))
    .map(({ logicalId }) => ({ logicalId, dependsOn: localDependencies(logicalId, all, local) }));
}

/** What a resource waits for on this machine, also by way of a resource that stays on AWS (a policy, say). */
function localDependencies(of: string, all: readonly Dependent[], local: (logicalId: string) => boolean): string[] {
  const dependencies = new Map(all.map(({ logicalId, dependsOn }) => [logicalId, dependsOn]));
  const seen = new Set<string>();
  const visit = (logicalId: string) => {
    for (const next of dependencies.get(logicalId) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (!local(next)) visit(next);
    }
  };
  visit(of);
  return [...seen].filter(local);
}

function wantedOf(stack: AssemblyStack, scope: StackScope, logicalId: string, dependsOn: readonly string[]): Wanted {
  const resource = stack.template.Resources[logicalId];
  if (!resource) throw new Error(`${stack.path} has no ${logicalId}`);
  const { Type: type, DeletionPolicy, UpdateReplacePolicy } = resource;
  const kept = (policy: string | undefined) => policy?.startsWith('Retain') ?? false;
  const properties = scope.properties(logicalId, resource);
  const policies = { retain: kept(DeletionPolicy), retainReplaced: kept(UpdateReplacePolicy) };
  return { stack, logicalId, type, properties, dependsOn, ...policies };
}

/** Creates, updates or leaves alone. */
async function bring(site: Site, current: StackState, wanted: Wanted): Promise<void> {
  const existing = current.resources[wanted.logicalId];
  if (!existing) return createResource(site, current, wanted);
  if (existing.type !== wanted.type) {
    throw new MillraceError(
      'DEPLOY_TYPE_CHANGED',
      `${wanted.stack.path} ${wanted.logicalId}: a resource cannot change its type from ${existing.type} to ${wanted.type}. Give the new one another id.`,
    );
  }
  if (!sameJson(existing.properties, wanted.properties)) return updateResource(site, current, wanted, existing);
  current.resources[wanted.logicalId] = { ...existing, dependsOn: wanted.dependsOn, retain: wanted.retain };
  site.changes.unchanged++;
}

function outputsOf(stack: AssemblyStack, scope: StackScope): Pick<StackState, 'outputs' | 'exports'> {
  const outputs: Record<string, string> = {};
  const exports: Record<string, string> = {};
  for (const [name, output] of Object.entries(stack.template.Outputs ?? {})) {
    if (!scope.exists(output)) continue;
    const value = String(scope.value(output.Value, `output ${name}`));
    outputs[name] = value;
    if (output.Export) exports[String(scope.value(output.Export.Name, `output ${name}`))] = value;
  }
  return { outputs, exports };
}

function withAdvice(error: unknown, { path, resources }: StackState): unknown {
  const done = Object.keys(resources).length;
  if (!(error instanceof MillraceError) || done === 0) return error;
  const details = [`${path}: the ${done} resources before it stay; the next deployment goes on from there.`];
  return new MillraceError(error.code, error.message, { cause: error, details });
}

/**
 * Returns a stack whose update failed to its last complete state, as CloudFormation does: the resource that failed
 * and those that were updated before it get an Update back to their old properties, those that were created a Delete.
 *
 * @param leftBehind the physical id of what a failed Create left behind
 * @returns lines for a person about what was taken back and what could not be
 */
async function rollBack(site: Site, stack: StackState, failed?: Wanted, leftBehind?: string): Promise<string[]> {
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

  for (const before of inDependencyOrder(Object.values(settled), stack.path)) {
    let now = stack.resources[before.logicalId];
    // The one that failed may be half changed: it counts as what it was to become.
    if (now && failed?.logicalId === now.logicalId) now = { ...now, properties: failed.properties };
    if (!now || sameJson(now.properties, before.properties)) continue;
    const current = now;
    const wanted: Wanted = { ...before, stack, retainReplaced: false };
    await attempt(now, 'returned to what it was', () => updateResource(quiet, stack, wanted, current));
  }

  const created = Object.values(stack.resources).filter(({ logicalId }) => !(logicalId in settled));
  if (failed && leftBehind !== undefined) created.push(stored(failed, { physicalId: leftBehind, attributes: {} }));
  for (const resource of created.reverse().filter(({ retain }) => !retain)) {
    await attempt(resource, 'deleted again', async () => {
      await deleteResource(quiet, stack, resource);
      delete stack.resources[resource.logicalId];
    });
  }
  await removeReplaced(quiet, stack).catch((error: unknown) => notes.push(messageOf(error)));
  stack.status = 'complete';
  delete stack.settled;
  site.save();
  return notes;
}
