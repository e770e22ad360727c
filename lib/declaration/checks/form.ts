/**
 * The form of what an author wrote: unknown words, missing parts, and parts that do not fit become mistakes. A pipeline is loaded without
 * the compiler having seen it, and a misspelt word that nobody reads would be a setting that is not made.
 */
import { z } from 'zod';
import type { Note } from '../mistakes.ts';

/**
 * A value that fits when this test says so; else its mistake has this what and these values allowed. Another value of the type given
 * is wrong, but can be looked at; any other mistake is one of structure.
 */
export const fitting = (
  what: string,
  allowed: string,
  fits: (value: unknown) => boolean,
  type?: 'number' | 'string' | 'object',
): z.ZodType => z.custom(fits, { error: allowed, params: { what, type } });

export const whole = (minimum: number, maximum: number, unit = ''): z.ZodType =>
  fitting(
    'is out of range',
    `whole numbers from ${minimum} to ${maximum}${unit}`,
    (value) => isWhole(value, minimum, maximum),
    'number',
  );

export const isWhole = (value: unknown, minimum: number, maximum: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;

/** A value made by one of our functions. */
export const made = (type: abstract new (...args: never[]) => unknown, allowed: string): z.ZodType =>
  fitting('does not belong here', allowed, (value) => value instanceof type);

/** The name of a file without folders: it lies in the folder that is meant for it. */
export const fileName = fitting('is not a file name', 'a name without folders', isFileName, 'string');

export function isFileName(value: unknown): boolean {
  return typeof value === 'string' && /^[^/\\]+$/.test(value) && !/^\.{1,2}$/.test(value);
}

export const schema = z.strictObject({
  format: z.enum(['avro', 'json']),
  file: fileName,
  artifact: z.string().optional(),
});

/** Names of jobs, parameters and aliases. */
export function checkCamelCase(note: Note, at: string, name: string): void {
  if (/^[a-z][a-zA-Z0-9]{0,29}$/.test(name)) return;
  note(at, 'is not a name', name, 'camelCase, 30 letters and digits at most');
}

/** Where a form is not kept. */
export interface Fault {
  readonly where: string;
  /** Whether something is missing, unknown or of another type, so that nobody can look into what it belongs to. */
  readonly ofStructure: boolean;
}

/** Notes what is wrong with the form of a part of a declaration, which lies at this path. */
export function checkForm(form: z.ZodType, part: unknown, at: string, note: Note): Fault[] {
  const { error } = form.safeParse(part, { reportInput: true, error: wordsOf });
  return (error?.issues ?? []).flatMap((issue) => {
    const path = [at, ...issue.path].filter((step) => step !== '');
    const tell = (where: string, what: string, got: unknown, ofStructure = true): Fault => {
      note(where, what, got, issue.message);
      return { where, ofStructure };
    };
    const { code, input } = issue;
    if (code === 'unrecognized_keys') {
      return issue.keys.map((key) => tell([...path, key].join('.'), 'is not a word for it', key));
    }
    const where = path.join('.');
    if (input === undefined) return [tell(where, 'is missing', input)];
    if (code === 'invalid_value') return [tell(where, 'is none of its words', input)];
    if (code !== 'custom') return [tell(where, 'does not fit', input, code !== 'too_small')];
    return [tell(where, issue.params?.what, input, typeof input !== issue.params?.type)];
  });
}

/** The values allowed, in the words of a person. */
function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(', ') : 'none';
    case 'invalid_value':
      return issue.values.join(', ');
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    default:
      return undefined;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: '{ ... }',
  record: '{ name: value }',
};
