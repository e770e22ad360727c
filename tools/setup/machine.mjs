/** What `millrace doctor` asks of a machine before anything is installed. Plain JavaScript, because it has to answer then. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasErrorCode, MillraceError, messageOf } from '../errors.mjs';
import { buildFolder, cacheFolder, homeFolder, root } from './folders.mjs';
import { hasStamp } from './npm.mjs';
import { findJava, findPython } from './requirements.mjs';
import { setUpState } from './toolchain.mjs';

/**
 * One answer. `stops`: a run would not come to its end; `note`: worth to know, a run goes on.
 * @typedef {object} Check
 * @property {string} name
 * @property {'ok' | 'note' | 'stops'} state
 * @property {string} finding
 * @property {string} [code] of the error that a run would end with
 * @property {string} [remedy] what to do, where the finding does not say it
 */

const MEBIBYTE = 1024 ** 2;

/** What a set-up puts into the cache, and what a run of the samples leaves in the home, both with some room. */
const SET_UP_BYTES = 2_500 * MEBIBYTE;
const RUN_BYTES = 500 * MEBIBYTE;

/** The project's own Node, once its packages are installed. */
export function installedNode() {
  const node = join(root, 'node_modules', '.bin', 'node');
  return existsSync(node) && hasStamp(root) ? node : undefined;
}

/** What is said instead of the checks that need installed packages. @type {Check} */
export const unasked = {
  name: 'rest',
  state: 'note',
  finding: 'home, services, memory and ports are looked at once the set-up has brought the Node packages',
};

/**
 * A check whose failure is an error with a code.
 * @param {string} name
 * @param {() => string} find the finding, or a throw
 * @returns {Check}
 */
export function checked(name, find) {
  try {
    return { name, state: 'ok', finding: find() };
  } catch (error) {
    const code = error instanceof MillraceError ? error.code : 'INTERNAL';
    return { name, state: 'stops', finding: messageOf(error), code };
  }
}

/**
 * Programs, set-up and disks.
 * @returns {Check[]}
 */
export function machineChecks() {
  const setUp = setUpState();
  const cache = cacheFolder();
  return [
    { name: 'node', state: 'ok', finding: `Node ${process.versions.node}` },
    checked('python', () => {
      const { version, path } = findPython();
      return `Python ${version}, ${path}`;
    }),
    checked('java', () => {
      const { major, home } = findJava();
      return `Java ${major}, ${home}`;
    }),
    setUpCheck(setUp, cache),
    checked('checkout', () => writable(buildFolder)),
    diskCheck('cache', cache, setUp.holds ? 0 : SET_UP_BYTES),
    diskCheck('disk', homeFolder(), RUN_BYTES),
  ];
}

/**
 * @param {{ holds: boolean, damaged: string[] }} setUp
 * @param {string} cache
 * @returns {Check}
 */
export function setUpCheck({ holds, damaged }, cache) {
  if (holds) return { name: 'set-up', state: 'ok', finding: `whole, in ${cache}` };
  const finding =
    damaged.length > 0 ? `gone or not whole: ${damaged.join(', ')}` : `not done, or not of this tree as it is`;
  const remedy = `Any other command, such as "npx millrace status", brings what is missing; the first time that takes minutes.`;
  return { name: 'set-up', state: 'note', finding, remedy };
}

/**
 * @param {string} name
 * @param {string} folder need not exist yet
 * @param {number} neededBytes
 * @returns {Check}
 */
export function diskCheck(name, folder, neededBytes) {
  return checked(name, () => {
    const { bavail, bsize } = statfsSync(existing(writable(folder)));
    const free = bavail * bsize;
    const mebibytes = (/** @type {number} */ bytes) => `${Math.floor(bytes / MEBIBYTE).toLocaleString('en')} MiB`;
    if (free >= neededBytes) return `${mebibytes(free)} free for ${folder}`;
    throw new MillraceError(
      'DISK_FULL',
      `The disk of ${folder} has ${mebibytes(free)} free; needed are ${mebibytes(neededBytes)}. Free some space there, or name a folder elsewhere by ${name === 'cache' ? 'MILLRACE_CACHE' : 'MILLRACE_HOME'}.`,
    );
  });
}

/**
 * The folder, which can be written, or made.
 * @param {string} folder
 */
function writable(folder) {
  const nearest = existing(folder);
  try {
    accessSync(nearest, constants.W_OK);
    if (statSync(nearest).isDirectory()) return folder;
  } catch (error) {
    if (!hasErrorCode(error, 'EACCES', 'EROFS')) throw error;
  }
  throw new MillraceError(
    'FOLDER_UNUSABLE',
    `${folder} cannot be used: ${nearest} is no folder that you may write. Make it one, or name another folder by MILLRACE_CACHE or MILLRACE_HOME.`,
  );
}

/** @param {string} folder @returns {string} it, or the nearest one above it that exists */
const existing = (folder) => (existsSync(folder) ? folder : existing(dirname(folder)));

/**
 * Prints checks, and gives the exit code.
 * @param {readonly Check[]} checks
 * @param {{ json: boolean, print: (text: string) => void }} how
 */
export function printChecks(checks, { json, print }) {
  const stopping = checks.filter(({ state }) => state === 'stops').length;
  if (json) print(JSON.stringify({ ok: stopping === 0, checks }));
  else {
    for (const { name, state, finding, code, remedy } of checks) {
      print(`${state.padEnd(5)}  ${name.padEnd(9)}  ${code ? `${code}: ` : ''}${finding}`);
      if (remedy) print(`${''.padEnd(18)}${remedy}`);
    }
    print(
      stopping === 0 ? 'Nothing here would stop a run.' : `${stopping} of ${checks.length} checks would stop a run.`,
    );
  }
  return stopping === 0 ? 0 : 1;
}
