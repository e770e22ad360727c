/**
 * What a mistake in a declaration is and how it is told: findings of the checks come in, mistakes in one form and one
 * error with all of them go out. Used by every check of `validate.ts`.
 */

/** One mistake in a declaration. */
export interface Mistake {
  /** Path in the declaration, such as `readings.topics.summaries.partitions`. */
  readonly where: string;
  readonly problem: string;
  readonly got: string;
  readonly allowed: string;
}

/** All mistakes of all declarations, as one error. */
export class DeclarationError extends Error {
  readonly code = 'MILLRACE_DECLARATION';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map((m) => `  ${m.where}: ${m.problem}; got ${m.got}; allowed: ${m.allowed}`);
    super(
      `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'} in the declarations. Correct each and try again.\n${lines.join('\n')}`,
    );
    this.name = 'DeclarationError';
    this.mistakes = mistakes;
  }
}

/** Takes one finding down: where it is, what is wrong, the value got and the values allowed. */
export type Note = (where: string, problem: string, got: unknown, allowed: string) => void;

/** Notes what one part of all declarations says wrong, under this prefix of its path. */
export function noteUnder(prefix: string, mistakes: Mistake[]): Note {
  return (where, problem, got, allowed) =>
    void mistakes.push({ where: prefix === '' ? where : `${prefix}.${where}`, problem, got: show(got), allowed });
}

/** Notes a value that is not a whole number of this range. */
export function checkInteger(
  note: Note,
  where: string,
  value: unknown,
  minimum: number,
  maximum: number,
  unit = '',
): void {
  if (!Number.isSafeInteger(value) || (value as number) < minimum || (value as number) > maximum) {
    note(where, 'is out of range', value, `whole numbers from ${minimum} to ${maximum}${unit}`);
  }
}

/** Notes a file name with folders in it: a file lies in the folder that is meant for it. */
export function isPlainFileName(note: Note, where: string, name: string): boolean {
  if (/^[^/\\]+$/.test(name) && name !== '.' && name !== '..') return true;
  note(where, 'is not a file name', name, 'a name without folders');
  return false;
}

/** The thing that was declared under this name; not what every object has, such as `constructor`. */
export function declared<T>(things: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(things, name) ? things[name] : undefined;
}

/** The names to choose from, in words. */
export const names = (things: object): string => Object.keys(things).join(', ') || 'none declared';

/** Longest value that a message repeats in full. */
const SHOWN_CHARACTERS = 200;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? (value === undefined ? 'nothing' : String(value));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
