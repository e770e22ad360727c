/**
 * Takes an EventBridge pattern and an event and says whether the rule would fire. Only lists of exact values are known; anything else is
 * refused, so that a rule never seems to match less or more than on AWS. Called by `clean-up.ts`.
 */
import { MillraceError } from '../../tools/errors.ts';
import { isObject, type Json, type JsonObject } from './task.ts';

export function matches(pattern: JsonObject, event: JsonObject): boolean {
  return Object.entries(pattern).every(([name, expected]) => {
    const value = event[name];
    if (Array.isArray(expected)) return expected.some((allowed) => allows(allowed, value));
    return isObject(expected) && isObject(value) && matches(expected, value);
  });
}

function allows(allowed: Json, value: Json | undefined): boolean {
  if (typeof allowed === 'object' && allowed !== null) {
    throw new MillraceError(
      'UNSUPPORTED_EVENT_PATTERN',
      `The pattern ${JSON.stringify(allowed)} of an event rule cannot be evaluated on this machine. Allowed: lists of exact values.`,
    );
  }
  return Array.isArray(value) ? value.includes(allowed) : value === allowed;
}
