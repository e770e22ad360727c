/** Finished folders of the cache: made aside and renamed into place, so that a half-made one never has its final name. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STAMP = '.complete.json';
const ASIDE = 'making-';

/** @param {...string} parts the content that is to have a short, stable name */
export function keyOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** @param {string} folder it has to have all files still that it was finished with */
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
    const sizes = Object.fromEntries(proofs.map((file) => [file, statSync(join(aside, file)).size]));
    writeFileSync(join(aside, STAMP), JSON.stringify(sizes));
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
