/** Where set-up reads and writes: this tree, its `build` folder, and the cache that outlives the tree. */
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What set-up leaves in the tree; not under version control. */
export const buildFolder = join(root, 'build');

/** The home of this checkout where none is named. */
export const ownHome = join(root, '.millrace');

/**
 * Where the local run keeps its data: `MILLRACE_HOME`, or a folder of the checkout.
 * @param {NodeJS.ProcessEnv} [environment]
 */
export const homeFolder = (environment = process.env) => resolve(environment.MILLRACE_HOME || ownHome);

/**
 * The cache of downloads: `MILLRACE_CACHE`, or the usual place of the operating system.
 * @param {NodeJS.ProcessEnv} [environment]
 * @param {NodeJS.Platform} [platform]
 */
export function cacheFolder(environment = process.env, platform = process.platform) {
  if (environment.MILLRACE_CACHE) return resolve(environment.MILLRACE_CACHE);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'millrace');
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace');
}
