/**
 * Takes a cloud assembly, an environment and the services of this machine, and makes the machine what the assembly says, as `cdk deploy --all` would
 * make an account. Called by `millrace up` and everything that includes it.
 */
import { join } from 'node:path';
import { withLock } from '../services/lock.ts';
import { type AssemblyStack, readStacks } from './assembly.ts';
import { publishAssets } from './assets.ts';
import type { Changes, DeployedResource, Deployment, DeployOptions } from './model.ts';
import type { Site } from './operations.ts';
import { localOverrides, parameterValues, requireDeclared } from './parameters.ts';
import { customResource } from './providers/custom-resource.ts';
import type { Machine } from './providers/provider.ts';
import { providerOf, requireKnownTypes } from './providers/registry.ts';
import { removeGoneResources, removeGoneStacks } from './removal.ts';
import { deployStack } from './stack-deployment.ts';
import { readState, type State, toDeployment, writeState } from './state.ts';
import { ParameterStore } from './stores.ts';

/** How long a deployment waits for another one of the same environment. */
const lockWaitMs = 120_000;

/** Deploys an environment of an assembly to this machine. */
export async function deploy(options: DeployOptions): Promise<{ deployment: Deployment; changes: Changes }> {
  const { home, environment, progress, signal } = options;
  const stacks = readStacks(options.assembly, environment);
  requireKnownTypes(stacks);
  const overrides = localOverrides(options.endpoints);
  requireDeclared(overrides, stacks);
  const onWait = (holder: number) => progress(`waiting for another deployment of ${environment} (pid ${holder})`);
  return withLock(join(home.state, `${environment}.lock`), { waitMs: lockWaitMs, onWait, signal }, async () => {
    const state = readState(home, environment);
    forgetLostData(state, options);
    const published = publishAssets(home, stacks);
    if (published > 0) progress(`${published} ${published === 1 ? 'file' : 'files'} put into buckets`);
    const changes: Changes = { created: 0, updated: 0, deleted: 0, unchanged: 0 };
    const site: Site = { machine: machineOf(options, state, stacks), changes, save: () => writeState(home, state) };
    const lookUp = (name: string) => new ParameterStore(home).get(name)?.value;
    const parameters = new Map(
      stacks.map((stack) => [stack.path, parameterValues(stack, stack.template, overrides, lookUp)]),
    );
    for (const stack of stacks) {
      await tellChanges(site, stack.path, () =>
        deployStack(site, state, stack, parameters.get(stack.path) ?? noParameter),
      );
    }
    // Only now, with everything in place, is anything deleted: consumers before the stacks that they refer to.
    await tellChanges(site, 'stacks that are gone', () => removeGoneStacks(site, state, stacks));
    for (const stack of stacks.toReversed()) {
      await tellChanges(site, stack.path, () =>
        removeGoneResources(site, state, stack, parameters.get(stack.path) ?? noParameter),
      );
    }
    const deployedAt = new Date().toISOString();
    state.deployedAt = deployedAt;
    site.save();
    return { deployment: toDeployment(state, deployedAt), changes };
  });
}

/**
 * When the services start with empty data, what the handlers made in the old data is gone: forget it, so that it is created again. What lies in
 * buckets, tables and parameters is still there.
 */
function forgetLostData(state: State, { endpoints, progress }: DeployOptions): void {
  const { dataId } = endpoints;
  if (state.dataId !== undefined && dataId !== undefined && state.dataId !== dataId) {
    progress('the services have lost their data since the last deployment: what lay in them is created again');
    for (const stack of Object.values(state.stacks)) {
      const kept = Object.entries(stack.resources).filter(([, each]) => !livesInServices(each));
      if (kept.length === Object.keys(stack.resources).length) continue;
      Object.assign(stack, { status: 'creating', resources: Object.fromEntries(kept) });
      stack.replaced = stack.replaced.filter((each) => !livesInServices(each));
      delete stack.settled;
    }
  }
  if (dataId !== undefined) state.dataId = dataId;
}

function livesInServices(resource: DeployedResource): boolean {
  return providerOf(resource.type, resource.properties) === customResource;
}

function noParameter(): undefined {
  return undefined;
}

function machineOf(options: DeployOptions, state: State, stacks: readonly AssemblyStack[]): Machine {
  const byArn = (type: string, arn: string): DeployedResource | undefined =>
    Object.values(state.stacks)
      .flatMap((stack) => Object.values(stack.resources))
      .find((resource) => resource.type === type && resource.attributes.Arn === arn);
  return {
    home: options.home,
    endpoints: options.endpoints,
    progress: options.progress,
    signal: options.signal,
    asset: (bucket, key) =>
      stacks.map((stack) => stack.assets.get(`${bucket}/${key}`)).find((asset) => asset !== undefined),
    functionByArn: (arn) => byArn('AWS::Lambda::Function', arn),
    stateMachineByArn: (arn) => byArn('AWS::StepFunctions::StateMachine', arn),
  };
}

/** Runs a part of the deployment and says what it changed, if anything. */
async function tellChanges(site: Site, what: string, work: () => Promise<void>): Promise<void> {
  const before = { ...site.changes };
  await work();
  const told = (['created', 'updated', 'deleted'] as const)
    .map((kind) => [site.changes[kind] - before[kind], kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${count} ${kind}`);
  if (told.length > 0) site.machine.progress(`${what}: ${told.join(', ')}`);
}
