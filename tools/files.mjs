/**
 * Files that a process may be killed over: each holds its old content or its new one, never a part. Plain JavaScript,
 * because set-up needs it before anything is installed.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { diskFull, hasErrorCode, MillraceError, messageOf, saysDiskFull } from './errors.mjs';

/**
 * Writes a file so that a reader, also one after a power cut, finds the old content or the new one. Its folder is
 * made when it is missing.
 * @param {string} path
 * @param {string | Uint8Array} content
 * @param {number} [mode] who may read and write it, less what the system withholds
 */
export function writeFileAtomically(path, content, mode = 0o666) {
  const folder = dirname(path);
  fs.mkdirSync(folder, { recursive: true });
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    // The content first: otherwise the name may survive a power cut and the content not.
    fs.writeFileSync(draft, content, { mode });
    flush(draft);
    fs.renameSync(draft, path);
    flush(folder);
  } catch (error) {
    if (!saysDiskFull(error)) throw error;
    throw diskFull(folder, { cause: error, details: [`${path} could not be written: ${messageOf(error)}`] });
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * @param {string} path
 * @param {unknown} value
 */
export function writeJson(path, value) {
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** @param {string} path a file or a folder */
function flush(path) {
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * The last bytes of a file, as text; nothing where there is none.
 * @param {string} path
 * @param {number} bytes at most
 */
export function readEnd(path, bytes) {
  if (!fs.existsSync(path)) return '';
  const descriptor = fs.openSync(path, 'r');
  try {
    const { size } = fs.fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const read = fs.readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** @param {string} path of a file that need not exist */
export function readText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * @param {string} path of a file that need not exist
 * @param {string} remedy what to do when the file is damaged, as a sentence
 * @param {(value: any) => boolean} [isWhole] whether an object has what is looked for in it; one that is no object is damaged anyway. A file that is a list
 *   is an object here.
 * @throws {MillraceError} DAMAGED_FILE when it is no JSON, or none that is whole
 */
export function readJson(path, remedy, isWhole = () => true) {
  let text;
  try {
    text = readText(path);
  } catch (error) {
    if (!hasErrorCode(error, 'EISDIR')) throw error;
    throw new MillraceError('DAMAGED_FILE', `${path} should be a file, and is a folder. ${remedy}`, { cause: error });
  }
  if (text === undefined) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const size = text.trim() === '' ? 'is empty' : `is no valid JSON (${messageOf(error)})`;
    throw new MillraceError('DAMAGED_FILE', `${path} ${size}: it is damaged or was cut off. ${remedy}`, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && isWhole(value)) return value;
  throw new MillraceError('DAMAGED_FILE', `${path} lacks what Millrace writes there: it is damaged. ${remedy}`);
}

/**
 * Gives a file a second name, or a copy where the file system cannot link: another one, one without hard links, too
 * many of them.
 * @param {string} source
 * @param {string} target
 */
export function linkOrCopy(source, target) {
  try {
    fs.linkSync(source, target);
  } catch (error) {
    if (!hasErrorCode(error, 'EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK')) throw error;
    const draft = `${target}.${randomUUID()}.draft`;
    try {
      fs.copyFileSync(source, draft);
      fs.renameSync(draft, target);
    } finally {
      fs.rmSync(draft, { force: true });
    }
  }
}

/**
 * The files below a folder, as sorted paths; none when there is no such folder.
 * @param {string} folder
 * @param {readonly string[]} [ignored] names of folders that are passed over
 * @returns {string[]}
 */
export function filesBelow(folder, ignored = []) {
  if (!fs.existsSync(folder)) return [];
  const entries = fs.readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !ignored.includes(name));
  const below = entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, ignored);
    return entry.isFile() ? [path] : [];
  });
  return below.sort();
}
