/** Third-party packages of a pipeline: an archive with the same bytes wherever it is made, and the same versions here. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localPackages, placePackages, pythonPackages, requirementsOf } from '../../../tools/setup/packages.mjs';
import { bootstrap } from '../../../tools/setup/python.mjs';
import { findPython } from '../../../tools/setup/requirements.mjs';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { temporaryFolder, write } from './temporary.ts';

const INDEX = { UV_NO_INDEX: '1', UV_OFFLINE: '1', UV_FIND_LINKS: '' };
const before = { ...process.env };
let wheels = '';

beforeEach(() => {
  wheels = temporaryFolder();
  Object.assign(process.env, INDEX, { UV_FIND_LINKS: wheels });
});
afterEach(() => {
  for (const name of Object.keys(INDEX)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

/** Writes a wheel with one module; gives its line of requirements. */
function wheel(name: string, tag: string): string {
  const about = `${name}-1.0.dist-info`;
  const bytes = zipSync({
    [`${name}.py`]: strToU8('NAME = "a third-party package"\n'),
    [`${about}/METADATA`]: strToU8(`Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`),
    [`${about}/WHEEL`]: strToU8(`Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`),
    [`${about}/RECORD`]: strToU8(`${name}.py,,\n${about}/METADATA,,\n${about}/WHEEL,,\n${about}/RECORD,,\n`),
  });
  writeFileSync(join(wheels, `${name}-1.0-${tag}.whl`), bytes);
  return `${name}==1.0 --hash=sha256:${createHash('sha256').update(bytes).digest('hex')}\n`;
}

async function make(requirements: string, cache = temporaryFolder()): Promise<string> {
  const file = write(join(temporaryFolder(), 'requirements.txt'), requirements);
  const tools = await bootstrap(findPython());
  const { folder } = await pythonPackages({ cache, pipeline: 'tiny', file, venv: readToolchain().venv, tools });
  return folder;
}

test('are packed with the same bytes each time, and run by the Python of the machine that unpacks them', async () => {
  const requirements = wheel('tiny', 'py3-none-any');
  const [first, second] = [await make(requirements), await make(requirements)];
  const archives = [first, second].map((folder) => readFileSync(join(folder, 'environment.tgz')));
  expect(archives[0]?.equals(archives[1] ?? Buffer.of())).toBe(true);
  const unpacked = temporaryFolder();
  execFileSync('tar', ['-xzf', join(first, 'environment.tgz'), '-C', unpacked]);
  expect(existsSync(join(unpacked, 'lib', 'tiny.py'))).toBe(true);
  // A program of the name that the release has.
  const programs = temporaryFolder();
  write(join(programs, 'python3.11'), `#!/bin/sh\nexec ${readToolchain().python} "$@"\n`);
  execFileSync('chmod', ['+x', join(programs, 'python3.11')]);
  const environment = { PATH: `${programs}:${process.env.PATH}`, PYTHONPATH: '/of/spark' };
  const code = 'import sys, tiny; print(tiny.NAME, "/of/spark" in sys.path)';
  const said = execFileSync(join(unpacked, 'bin', 'python'), ['-c', code], { encoding: 'utf8', env: environment });
  expect(said).toBe('a third-party package True\n');
});

test('are installed for this machine too', async () => {
  const folder = await make(wheel('tiny', 'py3-none-any'));
  expect(existsSync(join(folder, 'local', 'tiny.py'))).toBe(true);
});

test('have hashes', async () => {
  wheel('tiny', 'py3-none-any');
  await expect(make('tiny==1.0\n')).rejects.toThrow(/hash.*EMR Serverless \(aarch64-manylinux_2_34, Python 3\.11\)/s);
  await expect(make(`tiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`)).rejects.toThrow(/pipeline tiny for EMR Serverless/);
});

test('have wheels for the workers of EMR Serverless; what has none is named', async () => {
  const requirements = wheel('tiny', 'cp311-cp311-manylinux_2_17_x86_64');
  await expect(make(requirements)).rejects.toThrow(/tiny.*has to be there with a version, a hash and a wheel/s);
});

test('are those of the pipelines that have a requirements.txt beside their entry points', () => {
  const jobs = temporaryFolder();
  mkdirSync(join(jobs, 'plain'));
  const file = write(join(jobs, 'tiny', 'requirements.txt'), '');
  expect(requirementsOf(jobs)).toEqual({ tiny: file });
});

test('lie where the synthesis and the local run look for them', async () => {
  const made = await make(wheel('tiny', 'py3-none-any'));
  const file = write(join(temporaryFolder(), 'requirements.txt'), 'x');
  const build = temporaryFolder();
  placePackages(made, 'tiny', file, build);
  expect(existsSync(join(localPackages('tiny', build), 'tiny.py'))).toBe(true);
  expect(readFileSync(join(build, 'tiny', 'requirements.txt'), 'utf8')).toBe('x');
  expect(existsSync(join(build, 'tiny', 'environment.tgz'))).toBe(true);
});
