/**
 * Takes a DynamoDB condition and an item and answers whether the condition holds. Knows what a lock needs (existence, equality, AND, OR, NOT,
 * parentheses) and refuses the rest, so that nothing is accepted here that is not understood. Called by the table store.
 */
import { sameJson } from './json.ts';

/** The condition's part of a DynamoDB request. */
export interface Condition {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

type Item = Readonly<Record<string, unknown>>;

const tokenPattern =
  /\s*(attribute_not_exists|attribute_exists|<>|=|\(|\)|\bAND\b|\bOR\b|\bNOT\b|[#:]?[A-Za-z_][A-Za-z0-9_]*|\S)/giy;

/** Whether a condition holds for an item (`undefined`: there is none); no expression always holds. */
export function holds(condition: Condition, item: Item | undefined): boolean {
  if (condition.ConditionExpression === undefined) return true;
  const reader = new Reader(condition, item ?? {});
  const result = reader.either();
  reader.end();
  return result;
}

/** A recursive descent over the expression that evaluates as it reads. */
class Reader {
  readonly #condition: Condition;
  readonly #item: Item;
  readonly #tokens: string[];
  #position = 0;

  constructor(condition: Condition, item: Item) {
    this.#condition = condition;
    this.#item = item;
    this.#tokens = [...(condition.ConditionExpression ?? '').matchAll(tokenPattern)].map(
      ([, token]) => token as string,
    );
  }

  either(): boolean {
    let result = this.#both();
    // Both sides are read whatever the first says, so that a mistake in the second is always found.
    while (this.#accept('OR')) result = this.#both() || result;
    return result;
  }

  end(): void {
    if (this.#position < this.#tokens.length)
      throw this.#mistake(`does not understand "${this.#tokens[this.#position]}"`);
  }

  #both(): boolean {
    let result = this.#single();
    while (this.#accept('AND')) result = this.#single() && result;
    return result;
  }

  #single(): boolean {
    if (this.#accept('NOT')) return !this.#single();
    if (this.#accept('(')) {
      const result = this.either();
      this.#expect(')');
      return result;
    }
    if (this.#accept('attribute_not_exists')) return this.#inParentheses() === undefined;
    if (this.#accept('attribute_exists')) return this.#inParentheses() !== undefined;
    const left = this.#operand();
    if (this.#accept('=')) return equal(left, this.#operand());
    if (this.#accept('<>')) return !equal(left, this.#operand());
    throw this.#mistake(
      `knows only =, <>, attribute_exists and attribute_not_exists, got "${this.#tokens[this.#position] ?? 'the end'}"`,
    );
  }

  #inParentheses(): unknown {
    this.#expect('(');
    const value = this.#operand();
    this.#expect(')');
    return value;
  }

  #operand(): unknown {
    const token = this.#tokens[this.#position++];
    if (token === undefined || !/^[#:]?[A-Za-z_]/.test(token))
      throw this.#mistake(`expects a name or a value, got "${token ?? 'the end'}"`);
    if (token.startsWith(':')) {
      const value = this.#condition.ExpressionAttributeValues?.[token];
      if (value === undefined) throw this.#mistake(`has no value for ${token}`);
      return value;
    }
    const name = token.startsWith('#') ? this.#condition.ExpressionAttributeNames?.[token] : token;
    if (name === undefined) throw this.#mistake(`has no name for ${token}`);
    return this.#item[name];
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#position]?.toUpperCase() !== token.toUpperCase()) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token))
      throw this.#mistake(`expects "${token}", got "${this.#tokens[this.#position] ?? 'the end'}"`);
  }

  #mistake(what: string): Error {
    const error = new Error(
      `Invalid ConditionExpression "${this.#condition.ConditionExpression}": the local table ${what}.`,
    );
    error.name = 'ValidationException';
    return error;
  }
}

/** An attribute that does not exist equals nothing. */
function equal(left: unknown, right: unknown): boolean {
  return left !== undefined && right !== undefined && sameJson(left, right);
}
