/** The stacks of one environment (a CDK Stage) of a cloud assembly, in the order in which they are deployed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetManifestArtifact, CloudAssembly, type CloudFormationStackArtifact } from '@aws-cdk/cloud-assembly-api';
import { pipelineOfStack } from '../../lib/declaration/names.ts';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import type { StackIdentity } from './model.ts';
import type { Template } from './template.ts';

/** Stands in for the account and the Region of a stack that is not bound to any. */
export const localAccount = '000000000000';
export const localRegion = 'us-east-1';

/** A file or folder of the assembly that is to lie in a bucket. */
export interface Asset {
  readonly bucket: string;
  readonly key: string;
  /** Absolute path. */
  readonly source: string;
  /** `zip`: the source is a folder, the object its archive. `file`: the object is the source. */
  readonly packaging: 'zip' | 'file';
  /** What the app calls it, for messages. */
  readonly name: string;
}

export interface AssemblyStack extends StackIdentity {
  readonly template: Template;
  /** By bucket and key: `bucket/key`. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** In dependency order. @throws MillraceError DEPLOY_ENVIRONMENT */
export function readStacks(folder: string, environment: string): AssemblyStack[] {
  const assembly = open(folder);
  const stage = assembly.nestedAssemblies.find(({ displayName }) => displayName === environment);
  if (stage) return stage.nestedAssembly.stacksRecursively.map(readStack);
  const known = assembly.nestedAssemblies.map(({ displayName }) => displayName).join(', ') || 'none';
  const message = `The assembly in ${folder} has no environment "${environment}". It has: ${known}.`;
  throw new MillraceError('DEPLOY_ENVIRONMENT', message);
}

/** Which pipelines a deployment is about. */
export interface Chosen {
  /** Those that are asked for. @default all */
  readonly pipelines?: readonly string[] | undefined;
  /** Paths of the stacks that are deployed already: they stay, and are brought up to date. */
  readonly deployed: readonly string[];
}

/** The stacks that belong to no pipeline, to one that is chosen, or that are deployed already. */
export function chosenOf(stacks: readonly AssemblyStack[], { pipelines, deployed }: Chosen): AssemblyStack[] {
  if (pipelines === undefined) return [...stacks];
  // State machines without a name of their own are the CDK's.
  const isOfPipeline = ({ template }: AssemblyStack) =>
    Object.values(template.Resources).some((one) => one.Properties?.StateMachineName !== undefined);
  return stacks.filter(
    (stack) => !isOfPipeline(stack) || pipelines.includes(pipelineOfStack(stack.path)) || deployed.includes(stack.path),
  );
}

/** The types of the resources that a deployment of an environment is about. */
export const typesOf = (folder: string, environment: string, chosen: Chosen): Set<string> =>
  new Set(
    chosenOf(readStacks(folder, environment), chosen).flatMap(({ template }) =>
      Object.values(template.Resources).map(({ Type }) => Type),
    ),
  );

/** The paths of the stacks of one environment: `dev/readings`. */
export function stacksOf(folder: string, environment: string): string[] {
  return readStacks(folder, environment).map(({ path }) => path);
}

function open(folder: string): CloudAssembly {
  const mistake = (what: string, cause?: unknown) => new MillraceError('DEPLOY_ASSEMBLY', what, { cause });
  if (!existsSync(join(folder, 'manifest.json'))) {
    throw mistake(`${folder} holds no cloud assembly. Synthesize it first: npm run synth.`);
  }
  try {
    return new CloudAssembly(folder);
  } catch (error) {
    throw mistake(`The cloud assembly in ${folder} cannot be read: ${messageOf(error)}`, error);
  }
}

function readStack(artifact: CloudFormationStackArtifact): AssemblyStack {
  const known = (value: string, otherwise: string) => (value.startsWith('unknown-') ? otherwise : value);
  const identity: StackIdentity = {
    path: artifact.hierarchicalId,
    name: artifact.stackName,
    account: known(artifact.environment.account, localAccount),
    region: known(artifact.environment.region, localRegion),
  };
  return {
    ...identity,
    template: JSON.parse(readFileSync(artifact.templateFullPath, 'utf8')) as Template,
    assets: readAssets(artifact, identity),
  };
}

function readAssets(artifact: CloudFormationStackArtifact, stack: StackIdentity): Map<string, Asset> {
  const pseudo: Readonly<Record<string, string>> = { AccountId: stack.account, Region: stack.region, Partition: 'aws' };
  const fill = (text: string) => text.replace(/\$\{AWS::(\w+)\}/g, (whole, name: string) => pseudo[name] ?? whole);
  const assets = new Map<string, Asset>();
  for (const manifest of artifact.dependencies.filter((each) => AssetManifestArtifact.isAssetManifestArtifact(each))) {
    const { files = {}, dockerImages = {} } = manifest.contents;
    const [image] = Object.values(dockerImages);
    if (image) {
      const name = image.displayName ?? image.source.directory ?? 'an image';
      throw new MillraceError(
        'DEPLOY_ASSET',
        `${stack.path} needs the container image ${name} built, and this machine has no container engine.`,
      );
    }
    for (const [id, { displayName: name = id, source, destinations }] of Object.entries(files)) {
      // Templates are assets too, for CloudFormation to read; here they are read from the assembly.
      if (source.path === artifact.templateFile || !source.path) continue;
      const packaging = source.packaging === 'zip' ? 'zip' : 'file';
      for (const { bucketName, objectKey } of Object.values(destinations)) {
        const [bucket, key] = [fill(bucketName), fill(objectKey)];
        const path = join(artifact.assembly.directory, source.path);
        assets.set(`${bucket}/${key}`, { bucket, key, source: path, packaging, name });
      }
    }
  }
  return assets;
}
