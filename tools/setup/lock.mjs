/**
 * Renews the lock files: takes requirements*.in and jgo.toml, writes requirements*.lock and jgo.lock.toml, all without host names.
 * Run by a maintainer (`node tools/setup/lock.mjs`) after a version was changed; set-up itself only reads the results.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './folders.mjs';
import { bootstrap } from './python.mjs';
import { findPython } from './requirements.mjs';
import { run } from './run.mjs';

const PYTHON_FLOOR = '3.11';
const REQUIREMENTS = ['requirements-bootstrap', 'requirements-build', 'requirements', 'requirements-dev'];

const tools = await bootstrap(findPython());

for (const name of REQUIREMENTS) {
  const args = [
    'pip',
    'compile',
    '--quiet',
    '--universal',
    '--python-version',
    PYTHON_FLOOR,
    '--generate-hashes',
    '--no-emit-index-url',
  ];
  await run(
    tools.uv,
    [...args, '--custom-compile-command', 'node tools/setup/lock.mjs', `${name}.in`, '-o', `${name}.lock`],
    {
      cwd: root,
      what: `locking ${name}`,
    },
  );
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
