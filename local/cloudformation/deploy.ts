/** Makes this machine what a cloud assembly says, as `cdk deploy --all` would make an account. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { isObject } from '../../lib/declaration/json.ts';
import { pipelineOfStack } from '../../lib/declaration/names.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { filesBelow, linkOrCopy, writeFileAtomically } from '../../tools/files.mjs';
import { withLock } from '../../tools/lock.mjs';
import type { Home } from '../home.ts';
import { readAccess, writeAccess } from '../iam/access.ts';
import { accessOf } from '../iam/deployed-access.ts';
import { workerOf } from '../services/connect.ts';
import { workerUrl } from '../services/services.ts';
import { type AssemblyStack, type Asset, chosenOf, readStacks } from './assembly.ts';
import type { Changes, DeployedResource, Deployment, DeployOptions } from './model.ts';
import type { Site } from './operations.ts';
import { localOverrides, type Overrides, parameterValues, requireDeclared } from './parameters.ts';
import { providerOf, requireKnownTypes } from './providers/index.ts';
import type { Machine } from './providers/provider.ts';
import { removeGoneResources, removeGoneStacks } from './removal.ts';
import { deployStack } from './stack-deployment.ts';
import { readState, type State, toDeployment, writeState } from './state.ts';
import { bucketPath, ParameterStore } from './stores.ts';

export const lockWaitMs = 120_000;

export async function deploy(options: DeployOptions): Promise<{ deployment: Deployment; changes: Changes }> {
  const { home, environment, progress, signal } = options;
  const all = readStacks(options.assembly, environment);
  requireKnownTypes(all);
  const overrides = localOverrides(options.endpoints);
  requireDeclared(overrides, all);
  const onWait = (holder: number) => progress(`waiting for another deployment of ${environment} (pid ${holder})`);
  return withLock(join(home.state, `${environment}.lock`), { waitMs: lockWaitMs, onWait, signal }, async () => {
    const state = readState(home, environment);
    const stacks = chosenOf(all, { pipelines: options.pipelines, deployed: Object.keys(state.stacks) });
    forgetLostData(state, options);
    const published = publishAssets(home, stacks);
    if (published > 0) progress(`${published} ${published === 1 ? 'file' : 'files'} put into buckets`);
    const changes: Changes = { created: 0, updated: 0, deleted: 0, unchanged: 0 };
    const site: Site = { machine: machineOf(options, state, stacks), changes, save: saver(home, state) };
    const lookUp = (name: string) => new ParameterStore(home).get(name)?.value;
    const urls = await workerUrls(home, stacks);
    const parametersOf = (stack: AssemblyStack) =>
      parameterValues(stack, stack.template, { ...overrides, ...urls.get(stack.path) }, lookUp);
    for (const stack of stacks) {
      await tellChanges(site, stack.path, () => deployStack(site, state, stack, parametersOf(stack)));
    }
    // Only now, with everything in place, is anything deleted: consumers before the stacks that they refer to.
    await tellChanges(site, 'stacks that are gone', () => removeGoneStacks(site, state, stacks));
    for (const stack of stacks.toReversed()) {
      await tellChanges(site, stack.path, () => removeGoneResources(site, state, stack, parametersOf(stack)));
    }
    state.deployedAt = new Date().toISOString();
    site.save();
    return { deployment: toDeployment(state, state.deployedAt), changes };
  });
}

/** Of each stack with connectors the parameter that says where their worker answers. */
async function workerUrls(home: Home, stacks: readonly AssemblyStack[]): Promise<Map<string, Overrides>> {
  const urls = new Map<string, Overrides>();
  for (const { path, template } of stacks) {
    if (!template.Parameters?.ConnectUrl) continue;
    urls.set(path, { ConnectUrl: await workerUrl(home, workerOf(pipelineOfStack(path))) });
  }
  return urls;
}

/** Writes the state, and who may do what: a handler that is called next needs its role. */
function saver(home: Home, state: State): () => void {
  let access = readAccess(home);
  return () => {
    writeState(home, state);
    const resources = Object.values(state.stacks).flatMap((stack) => Object.values(stack.resources));
    access = accessOf(resources, access);
    writeAccess(home, access);
  };
}

/**
 * When the services start with empty data, what the handlers made in the old data is gone: forget it, so that it is
 * created again. What lies in buckets, tables and parameters is still there.
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

function livesInServices({ type, properties }: DeployedResource): boolean {
  return providerOf(type, properties).livesInServices === true;
}

function machineOf(options: DeployOptions, state: State, stacks: readonly AssemblyStack[]): Machine {
  return {
    ...options,
    asset: (bucket, key) =>
      stacks.map((stack) => stack.assets.get(`${bucket}/${key}`)).find((asset) => asset !== undefined),
    byArn: (type, arn) =>
      Object.values(state.stacks)
        .flatMap((stack) => Object.values(stack.resources))
        .find((resource) => resource.type === type && arn !== undefined && resource.attributes.Arn === arn),
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

/**
 * Puts the assets of the stacks where their URLs say: a file as it is, a folder as a zip archive. An object that is
 * there is left alone, because its name is the hash of its content. Gives the number of new objects.
 */
function publishAssets(home: Home, stacks: readonly AssemblyStack[]): number {
  let published = 0;
  for (const stack of stacks) {
    const code = functionCode(stack);
    for (const asset of stack.assets.values()) {
      if (code.has(asset.key)) continue;
      const target = bucketPath(home, `s3://${asset.bucket}/${asset.key}`);
      if (existsSync(target)) continue;
      publish(asset, target, stack.path);
      published++;
    }
  }
  return published;
}

/** Functions are run from their unpacked folder, so their archives would lie in the bucket for nobody. */
function functionCode(stack: AssemblyStack): Set<string> {
  const keys = Object.values(stack.template.Resources)
    .filter((resource) => resource.Type === 'AWS::Lambda::Function')
    .map((resource) => resource.Properties?.Code)
    .map((code) => (isObject(code) ? code.S3Key : undefined));
  return new Set(keys.filter((key) => typeof key === 'string'));
}

function publish(asset: Asset, target: string, stack: string): void {
  const source = statSync(asset.source, { throwIfNoEntry: false });
  if (!source || source.isDirectory() !== (asset.packaging === 'zip')) {
    throw new MillraceError(
      'DEPLOY_ASSET',
      `${stack}: the asset ${asset.name} ${source ? 'is not what its packaging says' : 'is missing'}: ${asset.source}. Synthesize again.`,
    );
  }
  mkdirSync(dirname(target), { recursive: true });
  if (asset.packaging === 'zip') writeFileAtomically(target, zipSync(entries(asset.source), { level: 6 }));
  // Jars are large: a second name for the same content costs nothing.
  else linkOrCopy(asset.source, target);
}

/** The files of a folder in a fixed order and with a fixed time, so that the same folder gives the same archive. */
function entries(folder: string): Zippable {
  const mtime = new Date(1980, 0, 1, 0, 0, 0);
  return Object.fromEntries(
    filesBelow(folder).map((file) => [relative(folder, file).split(sep).join('/'), [readFileSync(file), { mtime }]]),
  );
}
