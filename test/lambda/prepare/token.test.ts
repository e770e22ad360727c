/** By which a repeated request is known, and another is not taken for it. */
import { expect, test } from 'vitest';
import { execution } from './execution.ts';

/** The tokens of everything that an execution of this name starts. */
function tokensOf(name: string, input: object = {}): string[] {
  const { streams, during, drains, after } = execution(input, { name });
  return [...streams, ...during, ...drains, ...after].map(({ token }) => token);
}

test('an execution has the same tokens however often it is prepared, and another has none of them', () => {
  const first = tokensOf('first');
  expect(tokensOf('first')).toEqual(first);
  expect(new Set([...first, ...tokensOf('second')]).size).toBe(2 * first.length);
});

test('a stream and its drain have different ones', () => {
  const tokens = tokensOf('first');
  expect(new Set(tokens).size).toBe(tokens.length);
});
