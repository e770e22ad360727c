/**
 * Checks where an execution's own file lies: an address comes in with the prefix it must be under, the addresses
 * allowed go out in words when this is not one of them. Called by the core beside it.
 */

/** Longest key of S3. */
const LONGEST_KEY = 1_024;

/**
 * Part of a key between two slashes. Spark takes `*`, `?`, brackets and braces for patterns that match other objects,
 * and a percent sign for the start of an escape.
 */
const PART = /^[\p{L}\p{M}\p{N} ._=+@,()-]+$/u;

/** The addresses that are allowed, or undefined when this is one of them. */
export function fileProblem(url: unknown, prefix: string): string | undefined {
  const key = typeof url === 'string' && url.startsWith(prefix) ? url.slice(prefix.length) : '';
  const fits =
    key.length <= LONGEST_KEY && key.split('/').every((part) => PART.test(part) && part !== '.' && part !== '..');
  return fits ? undefined : `an object under ${prefix}, its key of letters, digits, blanks and ._=+@,()-`;
}
