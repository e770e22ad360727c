/** Archives whose bytes are not those of the lock are refused and not kept. */
import { createHash } from 'node:crypto';
import { existsSync, linkSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  artifactFolder,
  fileNameOf,
  folderNameOf,
  jarsInPlace,
  parseLock,
  placeJars,
  verify,
} from '../../../tools/setup/jars.mjs';
import { program, temporaryFolder, write } from './temporary.ts';

const CONTENT = 'the right bytes';

function artifact(content = CONTENT) {
  return {
    folder: 'tools',
    groupId: 'org.example',
    artifactId: 'tool',
    version: '1.0',
    packaging: 'jar',
    classifier: '',
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

/** Stands in for the Python that has jgo: leaves a file with these bytes, whatever is asked for. */
function loader(content: string) {
  const path = program(join(temporaryFolder(), 'python'), `printf '%s' '${content}' > "$3/tool-1.0.jar"`);
  return async () => path;
}

describe('loading', () => {
  test('keeps a file that has the hash of the lock, and lets nobody write to it', async () => {
    const cache = temporaryFolder();
    const artifacts = [artifact()];
    const { folder } = await artifactFolder({
      cache,
      artifacts,
      name: 'tools',
      python: loader(CONTENT),
      unpack: undefined,
    });
    expect(statSync(join(folder, 'tool-1.0.jar')).mode & 0o222).toBe(0);
  });

  test('refuses a file with another hash, names both, and keeps nothing', async () => {
    const cache = temporaryFolder();
    const artifacts = [artifact()];
    const loading = artifactFolder({
      cache,
      artifacts,
      name: 'tools',
      python: loader('other bytes'),
      unpack: undefined,
    });
    await expect(loading).rejects.toMatchObject({
      code: 'SETUP_HASH_MISMATCH',
      message: expect.stringContaining(`expected: ${artifact().sha256}`),
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  test('asks for nothing when the folder is there', async () => {
    const cache = temporaryFolder();
    const artifacts = [artifact()];
    await artifactFolder({ cache, artifacts, name: 'tools', python: loader(CONTENT), unpack: undefined });
    const nobody = () => Promise.reject(new Error('nothing is to be loaded'));
    expect(await artifactFolder({ cache, artifacts, name: 'tools', python: nobody, unpack: undefined })).toMatchObject({
      made: false,
    });
  });

  test('goes to another folder when a hash in the lock changes', () => {
    expect(folderNameOf([artifact()], 'tools')).not.toBe(folderNameOf([artifact('a new release')], 'tools'));
  });

  test('finds a file that was changed later', async () => {
    const folder = temporaryFolder();
    write(join(folder, fileNameOf(artifact())), 'tampered');
    await expect(verify(folder, [artifact()])).rejects.toThrow('tool-1.0.jar is not the file that jgo.lock.toml names');
  });
});

test('a lock without a hash is refused', () => {
  const lock = Object.entries({ ...artifact(), sha256: 'none' }).map(([name, value]) => `${name} = "${value}"`);
  expect(() => parseLock(`[[dependencies]]\n${lock.join('\n')}\n`)).toThrow('tool lacks a sha256 of 64 hex digits');
});

describe('the archives for Spark', () => {
  test('are put into the tree without a second copy', () => {
    const [source, target] = [temporaryFolder(), join(temporaryFolder(), 'spark-jars')];
    write(join(source, 'a.jar'), 'a');
    placeJars(source, target);
    expect(statSync(join(target, 'a.jar')).ino).toBe(statSync(join(source, 'a.jar')).ino);
  });

  test('are put right when one is missing, or one too many', () => {
    const [source, target] = [temporaryFolder(), join(temporaryFolder(), 'spark-jars')];
    write(join(source, 'a.jar'), 'a');
    write(join(target, 'old.jar'), 'old');
    expect(jarsInPlace(source, target)).toBe(false);
    placeJars(source, target);
    expect(readdirSync(target)).toEqual(['a.jar']);
    linkSync(join(target, 'a.jar'), join(target, 'more.jar'));
    expect(jarsInPlace(source, target)).toBe(false);
    expect(existsSync(join(source, 'a.jar'))).toBe(true);
  });
});
