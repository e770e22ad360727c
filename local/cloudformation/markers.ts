/**
 * Markers for what has no value on this machine (the id of a security group, say): texts that may travel through
 * joins, outputs and other stacks, and are refused where a provider would use them.
 */
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';

const pattern = /⟦only on AWS: ([^⟧]*)⟧/;
const dynamicReference = /\{\{resolve:[^}]*\}?\}?/;

/** A marker for a value that only AWS could give; `what` says which, for people. */
export function marker(what: string): string {
  return `⟦only on AWS: ${what}⟧`;
}

/** The first marker inside a text, whole; `undefined` when there is none. */
export function markerIn(text: unknown): string | undefined {
  return typeof text === 'string' ? pattern.exec(text)?.[0] : undefined;
}

/**
 * Refuses markers and `{{resolve:...}}` anywhere in a value that a provider is about to use.
 *
 * @param user stack, logical id and type of the resource that uses the value.
 * @param path where in the resource the value stands: `Properties.Environment`.
 * @throws MillraceError DEPLOY_ONLY_ON_AWS or DEPLOY_DYNAMIC_REFERENCE
 */
export function requireKnown(value: unknown, user: string, path: string): void {
  if (typeof value === 'string') {
    const unknown = pattern.exec(value)?.[1];
    if (unknown !== undefined) {
      throw new MillraceError(
        'DEPLOY_ONLY_ON_AWS',
        `${user}: ${path} needs ${unknown}, which has a value only on AWS. Give it a value that this machine has too, or take it out of what runs here.`,
      );
    }
    const reference = dynamicReference.exec(value)?.[0];
    if (reference !== undefined) {
      throw new MillraceError(
        'DEPLOY_DYNAMIC_REFERENCE',
        `${user}: ${path} holds the dynamic reference ${reference}, which only CloudFormation resolves. Read the value when it is needed instead (by parameter name or secret ARN).`,
      );
    }
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) requireKnown(item, user, `${path}[${index}]`);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) requireKnown(item, user, `${path}.${key}`);
  }
}
