/** A file runs without its types as it is now, and Node says what is wrong with it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildFolder, root } from '../../../tools/setup/folders.mjs';
import { typescriptOptions } from '../../../tools/setup/hand-over.mjs';
import { write } from './temporary.ts';

/** Runs a program in a folder of this tree. */
function project() {
  const folder = mkdtempSync(join(buildFolder, 'types-'));
  const file = join(folder, 'program.ts');
  const keptIn = (place: string) => join(buildFolder, 'stripped', relative(root, place));
  onTestFinished(() => {
    for (const each of [folder, keptIn(folder)]) rmSync(each, { recursive: true, force: true });
  });
  const run = () => spawnSync(process.execPath, [...typescriptOptions, file], { encoding: 'utf8' });
  return { file, kept: keptIn(file), run };
}

test('a program is stripped once, and again when it has changed', () => {
  const { file, kept, run } = project();
  write(file, 'console.log("one" as string);');
  expect(run().stdout).toBe('one\n');
  writeFileSync(kept, readFileSync(kept, 'utf8').replace('one', 'kept'));
  expect(run().stdout).toBe('kept\n');
  write(file, 'console.log("two" as string);');
  expect(run().stdout).toBe('two\n');
});

test('what Node cannot strip is told with its place', () => {
  const { file, run } = project();
  write(file, '\nenum Colour { Red }');
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(stderr).toContain(`${file}:2`);
  expect(stderr).toContain('TypeScript enum is not supported');
});
