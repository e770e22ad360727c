/** What the command answers in a fresh checkout, before anything is installed, and without installing anything. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';

const made = ['node_modules', 'build', 'cdk.out', '.millrace', '.git'];
const checkout = join(mkdtempSync(join(tmpdir(), 'millrace-fresh-')), 'millrace');
cpSync(root, checkout, { recursive: true, filter: (source) => !made.includes(relative(root, source)) });

/** Runs the command there, with a cache of its own, and with no program to be found, so that a set-up would end at once. */
function millrace(...words: string[]) {
  const env = { PATH: '', MILLRACE_CACHE: join(checkout, 'cache'), MILLRACE_HOME: join(checkout, 'home') };
  const program = join(checkout, 'local', 'cli', 'millrace.mjs');
  return spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', env });
}

test('--version and -V', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const word of ['--version', '-V']) {
    expect(millrace(word)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  }
});

test('doctor tells what it can, says what it left out, and leaves the checkout as it was', () => {
  const { status, stdout } = millrace('doctor', '--json');
  const { ok, checks } = JSON.parse(stdout);
  expect({ status, ok }).toEqual({ status: 1, ok: false });
  const states = Object.fromEntries(checks.map(({ name, state }: { name: string; state: string }) => [name, state]));
  // Java may be in one of the usual places.
  expect(states).toMatchObject({ node: 'ok', python: 'stops', 'set-up': 'note', disk: 'ok', rest: 'note' });
  expect(['node_modules', 'build', 'cache', 'home'].filter((name) => existsSync(join(checkout, name)))).toEqual([]);
});

test('what keeps a set-up from its end is told in JSON to who asked for that', () => {
  const { status, stdout, stderr } = millrace('status', '--json');
  const { error } = JSON.parse(stdout);
  expect(status).toBe(1);
  expect(error.code).toMatch(/^SETUP_/);
  expect(stderr).toContain(`error ${error.code}: ${error.message}`);
});
