/** Mistakes in declarations, and how they are told: where each is, what is wrong, the value got and the values allowed. */

export interface Mistake {
  /** Path in the declaration, such as `readings.topics.summaries.partitions`. */
  readonly where: string;
  readonly what: string;
  readonly got: string;
  readonly allowed: string;
}

/** All mistakes of all declarations, as one error. */
export class DeclarationError extends Error {
  readonly code = 'MILLRACE_DECLARATION';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map((m) => `  ${m.where}: ${m.what}; got ${m.got}; allowed: ${m.allowed}`);
    const count = `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}`;
    super(`${count} in the declarations. Correct each and try again.\n${lines.join('\n')}`);
    this.name = 'DeclarationError';
    this.mistakes = mistakes;
  }
}

/** Notes one mistake: where it is, what is wrong, the value got and the values allowed. */
export type Note = (where: string, what: string, got: unknown, allowed: string) => void;

/** Notes mistakes under this prefix of their path, each once. */
export function noteUnder(prefix: string, mistakes: Mistake[]): Note {
  return (where, what, got, allowed) => {
    const mistake = { where: pathOf(prefix, where), what, got: show(got), allowed };
    const isSame = (other: Mistake) =>
      other.where === mistake.where && other.what === what && other.got === mistake.got;
    if (!mistakes.some(isSame)) mistakes.push(mistake);
  };
}

/** The same notes further down: under this path of what `note` is about. */
export const noteAt =
  (note: Note, at: string): Note =>
  (where, ...rest) =>
    note(pathOf(at, where), ...rest);

const pathOf = (...steps: string[]): string => steps.filter((step) => step !== '').join('.');

/** The names to choose from, in words. */
export const names = (things: object): string => Object.keys(things).join(', ') || 'none declared';

const SHOWN_CHARACTERS = 200;

/** A value as a mistake shows it, cut where it is long. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = (typeof value === 'number' ? undefined : JSON.stringify(value)) ?? String(value);
  return cut(text, SHOWN_CHARACTERS);
}

export const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest)}...` : text;
