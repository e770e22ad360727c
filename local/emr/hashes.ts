/**
 * Takes a definition and the context of an execution and computes every `States.Hash` beforehand: the interpreter's own gives one and the same hash for
 * texts that differ after their first 64 bytes, so that two job runs would share a client token. Called by `interpreter.ts`.
 */
import { createHash } from 'node:crypto';
import { invalid } from '../stepfunctions/definition.ts';
import { isObject, type Json, type JsonObject } from '../stepfunctions/task.ts';

const algorithms: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** The one form that needs nothing but the context: a text with values of the context in it. */
const hashOfContext = /^States\.Hash\(States\.Format\('([^'\\]*)'((?:,\s*\$\$\.[\w.]+)*)\),\s*'([\w-]+)'\)$/;

/** Replaces each `"name.$": "States.Hash(...)"` below a value by its result. */
export function resolveHashes(value: Json, context: JsonObject): Json {
  if (Array.isArray(value)) return value.map((element) => resolveHashes(element, context));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const hashed = name.endsWith('.$') && typeof member === 'string' && member.includes('States.Hash');
      return hashed ? [name.slice(0, -2), hashOf(member, context)] : [name, resolveHashes(member, context)];
    }),
  );
}

function hashOf(expression: string, context: JsonObject): string {
  const [, template, references, name = ''] = hashOfContext.exec(expression) ?? [];
  const algorithm = algorithms[name];
  if (template === undefined || references === undefined || algorithm === undefined) {
    throw invalid(
      `${expression} cannot be computed on this machine. Allowed: States.Hash(States.Format('...', $$.Execution.Id), 'SHA-256') and the like`,
    );
  }
  const values = [...references.matchAll(/\$\$\.([\w.]+)/g)].map(([, path = '']) => valueAt(context, path));
  return createHash(algorithm)
    .update(template.replaceAll('{}', () => values.shift() ?? ''))
    .digest('hex');
}

function valueAt(context: JsonObject, path: string): string {
  const value = path.split('.').reduce<Json | undefined>((at, part) => (isObject(at) ? at[part] : undefined), context);
  if (typeof value !== 'string') throw invalid(`"$$.${path}" is no text in the context of an execution`);
  return value;
}
