/** `npm ci` runs when package-lock.json changed or an earlier run was interrupted, and at no other time. */
import { existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';
import { checkNodeProgram, installNodePackages, NODE_PROGRAMS } from '../../../tools/setup/npm.mjs';
import { program, temporaryFolder, write } from './temporary.ts';

let folder: string;
const calls = () =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').split('\n').length - 1 : 0;

function lockFile(version: string): string {
  return JSON.stringify({ packages: { '': {}, 'node_modules/node': { version, integrity: `sha512-${version}` } } });
}

beforeEach(() => {
  folder = temporaryFolder();
  write(join(folder, 'package-lock.json'), lockFile('22.0.0'));
  write(join(folder, 'local', 'cli', 'millrace.mjs'), '');
  // Stands in for npm: installs a `node`, and writes its own record last, as npm does.
  program(
    join(folder, 'bin', 'npm'),
    `echo "$@" >> calls
     rm -rf node_modules && mkdir -p node_modules/.bin
     printf '#!/bin/sh\\necho v22\\n' > node_modules/.bin/node && chmod +x node_modules/.bin/node
     [ -e interrupt ] && exit 1
     cp package-lock.json node_modules/.package-lock.json`,
  );
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env.PATH}`);
});

afterEach(() => vi.unstubAllEnvs());

test('a fresh clone installs, and a second time does nothing', async () => {
  expect(await installNodePackages(folder)).toBe(true);
  expect(await installNodePackages(folder)).toBe(false);
  expect(calls()).toBe(1);
  expect(readlinkSync(join(folder, 'node_modules', '.bin', 'millrace'))).toBe('../../local/cli/millrace.mjs');
});

test('an installation that failed half-way is done again', async () => {
  write(join(folder, 'interrupt'), '');
  await expect(installNodePackages(folder)).rejects.toThrow(
    /installing Node packages \(npm ci\) failed \(exit code 1\)/,
  );
  rmSync(join(folder, 'interrupt'));
  expect(await installNodePackages(folder)).toBe(true);
  expect(calls()).toBe(2);
});

test('a changed lock installs again', async () => {
  await installNodePackages(folder);
  write(join(folder, 'package-lock.json'), lockFile('22.1.0'));
  expect(await installNodePackages(folder)).toBe(true);
});

test('what somebody installed by hand from the same lock is accepted', async () => {
  await installNodePackages(folder);
  write(join(folder, 'package-lock.json'), lockFile('22.1.0'));
  write(join(folder, 'node_modules', '.package-lock.json'), lockFile('22.1.0'));
  expect(await installNodePackages(folder)).toBe(false);
  expect(calls()).toBe(1);
});

test('a Node program with another hash than the pinned one is refused', async () => {
  await installNodePackages(folder);
  const record = join(folder, 'node_modules', 'node', 'node_modules', '.package-lock.json');
  const [name = '', pinned] = Object.entries(NODE_PROGRAMS)[0] ?? [];
  write(record, JSON.stringify({ packages: { [`node_modules/${name}`]: pinned } }));
  expect(() => checkNodeProgram(folder)).not.toThrow();
  write(record, JSON.stringify({ packages: { [`node_modules/${name}`]: { ...pinned, integrity: 'sha512-other' } } }));
  expect(() => checkNodeProgram(folder)).toThrow(`${name} 22.23.3 is not the pinned program`);
});

test('the pinned Node programs are of the version that package.json asks for', () => {
  const asked = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;
  expect(Object.values(NODE_PROGRAMS).map(({ version }) => version)).toEqual(
    Object.keys(NODE_PROGRAMS).map(() => asked),
  );
});
