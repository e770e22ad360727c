/** Java sources of this tree, compiled once for each version of them and of what they are compiled with. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
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
 * The archive in such a folder, whose name changes with its content.
 * @param {string} folder
 */
export const archiveOf = (folder) => join(folder, `${basename(folder)}.jar`);

/** What a folder of sources may have besides: how others find the classes. */
const META = 'META-INF';

/** The first that an archive can tell. */
const NO_TIME = new Date(1980, 0, 1);

/** @param {string} folder */
const entriesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).sort((one, other) =>
    pathOf(one) < pathOf(other) ? -1 : 1,
  );

/** @param {import('node:fs').Dirent} entry */
const pathOf = (entry) => join(entry.parentPath, entry.name);

/** @param {string} folder */
const filesIn = (folder) =>
  entriesIn(folder)
    .filter((entry) => entry.isFile())
    .map(pathOf);

/** @param {string} folder */
const foldersIn = (folder) =>
  entriesIn(folder)
    .filter((entry) => entry.isDirectory())
    .map(pathOf);

/**
 * Gives the folder of the cache that holds an archive of the classes.
 * @param {object} options
 * @param {string} options.cache
 * @param {string} options.name what the folder's name begins with
 * @param {string} options.sources folder
 * @param {string[]} options.classPath folders of the archives that the sources know; their names change with their content
 * @param {string} options.compiler folder of the compiler's archive, the same
 * @param {string} options.java program that runs the compiler
 * @param {string} options.python program that packs the archive
 */
export function compiled({ cache, name, sources, classPath, compiler, java, python }) {
  const files = sourcesIn(sources);
  const meta = existsSync(join(sources, META)) ? filesIn(join(sources, META)) : [];
  const texts = [...files, ...meta].map((file) => readFileSync(file, 'utf8'));
  // The same on every machine: the archive may be a part of what is deployed.
  const folder = `${name}-${keyOf('named by its content', ...[...classPath, compiler].map((one) => basename(one)), ...texts)}`;
  return cached(cache, folder, async (aside) => {
    const archives = classPath.flatMap((one) => jarsIn(one).map((archive) => join(one, archive)));
    const classes = join(aside, 'classes');
    const options = ['-17', '-proc:none', '-nowarn', '-encoding', 'UTF-8', '-cp', archives.join(':'), '-d', classes];
    const [program = ''] = jarsIn(compiler);
    await run(java, ['-jar', join(compiler, program), ...options, ...files], { what: `compiling ${name}` });
    if (meta.length > 0) cpSync(join(sources, META), join(classes, META), { recursive: true });
    for (const path of [...filesIn(classes), ...foldersIn(classes)]) utimesSync(path, NO_TIME, NO_TIME);
    // A JVM that maps classes from an archive of its own (`service-classes.mjs`) takes no folders.
    const parts = readdirSync(classes)
      .sort()
      .map((part) => join(classes, part));
    const archive = `${folder}.jar`;
    await run(python, ['-m', 'zipfile', '-c', join(aside, archive), ...parts], { what: `packing ${name}` });
    rmSync(classes, { recursive: true });
    return [archive];
  });
}
