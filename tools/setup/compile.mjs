/** Java sources of this tree, compiled once for each version of them and of what they are compiled with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from '../files.mjs';
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
 * Gives the folder of the cache that holds the classes.
 * @param {object} options
 * @param {string} options.cache
 * @param {string} options.name what the folder's name begins with
 * @param {string} options.sources folder
 * @param {string} options.classPath folder of the archives that the sources know; its name changes with their content
 * @param {string} options.compiler folder of the compiler's archive, the same
 * @param {string} options.java program that runs the compiler
 */
export function compiled({ cache, name, sources, classPath, compiler, java }) {
  const files = sourcesIn(sources);
  const key = keyOf(classPath, compiler, ...files.map((file) => readFileSync(file, 'utf8')));
  return cached(cache, `${name}-${key}`, async (aside) => {
    const archives = jarsIn(classPath).map((archive) => join(classPath, archive));
    const options = ['-17', '-proc:none', '-nowarn', '-encoding', 'UTF-8', '-cp', archives.join(':'), '-d', aside];
    const [archive = ''] = jarsIn(compiler);
    await run(java, ['-jar', join(compiler, archive), ...options, ...files], { what: `compiling ${name}` });
    return filesBelow(aside).map((file) => relative(aside, file));
  });
}
