/**
 * Puts the archives for Spark into the tree: takes the folder of the cache that holds them, leaves the same files in build/spark-jars, where the
 * app finds them as assets and local jobs as class path. Called by `toolchain.mjs`.
 */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrorCode } from './errors.mjs';

/** What a file system says that cannot link here: another one, one without hard links, too many of them. */
const CANNOT_LINK = ['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'];

/**
 * @param {string} folder
 * @returns {string[]}
 */
function jarsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .sort();
}

/**
 * Whether a folder has the archives of another, and no others.
 * @param {string} source
 * @param {string} target
 * @returns {boolean}
 */
export function sparkJarsInPlace(source, target) {
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
export function placeSparkJars(source, target) {
  if (sparkJarsInPlace(source, target)) return;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of jarsIn(source)) {
    try {
      linkSync(join(source, name), join(target, name));
    } catch (error) {
      if (!CANNOT_LINK.some((code) => hasErrorCode(error, code))) throw error;
      copyFileSync(join(source, name), join(target, name));
    }
  }
}
