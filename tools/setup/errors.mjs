/**
 * The one kind of error that set-up shows to a person: a stable code and a message that says what failed and what to do.
 * Thrown by the other modules of this folder, printed without a stack trace by `millrace.mjs` and `test/run.mjs`.
 */

/** A failure that the person at the keyboard can mend. */
export class SetupError extends Error {
  /**
   * @param {string} code stable name, such as `SETUP_JAVA_MISSING`
   * @param {string} message what failed, the value got, what is needed, what to do
   */
  constructor(code, message) {
    super(message);
    this.name = 'SetupError';
    this.code = code;
  }
}

/**
 * The text of a caught value, whatever was thrown.
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Whether a caught value is a file system error of one kind, such as `ENOENT`.
 * @param {unknown} error
 * @param {string} code
 * @returns {boolean}
 */
export function hasErrorCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
