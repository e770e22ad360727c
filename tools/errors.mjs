/** The error that a person gets to see. Plain JavaScript, because set-up needs it before anything is installed. */

/**
 * A failure that its reader can act on: the message says what failed, the value got, the values allowed and what to do.
 */
export class MillraceError extends Error {
  /**
   * @param {string} code stable, in SCREAMING_SNAKE_CASE: what tests and `--json` readers compare
   * @param {string} message
   * @param {{ cause?: unknown, details?: readonly string[] }} [options] details are more lines that help (the last
   *   lines of a log, a list of mistakes); printed under the message, never needed to understand it
   */
  constructor(code, message, { cause, details = [] } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MillraceError';
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.details = details;
  }
}

/** @param {unknown} error anything that can be thrown */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {unknown} error
 * @param {...string} codes of system errors, such as `ENOENT`
 */
export function hasErrorCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/**
 * Whether the system says that a disk has no room.
 * @param {unknown} error
 */
export const saysDiskFull = (error) => hasErrorCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG');

/**
 * The error of a disk without room.
 * @param {string} folder that is on it
 * @param {{ cause?: unknown, details?: readonly string[] }} options
 */
export const diskFull = (folder, options) =>
  new MillraceError(
    'DISK_FULL',
    `The disk of ${folder} is full. Free some space there, then run the command again.`,
    options,
  );
