/**
 * The words that the interpreter and the tasks share: a task gets the resolved `Parameters` of its state and gives the result that AWS
 * would give, or throws a `TaskError` with the name that AWS would use. Used by everything in `local/stepfunctions`.
 */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** What one resource (`arn:aws:states:::...`) does on this machine. */
export type Task = (parameters: JsonObject, signal: AbortSignal) => Promise<Json>;

/** Tasks by resource string. */
export type Tasks = Readonly<Record<string, Task>>;

/** The failure of a task; `name` is what `Retry` and `Catch` compare, the message becomes the `Cause`. */
export class TaskError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

/** Reads a required text among a task's parameters. */
export function text(parameters: JsonObject, name: string): string {
  const value = parameters[name];
  if (typeof value !== 'string' || value === '') {
    throw new TaskError(
      'States.Runtime',
      `The field "${name}" must be a text that is not empty, got ${JSON.stringify(value)}.`,
    );
  }
  return value;
}

/** Reads a text that may be absent. */
export function optionalText(parameters: JsonObject, name: string): string | undefined {
  return parameters[name] === undefined ? undefined : text(parameters, name);
}

/** Whether a JSON value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads an object among a task's parameters; absent reads as empty. */
export function object(parameters: JsonObject, name: string): JsonObject {
  const value = parameters[name] ?? {};
  if (!isObject(value))
    throw new TaskError('States.Runtime', `The field "${name}" must be an object, got ${JSON.stringify(value)}.`);
  return value;
}
