/** Checks parameters by themselves: their form, name, range and default. */
import { z } from 'zod';
import type { Note } from '../mistakes.ts';
import { allowedInstead, INPUT_WORDS, type Parameter, patternOf } from '../parameter.ts';
import { checkCamelCase, fitting } from './form.ts';

const text = z.string();
const integer = fitting('is not a whole number', `up to ${Number.MAX_SAFE_INTEGER}`, Number.isSafeInteger, 'number');
const numeric = (number: z.ZodType) => ({ default: number, minimum: number, maximum: number, unit: text });
const ofParameter = { kind: text, description: text };
/** The form of a parameter, by its kind. */
export const parameterForms: Record<Parameter['kind'], z.ZodType> = {
  integer: z.strictObject({ ...ofParameter, ...numeric(integer) }),
  decimal: z.strictObject({ ...ofParameter, ...numeric(z.number()) }),
  text: z.strictObject({ ...ofParameter, default: text, pattern: text, unit: text }),
  instant: z.strictObject({ ...ofParameter, default: text }),
};

/** Whether it is of a kind, so that its form can be looked at. */
export const isParameter = (value: unknown): value is Parameter => Object.hasOwn(parameterForms, Object(value).kind);

/** Notes what is wrong with a parameter, once its form is right. */
export function checkParameter(note: Note, name: string, parameter: Parameter): void {
  checkCamelCase(note, '', name);
  if (Object.hasOwn(INPUT_WORDS, name)) {
    note('', `is the word by which an input ${INPUT_WORDS[name]}`, name, 'another name');
  }
  if ('minimum' in parameter && parameter.minimum > parameter.maximum) {
    note('', 'has an empty range', parameter.minimum, `<= ${parameter.maximum}`);
  } else if (parameter.kind === 'text' && !patternOf(parameter.pattern)) {
    note('pattern', 'is not a regular expression', parameter.pattern, 'one that JavaScript reads with the flag u');
  } else {
    const allowed = allowedInstead(parameter, parameter.default);
    if (allowed) note('default', 'is not a value of its own parameter', parameter.default, allowed);
  }
}
