/** Java archives, compared with the sha256 of jgo.lock.toml: jgo loads the files but compares no lock. */
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MillraceError } from '../errors.mjs';
import { linkOrCopy } from '../files.mjs';
import { cached, keyOf } from './cache.mjs';
import { root } from './folders.mjs';
import { run } from './run.mjs';

/**
 * @typedef {object} LockedArtifact
 * @property {string} folder which folder of the cache it belongs to
 * @property {string} groupId
 * @property {string} artifactId
 * @property {string} version
 * @property {string} packaging
 * @property {string} classifier empty for none
 * @property {string} sha256
 */

const FIELDS = ['folder', 'groupId', 'artifactId', 'version', 'packaging', 'classifier', 'sha256'];
const artifactsScript = join(root, 'tools', 'setup', 'artifacts.py');

/**
 * Reads the lock; it has the plain form that `lock.mjs` writes: tables of `name = "text"`.
 * @param {string} text
 * @throws {MillraceError} SETUP_LOCK_INVALID
 */
export function parseLock(text) {
  return text
    .split('[[dependencies]]')
    .slice(1)
    .map((block) => {
      const entry = Object.fromEntries(
        [...block.matchAll(/^(\w+) = "([^"]*)"$/gm)].map(([, name, value]) => [name, value]),
      );
      const missing = FIELDS.filter((field) => entry[field] === undefined);
      if (missing.length > 0 || !/^[0-9a-f]{64}$/.test(entry.sha256)) {
        const about = entry.artifactId ?? 'an entry';
        throw new MillraceError(
          'SETUP_LOCK_INVALID',
          `jgo.lock.toml: ${about} lacks ${missing.join(', ') || 'a sha256 of 64 hex digits'}. Restore the file, or renew it with: node tools/setup/lock.mjs`,
        );
      }
      return /** @type {LockedArtifact} */ (entry);
    });
}

/** @param {LockedArtifact} artifact */
export function fileNameOf({ artifactId, version, classifier, packaging }) {
  return `${artifactId}-${version}${classifier && `-${classifier}`}.${packaging}`;
}

/**
 * @param {string} folder
 * @param {LockedArtifact[]} artifacts
 * @throws {MillraceError} SETUP_HASH_MISMATCH
 */
export async function verify(folder, artifacts) {
  for (const artifact of artifacts) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, fileNameOf(artifact))), hash);
    const found = hash.digest('hex');
    if (found === artifact.sha256) continue;
    throw new MillraceError(
      'SETUP_HASH_MISMATCH',
      `${fileNameOf(artifact)} is not the file that jgo.lock.toml names, and was thrown away.\n  sha256 expected: ${artifact.sha256}\n  sha256 got:      ${found}\nA proxy that answers with a page of its own is the usual cause. Look into it, then run the same command again.`,
    );
  }
}

/**
 * Gives the folder that holds the artifacts of one name, downloading them first when it is not there.
 * @param {object} options
 * @param {string} options.cache
 * @param {() => Promise<string>} options.python gives the interpreter that has jgo, when there is something to load
 * @param {LockedArtifact[]} options.artifacts
 * @param {string} options.name
 * @param {string} [options.unpack] a file that is there once the only artifact, an archive, is unpacked
 */
export function artifactFolder({ cache, python, artifacts, name, unpack }) {
  const wanted = artifacts.filter((artifact) => artifact.folder === name);
  return cached(cache, folderNameOf(artifacts, name), async (aside) => {
    const interpreter = await python();
    const input = JSON.stringify(wanted);
    await run(interpreter, [artifactsScript, 'fetch', aside], { what: `loading ${name}`, input });
    await verify(aside, wanted);
    const files = wanted.map(fileNameOf);
    if (unpack === undefined) {
      // The tree gets hard links to these files: nobody may change them through one.
      for (const file of files) chmodSync(join(aside, file), 0o444);
      return files;
    }
    const what = `unpacking ${name}`;
    await run(interpreter, [artifactsScript, 'unpack', join(aside, files.join()), aside], { what });
    return [unpack];
  });
}

/**
 * @param {LockedArtifact[]} artifacts
 * @param {string} name
 */
export function folderNameOf(artifacts, name) {
  const wanted = artifacts.filter((artifact) => artifact.folder === name);
  return `${name}-${keyOf(...wanted.map((artifact) => `${fileNameOf(artifact)} ${artifact.sha256}`))}`;
}

/** @param {string} folder */
export function jarsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .sort();
}

/**
 * @param {string} source
 * @param {string} target
 */
export function jarsInPlace(source, target) {
  if (!existsSync(source) || !existsSync(target)) return false;
  const names = jarsIn(source);
  return (
    jarsIn(target).join() === names.join() &&
    names.every((name) => statSync(join(source, name)).size === statSync(join(target, name)).size)
  );
}

/**
 * Fills a folder with the archives of another: as hard links, or as copies where that is not possible.
 * @param {string} source
 * @param {string} target
 */
export function placeJars(source, target) {
  if (jarsInPlace(source, target)) return;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of jarsIn(source)) linkOrCopy(join(source, name), join(target, name));
}
