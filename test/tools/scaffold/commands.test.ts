/** The commands `new`, `test` and `validate` as a person meets them when something is wrong, and what a look at the declarations leaves behind. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../../local/home.ts';
import { filesBelow } from '../../../tools/files.mjs';

const home = mkdtempSync(join(tmpdir(), 'millrace-commands-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function millrace(...words: string[]) {
  const program = join(projectRoot, 'local', 'cli', 'millrace.mjs');
  const env = { ...process.env, MILLRACE_HOME: home, NO_COLOR: '1' };
  return spawnSync('node', [program, ...words], { encoding: 'utf8', cwd: tmpdir(), env });
}

describe('a mistake is told without a stack trace', () => {
  test.each([
    [
      ['new', 'My-Pipeline'],
      /^error INVALID_NAME: .*"My-Pipeline": it is not a name for its folder\. Allowed: a-z and 0-9/m,
    ],
    [['new', 'json'], /^error INVALID_NAME: .*"json"/m],
    [['test', 'nosuch'], /^error UNKNOWN_PIPELINE: There is no pipeline "nosuch"\. Allowed: /m],
    [['new'], /^error: missing required argument 'name'/m],
  ])('%j', (words, message) => {
    const { status, stdout, stderr } = millrace(...words);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('or for machines as an object', () => {
    const { status, stdout } = millrace('new', 'My-Pipeline', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INVALID_NAME' } });
  });
});

test('declarations are checked without a service, and nothing is left behind', () => {
  const { status, stdout } = millrace('validate');
  expect(status).toBe(0);
  expect(stdout).toMatch(/: \d+ topics?, \d+ jobs?, no mistakes\n/);
  expect(filesBelow(home)).toEqual([]);
});
