/**
 * Keeps finished folders: takes a name and a way to make its content, gives a folder that is complete or not there at all.
 * Called by the steps of set-up that download. Content is made aside and renamed into place, its stamp inside, so that whatever interrupts
 * the making, a half-made folder is never under its final name.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAMP = '.complete.json';
const ASIDE = 'making-';

/**
 * A short, stable name for some content.
 * @param {...string} parts
 * @returns {string}
 */
export function keyOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * Whether a folder was finished and still has the files that it was finished with.
 * @param {string} folder
 * @returns {boolean}
 */
export function isComplete(folder) {
  try {
    /** @type {Record<string, number>} */
    const files = JSON.parse(readFileSync(join(folder, STAMP), 'utf8'));
    return Object.entries(files).every(([name, size]) => statSync(join(folder, name)).size === size);
  } catch {
    return false;
  }
}

/**
 * Gives the finished folder of this name, making it first when it is not there.
 * @param {string} cache
 * @param {string} name includes a key of everything that decides its content
 * @param {(aside: string) => Promise<string[]>} make fills the folder it is given, and says which of its files prove later that it is whole
 * @returns {Promise<{ folder: string, made: boolean }>}
 */
export async function cached(cache, name, make) {
  const folder = join(cache, name);
  if (isComplete(folder)) return { folder, made: false };
  const aside = join(cache, `${ASIDE}${randomUUID()}`);
  mkdirSync(aside, { recursive: true });
  try {
    const proofs = await make(aside);
    const sizes = Object.fromEntries(proofs.map((file) => [file, statSync(join(aside, file)).size]));
    writeFileSync(join(aside, STAMP), JSON.stringify(sizes));
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return { folder, made: true };
}

/**
 * Removes what interrupted set-ups left. Call it only while holding the lock of the cache.
 * @param {string} cache
 */
export function removeLeftovers(cache) {
  for (const name of readdirSync(cache)) {
    if (name.startsWith(ASIDE)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}
