/** What an execution may set: parameters of jobs with default, range and unit, and the check of a value against them. */

interface NumberRule {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Unit in words, such as `rows a second`. */
  readonly unit: string;
  readonly description: string;
}

interface TextRule extends InstantRule {
  /** Regular expression for the whole of a non-empty value. */
  readonly pattern: string;
  /** What the value is, in words, such as `name of a region`. */
  readonly unit: string;
}

interface InstantRule {
  /** @default `''`, not set */
  readonly default?: string;
  readonly description: string;
}

export type IntegerParameter = NumberRule & { readonly kind: 'integer' };
export type DecimalParameter = NumberRule & { readonly kind: 'decimal' };
export type TextParameter = Required<TextRule> & { readonly kind: 'text' };
export type InstantParameter = Required<InstantRule> & { readonly kind: 'instant' };

export type Parameter = IntegerParameter | DecimalParameter | TextParameter | InstantParameter;

export type ParameterValue = number | string;

/** A whole number that an execution may set. */
export const integer = (rule: NumberRule): IntegerParameter => ({ kind: 'integer', ...rule });

/** A number with digits behind the point, such as a probability, that an execution may set. */
export const decimal = (rule: NumberRule): DecimalParameter => ({ kind: 'decimal', ...rule });

/** A text that an execution may set. */
export const text = (rule: TextRule): TextParameter => ({ kind: 'text', default: '', ...rule });

/** A point in time that an execution may set, such as `2026-01-31T13:00:00Z`. */
export const instant = (rule: InstantRule): InstantParameter => ({ kind: 'instant', default: '', ...rule });

/** Words of an execution's input that are no parameters, each with what the input does by it. */
export const INPUT_WORDS: Readonly<Record<string, string>> = {
  files: 'replaces files',
  action: 'says what to do with the streams',
  stream: 'names the stream that the action is about',
  job: 'names a job to run alone',
  rebuild: 'lets streams begin anew',
};

export const LONGEST_TEXT = 1_000;

const INSTANT = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?Z$/;

/** The values that are allowed, in words; undefined when this is one of them. */
export function allowedInstead(rule: Parameter, value: unknown): string | undefined {
  switch (rule.kind) {
    case 'integer':
    case 'decimal': {
      const isNumber = rule.kind === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
      const fits = isNumber && Number(value) >= rule.minimum && Number(value) <= rule.maximum;
      const numbers = rule.kind === 'integer' ? 'whole numbers' : 'numbers';
      return fits ? undefined : `${numbers} from ${rule.minimum} to ${rule.maximum} (${rule.unit})`;
    }
    case 'text':
      return fitsText(rule.pattern, value) ? undefined : `${rule.unit}, as ${rule.pattern}, or "" for none`;
    case 'instant':
      return fitsInstant(value) ? undefined : 'an instant in UTC, such as 2026-01-31T13:00:00Z, or "" for none';
  }
}

const fitsText = (pattern: string, value: unknown): boolean =>
  value === '' ||
  (typeof value === 'string' &&
    !/\p{Cc}/u.test(value) &&
    value.length <= LONGEST_TEXT &&
    patternOf(pattern)?.test(value) === true);

/** A pattern for the whole of a value, or undefined when it is none. */
export function patternOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}

/** Whether this is an instant in UTC, or nothing. */
export function fitsInstant(value: unknown): boolean {
  if (value === '') return true;
  if (typeof value !== 'string' || !INSTANT.test(value)) return false;
  // A date that is in no calendar, such as the 30th of February, is another day once read.
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value.slice(0, 10);
}
