/**
 * Renews the locks after a version was changed: requirements*.lock from the dependency groups of pyproject.toml,
 * jgo.lock.toml from jgo.toml. Run by hand: `node tools/setup/lock.mjs`. Python versions that are locked already stay.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './folders.mjs';
import { BOOTSTRAP_LOCK, bootstrap, PROJECT_LOCK } from './python.mjs';
import { findPython, PYTHON_FLOOR } from './requirements.mjs';
import { run } from './run.mjs';

/** Of uv's forms only this one has hashes without addresses: uv.lock and pylock.toml name the package index. */
const COMPILE = ['pip', 'compile', '--quiet', '--universal', '--generate-hashes', '--no-emit-index-url'];

const tools = await bootstrap(findPython());

for (const { lock, groups } of [
  { lock: BOOTSTRAP_LOCK, groups: ['bootstrap'] },
  { lock: PROJECT_LOCK, groups: ['run', 'dev'] },
]) {
  const form = ['--python-version', PYTHON_FLOOR.join('.'), '--custom-compile-command', 'node tools/setup/lock.mjs'];
  const wanted = groups.flatMap((group) => ['--group', group]);
  await run(tools.uv, [...COMPILE, ...form, ...wanted, '--output-file', lock], { cwd: root, what: `renewing ${lock}` });
}

const resolved = await run(tools.python, [join(root, 'tools', 'setup', 'artifacts.py'), 'resolve'], {
  what: 'resolving jgo.toml',
  input: readFileSync(join(root, 'jgo.toml'), 'utf8'),
});
/** @type {import('./jars.mjs').LockedArtifact[]} */
const artifacts = JSON.parse(resolved);
const tables = artifacts.map(
  (artifact) =>
    `[[dependencies]]\n${Object.entries(artifact)
      .map(([name, value]) => `${name} = "${value}"`)
      .join('\n')}\n`,
);
writeFileSync(join(root, 'jgo.lock.toml'), `# Written by tools/setup/lock.mjs from jgo.toml.\n\n${tables.join('\n')}`);
process.stderr.write(`${artifacts.length} archives locked\n`);
