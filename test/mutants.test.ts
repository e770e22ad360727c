/** The list of mutants is of the code as it is: each changes one place, and names tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants/list.ts';
import { type Mutant, planted, withWord } from './mutants/mutant.ts';

const inTree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string) => readFileSync(inTree(path), 'utf8');

test('each changes its file, at one place', () => {
  const stale = MUTANTS.filter((mutant) => [undefined, read(mutant.file)].includes(planted(mutant, read(mutant.file))));
  expect(stale.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test('each is noticed by tests that exist', () => {
  const named = new Set(MUTANTS.flatMap(({ tests }) => tests));
  const missing = [...named].filter((test) => {
    const [file = '', name] = test.split('::');
    return !existsSync(inTree(file)) || (name !== undefined && !read(file).includes(`def ${name}(`));
  });
  expect(missing).toEqual([]);
  expect(MUTANTS.filter(({ tests }) => tests.length === 0)).toEqual([]);
});

test('none is there twice', () => {
  const changes = MUTANTS.map(({ file, text, replacement }) => JSON.stringify([file, text, replacement]));
  expect(changes.filter((change, index) => changes.indexOf(change) < index)).toEqual([]);
});

test('they are at least sixty, and chosen by a word', () => {
  expect(MUTANTS.length).toBeGreaterThan(60);
  const [mutant] = MUTANTS as [Mutant, ...Mutant[]];
  expect(withWord(MUTANTS, mutant.harm.toUpperCase())).toContain(mutant);
  expect(withWord(MUTANTS, 'no such word')).toEqual([]);
});

test('a text that does not stand there once is not replaced', () => {
  const mutant: Mutant = { file: 'f', text: 'a', replacement: '$&b', tests: [], harm: '' };
  expect([planted(mutant, 'xax'), planted(mutant, 'xx'), planted(mutant, 'aa')]).toEqual([
    'x$&bx',
    undefined,
    undefined,
  ]);
});
