/** A mutant: one change of the product that would hurt somebody who uses it, and the tests that must fail with it. */

export interface Mutant {
  /** The changed file, as a path in the tree. */
  readonly file: string;
  /** What is replaced; it stands in the file once. */
  readonly text: string;
  readonly replacement: string;
  /** Who notices: files of vitest, and of pytest also one test as `file::test`. */
  readonly tests: readonly string[];
  /** Why a user would suffer. */
  readonly harm: string;
}

type Change = readonly [text: string, replacement: string, harm: string];

/** Mutants of one file that the same tests notice. */
export const mutantsOf = (file: string, tests: readonly string[], ...changes: readonly Change[]): Mutant[] =>
  changes.map(([text, replacement, harm]) => ({ file, text, replacement, tests, harm }));

/** Those that have the word in one of their parts. */
export const withWord = (mutants: readonly Mutant[], word: string): Mutant[] =>
  mutants.filter((mutant) => Object.values(mutant).flat().join('\n').toLowerCase().includes(word.toLowerCase()));

/** The content of the file with the mutant in it; undefined where the text does not stand there exactly once. */
export function planted({ text, replacement }: Mutant, content: string): string | undefined {
  const parts = content.split(text);
  return parts.length === 2 ? parts.join(replacement) : undefined;
}
