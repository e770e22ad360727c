/**
 * What a tunable allows: its rule and a value come in, the values allowed go out in words when this one is not among
 * them. Used by the validation of declarations and, bundled, by the prepare Lambda, so that both say the same.
 */
import type { Tunable } from './model.ts';

/** Longest text that an execution may set; a job run's arguments are limited too. No text holds control characters. */
const LONGEST_TEXT = 1_000;

const INSTANT = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?Z$/;

/** The values that are allowed, or undefined when this is one of them. */
export function allowedInstead(rule: Tunable, value: unknown): string | undefined {
  switch (rule.kind) {
    case 'integer': {
      const fits = Number.isSafeInteger(value) && Number(value) >= rule.minimum && Number(value) <= rule.maximum;
      return fits ? undefined : `whole numbers from ${rule.minimum} to ${rule.maximum} (${rule.unit})`;
    }
    case 'text':
      return fitsText(rule.pattern, value) ? undefined : `${rule.unit}, as ${rule.pattern}, or "" for none`;
    case 'instant':
      return fitsInstant(value) ? undefined : 'an instant in UTC, such as 2026-01-31T13:00:00Z, or "" for none';
  }
}

function fitsText(pattern: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (value === '') return true;
  // A job would take a value that begins with a hyphen for the name of its next argument.
  if (value.startsWith('-') || /\p{Cc}/u.test(value) || value.length > LONGEST_TEXT) return false;
  return patternOf(pattern)?.test(value) ?? false;
}

/** A pattern for the whole of a value, or undefined when it is none. */
export function patternOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}

function fitsInstant(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (value === '') return true;
  if (!INSTANT.test(value)) return false;
  // A date that is in no calendar, such as the 30th of February, is another day once read.
  const date = new Date(value);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value.slice(0, 10);
}
