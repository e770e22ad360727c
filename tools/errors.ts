/**
 * Takes what failed, in words for a person, and gives the one error class that the command line prints without a stack trace. Thrown by
 * everything under `local/`, caught by `local/cli`.
 */

/** A failure that its reader can act on: the message says what failed, the value got, the values allowed and what to do. */
export class MillraceError extends Error {
  /** Stable, in SCREAMING_SNAKE_CASE: what tests and `--json` readers compare. */
  readonly code: string;
  /** More lines that help (the last lines of a log, a list of mistakes); printed under the message, never needed to understand it. */
  readonly details: readonly string[];

  constructor(code: string, message: string, options: { cause?: unknown; details?: readonly string[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = options.details ?? [];
  }
}

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
