/** Reads and changes JSON values of unknown shape, as templates are, by a path such as `Policies.0.PolicyDocument`. */

/** Whether a value is a JSON object (no list, not null). */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value under a path, or undefined. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (here, key) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined),
      value,
    );
}

/** A list under a path; a single value counts as a list of one, nothing as an empty one. */
export function listAt(value: unknown, path: string): unknown[] {
  const found = at(value, path);
  return found === undefined ? [] : Array.isArray(found) ? found : [found];
}

/** The same, of texts. */
export const textsAt = (value: unknown, path: string): string[] => listAt(value, path).map(String);

/** Sets the value under a path, whose parents must exist; `undefined` takes it away. */
export function put(value: unknown, path: string, what: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() as string;
  const parent = keys.length === 0 ? value : at(value, keys.join('.'));
  if (typeof parent !== 'object' || parent === null) throw new Error(`There is nothing under "${keys.join('.')}".`);
  if (what === undefined) delete (parent as Record<string, unknown>)[last];
  else (parent as Record<string, unknown>)[last] = what;
}

/** Calls back for every object in a value, outermost first, with its path. */
export function everyObject(
  value: unknown,
  visit: (object: Record<string, unknown>, path: string) => void,
  path = '',
): void {
  if (isObject(value)) visit(value, path);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) everyObject(item, visit, path === '' ? key : `${path}.${key}`);
}
