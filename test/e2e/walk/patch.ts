/**
 * Makes a change in the unified form in the files of a folder. As strict as `git apply`: a change that does not fit the lines that it
 * names is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HUNK = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/;

/** Changes the files. */
export function applyPatch(root: string, patch: readonly string[]): void {
  let file = '';
  let lines: string[] = [];
  /** Where the next line of the change belongs. */
  let at = 0;
  /** By how many lines the file has grown so far. */
  let grown = 0;
  const save = () => {
    if (file !== '') writeFileSync(join(root, file), lines.join('\n'));
  };
  for (const line of patch) {
    const hunk = HUNK.exec(line);
    if (line.startsWith('--- ')) {
      save();
    } else if (line.startsWith('+++ ')) {
      file = line.slice('+++ b/'.length);
      lines = readFileSync(join(root, file), 'utf8').split('\n');
      grown = 0;
    } else if (hunk) {
      at = Number(hunk[1]) - 1 + grown;
    } else if (line.startsWith('+')) {
      lines.splice(at, 0, line.slice(1));
      at += 1;
      grown += 1;
    } else {
      const [sign = ' ', expected] = [line[0], line.slice(1)];
      if (lines[at] !== expected) throw new Error(`${file}:${at + 1} is "${lines[at]}", not "${expected}".`);
      if (sign === '-') {
        lines.splice(at, 1);
        grown -= 1;
      } else at += 1;
    }
  }
  save();
}
