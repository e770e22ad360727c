/** What people and services give, as a machine invents it: documents that were right once, and texts. */
import fc from 'fast-check';
import { isObject } from '../../lib/declaration/json.ts';
import { messageOf } from '../../tools/errors.mjs';

/** So many inputs for each property; the seed is that of the run of faults, or always the same. */
export const settings = { numRuns: 1_000, seed: Number(process.env.MILLRACE_FAULTS_SEED ?? 1), endOnFailure: true };

/** Any value that JSON knows, often one that is nearly right. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<fc.JsonValue>('', ' ', '0', '-1', '1e400', '\u0000', '../x', 's3://a/b', '__proto__', [], {}, null),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

type Document = Readonly<Record<string, unknown>>;

/** A document with up to three of its parts replaced, left out, or named otherwise. */
export function damaged<T extends Document>(document: T): fc.Arbitrary<T> {
  const places = pathsOf(document);
  const damage = fc.record({
    at: fc.constantFrom(...places),
    how: fc.constantFrom('replaced', 'left out', 'beside'),
    name: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'length')),
    value: anything,
  });
  return fc.array(damage, { minLength: 1, maxLength: 3 }).map((damages) => {
    const copy = structuredClone(document) as Record<string, unknown>;
    for (const { at, how, name, value } of damages) {
      const parent = at.slice(0, -1).reduce<unknown>((part, key) => Object(part)[key], copy);
      if (typeof parent !== 'object' || parent === null) continue;
      const last = String(at.at(-1));
      if (Array.isArray(parent))
        parent.splice(Number(last), how === 'beside' ? 0 : 1, ...(how === 'left out' ? [] : [value]));
      else if (how === 'left out') delete (parent as Record<string, unknown>)[last];
      else {
        const key = how === 'beside' ? name : last;
        Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
      }
    }
    return copy as T;
  });
}

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  const parts = Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
  return [...(path.length > 0 ? [[...path]] : []), ...parts.flatMap(([key, part]) => pathsOf(part, [...path, key]))];
}

export { anything };

/**
 * Whether a piece of work took its input (true) or refused it (false).
 *
 * @throws what it threw otherwise than as one of the refusals that a reader can act on
 */
export async function takes(work: () => unknown, isRefusal: (error: Error) => boolean): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const isSentence = /\S+ \S+/.test(messageOf(error)) && !/^\s+at .*[:(]\d+/m.test(messageOf(error));
    if (error instanceof Error && isRefusal(error) && isSentence) return false;
    throw error;
  }
}
