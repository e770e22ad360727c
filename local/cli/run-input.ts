/**
 * Takes the words of `millrace run` and gives the input of the execution. What the input may hold is checked by the pipeline's prepare function
 * alone, here as on AWS.
 */
import { MillraceError } from '../../tools/errors.ts';
import type { JsonObject } from '../stepfunctions/task.ts';

/** The options that go into an execution's input. */
export interface InputOptions {
  /** JSON of the execution's input. */
  readonly input?: string;
  /** Name of a batch job that is run alone. */
  readonly job?: string;
  /** What is done with the stream. */
  readonly action?: string;
}

/** The input of an execution. */
export function inputOf({ input: text = '{}', job, action }: InputOptions): JsonObject {
  const input = parse(text);
  for (const [name, value] of Object.entries({ job, action })) {
    if (value === undefined) continue;
    if (input[name] !== undefined) {
      throw new MillraceError(
        'INVALID_INPUT',
        `--${name} is "${value}", and --input names "${name}" too: ${JSON.stringify(input[name])}. Allowed: one of them.`,
      );
    }
    input[name] = value;
  }
  return input;
}

function parse(text: string): JsonObject {
  try {
    const input = JSON.parse(text) as unknown;
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject;
  } catch {
    // Refused below, like JSON of another kind.
  }
  throw new MillraceError(
    'INVALID_INPUT',
    `--input is ${JSON.stringify(text)}. Allowed: a JSON object, such as {"rate": 100, "rows": 500}.`,
  );
}
