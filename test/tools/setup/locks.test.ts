/** What the lock files must say, and must not: exact versions with hashes, and no address of a registry. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';
import { parseLock } from '../../../tools/setup/jars.mjs';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
const REQUIREMENTS = ['requirements-bootstrap', 'requirements-build', 'requirements', 'requirements-dev'];
const ADDRESS = /https?:\/\/|\b[\w-]+\.(?:org|com|io|net)\//;

interface PackageLock {
  packages: Record<
    string,
    {
      version?: string;
      resolved?: string;
      integrity?: string;
      inBundle?: boolean;
      optionalDependencies?: Record<string, string>;
    }
  >;
}

const packageLock: PackageLock = JSON.parse(read('package-lock.json'));

describe('no lock names a registry', () => {
  test('package-lock.json', () => {
    const named = Object.entries(packageLock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(named).toEqual([]);
  });

  test.each([...REQUIREMENTS.flatMap((name) => [`${name}.in`, `${name}.lock`]), 'jgo.toml', 'jgo.lock.toml'])(
    '%s',
    (name) => {
      expect(read(name)).not.toMatch(ADDRESS);
    },
  );
});

test('the programs of the tools are locked for every system: without that, npm ci refuses the lock', () => {
  const entries = Object.entries(packageLock.packages);
  const wanted = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(10);
  const missing = wanted.filter((name) => !entries.some(([path]) => path.endsWith(`node_modules/${name}`)));
  expect(missing).toEqual([]);
});

describe('every download has a hash', () => {
  test('Node packages, but for those that come inside another', () => {
    const without = Object.entries(packageLock.packages).filter(
      ([path, entry]) => path !== '' && !entry.integrity && !entry.inBundle,
    );
    expect(without).toEqual([]);
  });

  test.each(REQUIREMENTS)('%s.lock', (name) => {
    const entries = read(`${name}.lock`)
      .split(/^(?=[a-z0-9])/im)
      .filter((entry) => /^[a-z0-9]/i.test(entry));
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.filter((entry) => !entry.includes('--hash=sha256:'))).toEqual([]);
  });

  test('Java archives', () => {
    expect(parseLock(read('jgo.lock.toml')).length).toBeGreaterThan(70);
  });
});

describe('the locks hold what was asked for', () => {
  test.each(REQUIREMENTS)('%s', (name) => {
    const pins = read(`${name}.in`).match(/^[\w-]+==\S+/gm) ?? [];
    const locked = read(`${name}.lock`).toLowerCase().replaceAll('_', '-');
    expect(pins.length).toBeGreaterThan(0);
    expect(pins.filter((pin) => !locked.includes(`${pin.toLowerCase().replaceAll('_', '-')} `))).toEqual([]);
  });

  test('jgo.toml', () => {
    const asked = [...read('jgo.toml').matchAll(/"([\w.-]+:[\w.-]+:[\w.-]+)(?::[\w.:-]+)?"/g)].map(
      ([, coordinate]) => coordinate,
    );
    const locked = parseLock(read('jgo.lock.toml')).map((one) => `${one.groupId}:${one.artifactId}:${one.version}`);
    expect(asked.length).toBeGreaterThan(8);
    expect(locked).toEqual(expect.arrayContaining(asked));
  });

  test('what jgo.toml leaves out is not in the lock', () => {
    const excluded = [...read('jgo.toml').matchAll(/^ {2}"([\w.-]+:[\w.-]+)",$/gm)].map(([, name]) => name);
    const shipped = parseLock(read('jgo.lock.toml')).filter(({ folder }) => folder === 'spark-jars');
    expect(excluded.length).toBeGreaterThan(5);
    expect(shipped.map((one) => `${one.groupId}:${one.artifactId}`).filter((name) => excluded.includes(name))).toEqual(
      [],
    );
  });
});

test('the CDK command is 2.x: 3.0.0 was published by accident, is what "latest" points to, and cannot read our assembly', () => {
  const asked = JSON.parse(read('package.json')).devDependencies['aws-cdk'];
  expect(asked).toMatch(/^2\.\d+\.\d+$/);
  expect(packageLock.packages['node_modules/aws-cdk']?.version).toBe(asked);
});
