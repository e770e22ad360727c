/**
 * What a task is: it gets the resolved `Parameters` of its state and gives the result that AWS would give, or throws a
 * `TaskError` with the name that AWS would use.
 */
import { isObject, type Json, type JsonObject } from '../../lib/declaration/json.ts';

export { isObject, type Json, type JsonObject } from '../../lib/declaration/json.ts';

/** What one resource (`arn:aws:states:::...`) does on this machine, for the state of this name. */
export type Task = (parameters: JsonObject, signal: AbortSignal, state?: string) => Promise<Json>;

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
  if (typeof value === 'string' && value !== '') return value;
  throw mistake(`The field "${name}" must be a text that is not empty, got ${JSON.stringify(value)}.`);
}

export function optionalText(parameters: JsonObject, name: string): string | undefined {
  return parameters[name] === undefined ? undefined : text(parameters, name);
}

/** Reads an object among a task's parameters; absent reads as empty. */
export function object(parameters: JsonObject, name: string): JsonObject {
  const value = parameters[name] ?? {};
  if (isObject(value)) return value;
  throw mistake(`The field "${name}" must be an object, got ${JSON.stringify(value)}.`);
}

const mistake = (what: string) => new TaskError('States.Runtime', what);
