/**
 * Brings the Node packages: runs `npm ci` when what is in node_modules is not what package-lock.json names, and puts the `millrace` command
 * in place. Called by `toolchain.mjs`. The stamp is written last, so an interrupted installation is done again.
 */
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { checkNodeProgram } from './node-binary.mjs';
import { ask, run } from './run.mjs';

/**
 * @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }>} Packages
 */

/**
 * What the stamp must hold for node_modules to be trusted.
 * @param {string} folder
 * @returns {string}
 */
export function npmKey(folder) {
  return keyOf(readFileSync(join(folder, 'package-lock.json'), 'utf8'), process.platform, process.arch);
}

/**
 * @param {string} folder
 * @returns {string}
 */
export function stampPath(folder) {
  return join(folder, 'node_modules', '.millrace-stamp');
}

/**
 * @param {string} path
 * @returns {Packages}
 */
function packagesIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/**
 * Whether npm itself says that it installed exactly these packages: it writes its own record last. So that nothing is installed twice
 * when somebody used npm by hand.
 * @param {string} folder
 * @returns {boolean}
 */
export function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = packagesIn(record);
  return Object.entries(packagesIn(join(folder, 'package-lock.json')))
    .filter(([path, entry]) => path !== '' && !entry.optional && !entry.devOptional)
    .every(
      ([path, entry]) => installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity,
    );
}

/**
 * Puts `millrace` among the commands that npx finds.
 * @param {string} folder
 */
function linkCommand(folder) {
  const link = join(folder, 'node_modules', '.bin', 'millrace');
  chmodSync(join(folder, 'local', 'cli', 'millrace.mjs'), 0o755);
  rmSync(link, { force: true });
  symlinkSync('../../local/cli/millrace.mjs', link);
}

/**
 * Installs the Node packages if they are not there.
 * @param {string} folder the tree
 * @returns {Promise<boolean>} whether something was done
 */
export async function installNodePackages(folder) {
  const stamp = stampPath(folder);
  const key = npmKey(folder);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return false;
  const wasInstalled = isInstalled(folder);
  if (!wasInstalled) {
    rmSync(stamp, { force: true });
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      what: 'installing Node packages (npm ci)',
    });
  }
  checkNodeProgram(folder);
  if (ask(join(folder, 'node_modules', '.bin', 'node'), ['--version']) === undefined) {
    rmSync(join(folder, 'node_modules', '.package-lock.json'), { force: true });
    throw new SetupError(
      'SETUP_NODE_PACKAGE_BROKEN',
      `The npm package "node" was installed but its program does not start: ${process.platform} ${process.arch} may have none, or npm was told not to run install scripts (npm config get ignore-scripts). Then run the same command again.`,
    );
  }
  linkCommand(folder);
  writeFileSync(stamp, key);
  return !wasInstalled;
}
