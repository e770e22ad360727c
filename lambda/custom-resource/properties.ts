/** Reads the properties of custom resources, in which every scalar is text. */
import { isObject } from '../../lib/declaration/json.ts';
import { Mistakes, shown } from './lifecycle.ts';

/** Says what is allowed instead of a value; `undefined` when it is allowed. */
export type Rule = (value: string) => string | undefined;

export const oneOf =
  (...allowed: string[]): Rule =>
  (value) =>
    allowed.includes(value) ? undefined : `allowed are ${allowed.join(', ')}`;

/** What becomes of a thing that is no longer declared. */
export type OnRemoval = 'retain' | 'delete';
export const onRemoval = oneOf('retain', 'delete');

/** Reads texts of an object by their names; what breaks its rule becomes a mistake. */
export function textsOf(from: unknown, mistakes: string[], at = '') {
  const given = isObject(from) ? from : {};
  return (name: string, rule: Rule = () => undefined, otherwise?: string): string => {
    const value = given[name] ?? otherwise;
    const wrong = typeof value === 'string' && value.trim() !== '' ? rule(value) : 'a text is needed';
    if (wrong) {
      const got = shown(given[name]);
      mistakes.push(at ? `${at}: ${name} is ${got}, ${wrong}` : `${name}: ${got} was given, ${wrong}`);
    }
    return typeof value === 'string' ? value : '';
  };
}

/** The names that stand there twice. */
export const twice = (names: readonly string[]): Set<string> =>
  new Set(names.filter((name, index) => names.indexOf(name) < index));

/** @throws Mistakes when there are any */
export function refuse(what: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new Mistakes(`The ${what} were refused and nothing was changed:`, mistakes);
}
