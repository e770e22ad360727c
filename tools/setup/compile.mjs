/** Java sources of this tree, compiled once for each version of them and of what they are compiled with. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cached, keyOf } from './cache.mjs';
import { jarsIn } from './jars.mjs';
import { run } from './run.mjs';

/** @param {string} folder */
export function sourcesIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * The archive in such a folder.
 * @param {string} folder
 */
export const archiveOf = (folder) => join(folder, 'classes.jar');

/**
 * Gives the folder of the cache that holds an archive of the classes.
 * @param {object} options
 * @param {string} options.cache
 * @param {string} options.name what the folder's name begins with
 * @param {string} options.sources folder
 * @param {string} options.classPath folder of the archives that the sources know; its name changes with their content
 * @param {string} options.compiler folder of the compiler's archive, the same
 * @param {string} options.java program that runs the compiler
 * @param {string} options.python program that packs the archive
 */
export function compiled({ cache, name, sources, classPath, compiler, java, python }) {
  const files = sourcesIn(sources);
  const key = keyOf('one archive', classPath, compiler, ...files.map((file) => readFileSync(file, 'utf8')));
  return cached(cache, `${name}-${key}`, async (aside) => {
    const archives = jarsIn(classPath).map((archive) => join(classPath, archive));
    const classes = join(aside, 'classes');
    const options = ['-17', '-proc:none', '-nowarn', '-encoding', 'UTF-8', '-cp', archives.join(':'), '-d', classes];
    const [archive = ''] = jarsIn(compiler);
    await run(java, ['-jar', join(compiler, archive), ...options, ...files], { what: `compiling ${name}` });
    // A JVM that maps classes from an archive of its own (`service-classes.mjs`) takes no folders.
    const parts = readdirSync(classes).map((part) => join(classes, part));
    await run(python, ['-m', 'zipfile', '-c', archiveOf(aside), ...parts], { what: `packing ${name}` });
    rmSync(classes, { recursive: true });
    return [basename(archiveOf(aside))];
  });
}
