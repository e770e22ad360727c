/**
 * Takes the assets of the stacks and puts each where its URL says: a file as it is, a folder as a zip archive. Called at the start of a deployment;
 * an object that is there already is left alone, because its name is the hash of its content.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import type { AssemblyStack, Asset } from './assembly.ts';
import { writeFileAtomically } from './files.ts';
import { isObject } from './json.ts';
import { bucketPath } from './stores.ts';

/** Publishes what jobs and handlers read from buckets; the code of functions is not among it. Gives the number of new objects. */
export function publishAssets(home: Home, stacks: readonly AssemblyStack[]): number {
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
  else linkOrCopy(asset.source, target);
}

/** Jars are large: a second name for the same content costs nothing. Another file system takes a copy. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    const draft = `${target}.${process.pid}.draft`;
    try {
      copyFileSync(source, draft);
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  }
}

/** The files of a folder in a fixed order and with a fixed time, so that the same folder gives the same archive. */
function entries(folder: string): Zippable {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const mtime = new Date(1980, 0, 1, 0, 0, 0);
  return Object.fromEntries(
    files.map((file) => [relative(folder, file).split(sep).join('/'), [readFileSync(file), { mtime }]]),
  );
}
