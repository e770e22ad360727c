/** Finished folders of the cache: made aside and renamed into place, so that a half-made one never has its final name. */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const STAMP = '.complete.json';
const ASIDE = 'making-';

/** @param {...string} parts the content that is to have a short, stable name */
export function keyOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * What tells that a file is the one with which a folder was finished.
 * @typedef {object} Proof
 * @property {number} size
 * @property {number} modifiedMs
 * @property {string} sha256
 */

/**
 * Whether a folder has all files still that it was finished with. A file that nobody has written since is not read; `thoroughly` reads all of them.
 * @param {string} folder
 */
export function isComplete(folder, { thoroughly = false } = {}) {
  try {
    /** @type {Record<string, Proof>} */
    const proofs = JSON.parse(readFileSync(join(folder, STAMP), 'utf8'));
    return Object.entries(proofs).every(([name, { size, modifiedMs, sha256 }]) => {
      const found = statSync(join(folder, name));
      if (found.size !== size) return false;
      return (found.mtimeMs === modifiedMs && !thoroughly) || sha256Of(join(folder, name)) === sha256;
    });
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Proof}
 */
function proofOf(file) {
  const { size, mtimeMs } = statSync(file);
  return { size, modifiedMs: mtimeMs, sha256: sha256Of(file) };
}

/** @param {string} file as large as an archive of classes */
function sha256Of(file) {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(2 ** 20);
  const descriptor = openSync(file, 'r');
  try {
    for (let count = 1; count > 0; ) {
      count = readSync(descriptor, buffer);
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}

/**
 * Gives the finished folder of this name, making it first when it is not there.
 * @param {string} cache
 * @param {string} name includes a key of everything that decides its content
 * @param {(aside: string) => Promise<string[]>} make fills the folder it is given, and says which of its files prove
 *   later that it is whole
 */
export async function cached(cache, name, make) {
  const folder = join(cache, name);
  if (isComplete(folder)) return { folder, made: false };
  const aside = join(cache, `${ASIDE}${randomUUID()}`);
  mkdirSync(aside, { recursive: true });
  try {
    const proofs = await make(aside);
    const entries = proofs.map((file) => [file, proofOf(join(aside, file))]);
    writeFileSync(join(aside, STAMP), JSON.stringify(Object.fromEntries(entries)));
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return { folder, made: true };
}

/** @param {string} cache whose lock is held: what interrupted set-ups left in it is removed */
export function removeLeftovers(cache) {
  for (const name of readdirSync(cache)) {
    if (name.startsWith(ASIDE)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}
