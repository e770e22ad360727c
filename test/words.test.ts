/** One style for the same thing, where the linter has no rule for it. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow } from '../tools/files.mjs';
import { root } from '../tools/setup/folders.mjs';

const made = ['node_modules', 'build', 'cdk.out', '.millrace', '.git'];
const files = filesBelow(root, made).filter((file) => /\.(ts|mjs)$/.test(file));

/** The lines of the tree that have something, without comments. */
function linesWith(pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => pattern.test(line) && !/^\s*(\*|\/[*/])/.test(line))
      .map((line) => `${relative(root, file)}: ${line.trim()}`),
  );
}

test('members are private by the keyword of TypeScript', () => {
  expect(linesWith(/this\.#\w|^\s*(readonly |static |async )*#\w+( = |: |\(|;)/)).toEqual([]);
});

test('times of milliseconds end in Ms', () => {
  expect(linesWith(/\wM(?:illiseconds|ILLISECONDS)\b|\bm(?:illiseconds)\??:/)).toEqual([]);
});
