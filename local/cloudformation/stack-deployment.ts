/**
 * Takes one stack of the assembly and brings its resources to what the template says: creates and updates in dependency order, and returns to the
 * last state that was complete when one fails. What the template no longer has is deleted later, by `removal.ts`. Called by `deploy`.
 */
import { MillraceError, messageOf } from '../../tools/errors.ts';
import type { AssemblyStack } from './assembly.ts';
import { sameJson } from './json.ts';
import { createResource, ResourceFailure, type Site, type Standing, updateResource } from './operations.ts';
import type { ResourceRequest } from './providers/provider.ts';
import { standingOf } from './providers/registry.ts';
import { type FailedOperation, rollBack } from './rollback.ts';
import { StackScope } from './stack-scope.ts';
import type { StackState, State } from './state.ts';
import { dependenciesOf, inDependencyOrder, type TemplateResource } from './template.ts';

/** Deploys one stack; throws the first failure after having rolled back. */
export async function deployStack(
  site: Site,
  state: State,
  stack: AssemblyStack,
  parameter: (name: string) => unknown,
): Promise<void> {
  const current = begin(state, stack);
  const scope = new StackScope({ state, stack, parameter });
  let operation: FailedOperation | undefined;
  try {
    for (const [logicalId, resource, dependsOn] of ordered(stack, scope)) {
      site.machine.signal?.throwIfAborted();
      const request: ResourceRequest = {
        stack,
        logicalId,
        type: resource.Type,
        properties: scope.properties(logicalId, resource),
      };
      const standing = standingFrom(resource, dependsOn);
      operation = { request, standing };
      await bring(site, current, request, standing);
      operation = undefined;
    }
    Object.assign(current, outputsOf(stack, scope));
  } catch (error) {
    if (site.machine.signal?.aborted || current.status === 'creating') throw withAdvice(error, current);
    const leftBehind = error instanceof ResourceFailure ? error.leftBehind : undefined;
    const notes = await rollBack(site, current, operation && { ...operation, leftBehind });
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
 * A stack that was complete is returned to that when something fails, as CloudFormation does. A first deployment is not: there is nothing to
 * return to, so what succeeded stays and the next deployment goes on from there.
 */
function begin(state: State, stack: AssemblyStack): StackState {
  const { path, name, account, region } = stack;
  state.stacks[path] ??= {
    path,
    name,
    account,
    region,
    status: 'creating',
    resources: {},
    outputs: {},
    exports: {},
    replaced: [],
  };
  const current = state.stacks[path];
  Object.assign(current, { name, account, region });
  if (current.status === 'complete') {
    current.settled = { ...current.resources };
    current.status = 'updating';
  }
  return current;
}

function ordered(stack: AssemblyStack, scope: StackScope): [string, TemplateResource, string[]][] {
  const { Resources: resources } = stack.template;
  const present = Object.entries(resources).filter(([, resource]) => scope.exists(resource));
  const dependencies = new Map(present.map(([name, resource]) => [name, dependenciesOf(resource, stack.template)]));
  const isLocal = (name: string) => 'provider' in (standingOf(resources[name]?.Type ?? '') ?? {});
  return inDependencyOrder(dependencies, stack.path)
    .filter(isLocal)
    .map((name) => [name, resources[name] as TemplateResource, localDependencies(name, dependencies, isLocal)]);
}

/** What a resource waits for on this machine, also by way of a resource that stays on AWS (a policy, say). */
function localDependencies(
  name: string,
  dependencies: ReadonlyMap<string, string[]>,
  isLocal: (name: string) => boolean,
): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (dependency: string) => {
    if (seen.has(dependency)) return;
    seen.add(dependency);
    if (isLocal(dependency)) found.add(dependency);
    else for (const next of dependencies.get(dependency) ?? []) visit(next);
  };
  for (const dependency of dependencies.get(name) ?? []) visit(dependency);
  return [...found];
}

function standingFrom(resource: TemplateResource, dependsOn: readonly string[]): Standing {
  const kept = (policy: string | undefined) => policy?.startsWith('Retain') ?? false;
  return { dependsOn, retain: kept(resource.DeletionPolicy), retainReplaced: kept(resource.UpdateReplacePolicy) };
}

/** Creates, updates or leaves alone. */
async function bring(site: Site, current: StackState, request: ResourceRequest, standing: Standing): Promise<void> {
  const existing = current.resources[request.logicalId];
  if (existing && existing.type !== request.type) {
    throw new MillraceError(
      'DEPLOY_TYPE_CHANGED',
      `${request.stack.path} ${request.logicalId}: a resource cannot change its type from ${existing.type} to ${request.type}. Give the new one another id.`,
    );
  }
  if (!existing) return createResource(site, current, request, standing);
  if (!sameJson(existing.properties, request.properties))
    return updateResource(site, current, request, existing, standing);
  current.resources[request.logicalId] = { ...existing, dependsOn: standing.dependsOn, retain: standing.retain };
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

function withAdvice(error: unknown, current: StackState): unknown {
  if (!(error instanceof MillraceError) || current.status !== 'creating') return error;
  const done = Object.keys(current.resources).length;
  const details =
    done === 0
      ? []
      : [`${current.path}: the ${done} resources before it stay; the next deployment goes on from there.`];
  return new MillraceError(error.code, error.message, { cause: error, details });
}
