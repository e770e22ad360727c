/** A step that was interrupted is done again; what was finished is kept. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cached, isComplete, keyOf, removeLeftovers } from '../../../tools/setup/cache.mjs';
import { root } from '../../../tools/setup/folders.mjs';
import { temporaryFolder, write } from './temporary.ts';

const module = (name: string) => JSON.stringify(pathToFileURL(join(root, 'tools', 'setup', name)).href);

async function makeOne(cache: string): Promise<{ folder: string; made: boolean }> {
  return cached(cache, 'thing', async (aside) => {
    write(join(aside, 'file'), 'content');
    return ['file'];
  });
}

/** Another Node that runs some code until it says that it is ready. */
async function otherProcess(code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('a folder of the cache', () => {
  test('is made once', async () => {
    const cache = temporaryFolder();
    expect((await makeOne(cache)).made).toBe(true);
    expect((await makeOne(cache)).made).toBe(false);
  });

  test('is not there when its making failed half-way, and is made by the next try', async () => {
    const cache = temporaryFolder();
    const failing = cached(cache, 'thing', async (aside) => {
      write(join(aside, 'file'), 'cont');
      throw new Error('the network is gone');
    });
    await expect(failing).rejects.toThrow('the network is gone');
    expect(readdirSync(cache)).toEqual([]);
    expect((await makeOne(cache)).made).toBe(true);
  });

  test('is not there when the process was killed half-way, and what it left is removed', async () => {
    const cache = temporaryFolder();
    const child = await otherProcess(`
      import { writeFileSync } from 'node:fs';
      import { cached } from ${module('cache.mjs')};
      await cached(${JSON.stringify(cache)}, 'thing', async (aside) => {
        writeFileSync(aside + '/file', 'cont');
        console.log('half-way');
        return new Promise(() => setInterval(() => undefined, 1000));
      });`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readdirSync(cache)).toHaveLength(1);
    expect(isComplete(join(cache, 'thing'))).toBe(false);
    removeLeftovers(cache);
    expect(readdirSync(cache)).toEqual([]);
    const { folder } = await makeOne(cache);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('content');
  });

  test('is made again when a file of it has other bytes of the same number, and not when it only looks younger', async () => {
    const cache = temporaryFolder();
    const { folder } = await makeOne(cache);
    utimesSync(join(folder, 'file'), new Date(), new Date(0));
    expect((await makeOne(cache)).made).toBe(false);
    write(join(folder, 'file'), 'CONTENT');
    expect((await makeOne(cache)).made).toBe(true);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('content');
  });

  test('is looked at thoroughly where that is asked for', async () => {
    const old = new Date(0);
    const { folder } = await cached(temporaryFolder(), 'thing', async (aside) => {
      write(join(aside, 'file'), 'content');
      utimesSync(join(aside, 'file'), old, old);
      return ['file'];
    });
    write(join(folder, 'file'), 'CONTENT');
    utimesSync(join(folder, 'file'), old, old);
    expect(isComplete(folder)).toBe(true);
    expect(isComplete(folder, { thoroughly: true })).toBe(false);
  });

  test('is made again when a file of it is gone or shorter', async () => {
    const cache = temporaryFolder();
    const { folder } = await makeOne(cache);
    rmSync(join(folder, 'file'));
    expect((await makeOne(cache)).made).toBe(true);
    write(join(folder, 'file'), 'con');
    expect((await makeOne(cache)).made).toBe(true);
  });

  test('has a name in which the order and the bounds of the parts count', () => {
    expect(keyOf('a', 'bc')).not.toBe(keyOf('ab', 'c'));
    expect(keyOf('a', 'b')).not.toBe(keyOf('b', 'a'));
  });
});
