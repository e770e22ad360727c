/**
 * DynamoDB conditions, as far as a lock needs them: existence, equality, AND, OR, NOT, parentheses. The rest is
 * refused, so that nothing is accepted that is not understood.
 */
import { sameJson } from '../../lib/declaration/json.ts';

/** The condition's part of a DynamoDB request. */
export interface Condition {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

const tokenPattern =
  /\s*(attribute_not_exists|attribute_exists|<>|=|\(|\)|\bAND\b|\bOR\b|\bNOT\b|[#:]?[A-Za-z_][A-Za-z0-9_]*|\S)/giy;

/**
 * Whether a condition holds for an item (`undefined`: there is none); no expression always holds.
 *
 * @throws Error ValidationException for an expression that is not understood
 */
export function holds(condition: Condition, item: Readonly<Record<string, unknown>> = {}): boolean {
  const { ConditionExpression: expression, ExpressionAttributeNames: names } = condition;
  if (expression === undefined) return true;
  const tokens = [...expression.matchAll(tokenPattern)].map(([, token = '']) => token);
  const next = () => tokens[0] ?? 'the end';

  function either(): boolean {
    let result = both();
    // Both sides are read whatever the first says, so that a mistake in the second is always found.
    while (accept('OR')) result = both() || result;
    return result;
  }

  function both(): boolean {
    let result = single();
    while (accept('AND')) result = single() && result;
    return result;
  }

  function single(): boolean {
    if (accept('NOT')) return !single();
    if (accept('(')) return closed(either());
    if (accept('attribute_not_exists')) return inParentheses() === undefined;
    if (accept('attribute_exists')) return inParentheses() !== undefined;
    const left = operand();
    const equal = accept('=');
    if (!equal && !accept('<>')) {
      throw mistake(`knows only =, <>, attribute_exists and attribute_not_exists, got "${next()}"`);
    }
    const right = operand();
    // An attribute that does not exist equals nothing.
    return (left !== undefined && right !== undefined && sameJson(left, right)) === equal;
  }

  function inParentheses(): unknown {
    if (!accept('(')) throw mistake(`expects "(", got "${next()}"`);
    return closed(operand());
  }

  function closed<T>(value: T): T {
    if (!accept(')')) throw mistake(`expects ")", got "${next()}"`);
    return value;
  }

  function operand(): unknown {
    if (!/^[#:]?[A-Za-z_]/.test(tokens[0] ?? '')) throw mistake(`expects a name or a value, got "${next()}"`);
    const token = tokens.shift() ?? '';
    const known = token.startsWith(':')
      ? condition.ExpressionAttributeValues?.[token]
      : token.startsWith('#')
        ? names?.[token]
        : token;
    if (known === undefined) throw mistake(`has no ${token.startsWith(':') ? 'value' : 'name'} for ${token}`);
    return token.startsWith(':') ? known : item[String(known)];
  }

  function accept(token: string): boolean {
    if (tokens[0]?.toUpperCase() !== token.toUpperCase()) return false;
    tokens.shift();
    return true;
  }

  function mistake(what: string): Error {
    const error = new Error(`Invalid ConditionExpression "${expression}": the local table ${what}.`);
    return Object.assign(error, { name: 'ValidationException' });
  }

  const result = either();
  if (tokens.length > 0) throw mistake(`does not understand "${next()}"`);
  return result;
}
