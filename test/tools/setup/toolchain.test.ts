/** The set-up of this tree is complete, and doing it again starts no program and asks no network. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { cacheFolder, root } from '../../../tools/setup/folders.mjs';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

test('everything that the toolchain names is there', () => {
  const { registryHome, ...toolchain } = readToolchain();
  for (const path of [...Object.values(toolchain), join(registryHome, 'quarkus-run.jar')])
    expect(existsSync(path), path).toBe(true);
});

test('a repeated set-up is silent and needs neither a program nor the network', () => {
  const module = pathToFileURL(join(root, 'tools', 'setup', 'toolchain.mjs')).href;
  const code = `
    import { syncBuiltinESMExports } from 'node:module';
    import processes from 'node:child_process';
    import sockets from 'node:net';
    const refuse = (what) => () => { throw new Error(what + ' was used'); };
    for (const name of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'fork']) processes[name] = refuse(name);
    sockets.Socket.prototype.connect = refuse('the network');
    syncBuiltinESMExports();
    const { ensureToolchain } = await import(${JSON.stringify(module)});
    const toolchain = await ensureToolchain({ log: refuse('the log'), dev: false });
    process.stdout.write(toolchain.python);`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  expect(result.stdout).toBe(readToolchain().python);
});

test('the cache is where it is told, or in the usual place of the operating system', () => {
  expect(cacheFolder({ MILLRACE_CACHE: '/some/where' }, 'linux')).toBe('/some/where');
  expect(cacheFolder({}, 'linux')).toMatch(/\/\.cache\/millrace$/);
  expect(cacheFolder({ XDG_CACHE_HOME: '/data/cache' }, 'linux')).toBe('/data/cache/millrace');
  expect(cacheFolder({}, 'darwin')).toMatch(/\/Library\/Caches\/millrace$/);
});
