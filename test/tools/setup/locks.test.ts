/** The lock files hold exact versions with hashes, and no address of a package index. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';
import { parseLock } from '../../../tools/setup/jars.mjs';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
/** Locks of Python packages, with the dependency groups of pyproject.toml that each of them serves. */
const REQUIREMENTS: readonly [lock: string, ...groups: string[]][] = [
  ['requirements-bootstrap.lock', 'bootstrap'],
  ['requirements.lock', 'run', 'dev'],
];
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

/** The packages with their versions that a dependency group of pyproject.toml names itself. */
function pinsOf(group: string): string[] {
  const [, list = ''] = new RegExp(`^${group} = \\[([^\\]]*)\\]`, 'm').exec(read('pyproject.toml')) ?? [];
  return [...list.matchAll(/"([\w-]+==[^"]+)"/g)].map(([, pin = '']) => pin);
}

/** A package's name in the form that locks have it in. */
const normal = (text: string) => text.toLowerCase().replaceAll('_', '-');

const packageLock: PackageLock = JSON.parse(read('package-lock.json'));

describe('no lock names a package index', () => {
  test('package-lock.json', () => {
    const named = Object.entries(packageLock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(named).toEqual([]);
  });

  test.each([...REQUIREMENTS.map(([lock]) => lock), 'pyproject.toml', 'jgo.toml', 'jgo.lock.toml'])('%s', (name) => {
    expect(read(name)).not.toMatch(ADDRESS);
  });
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

  test.each(REQUIREMENTS)('%s', (lock) => {
    const entries = read(lock)
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
  test.each(REQUIREMENTS)('%s', (lock, ...groups) => {
    const entries = normal(read(lock)).split(/^(?=[a-z0-9])/m);
    for (const group of groups) {
      const pins = pinsOf(group);
      expect(pins.length).toBeGreaterThan(1);
      // The group stands beside its packages, so that an environment is made anew when one moves to another group.
      const isLocked = (entry: string, pin: string) =>
        entry.startsWith(`${normal(pin)} `) && entry.includes(`(pyproject.toml:${group})`);
      expect(pins.filter((pin) => !entries.some((entry) => isLocked(entry, pin)))).toEqual([]);
    }
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
    const locked = parseLock(read('jgo.lock.toml'));
    const sets = read('jgo.toml')
      .split(/^\[sets\./m)
      .slice(1);
    const folderOf = (set: string) => /^folder = "(.+)"$/m.exec(set)?.[1];
    const excludedBy = (set: string) => [...set.matchAll(/^ {2}"([\w.-]+:[\w.-]+)",$/gm)].map(([, name]) => name);
    const folders = ['spark-jars', 'debezium-postgres-jars'];
    for (const folder of folders) {
      const excluded = sets.filter((set) => folderOf(set) === folder).flatMap(excludedBy);
      const shipped = locked.filter((one) => one.folder === folder).map((one) => `${one.groupId}:${one.artifactId}`);
      expect(excluded.length).toBeGreaterThan(5);
      expect(shipped.length).toBeGreaterThan(1);
      expect(shipped.filter((name) => excluded.includes(name))).toEqual([]);
    }
  });
});

test('the CDK command is 2.x: 3.0.0 was published by accident, is what "latest" points to, and cannot read our assembly', () => {
  const asked = JSON.parse(read('package.json')).devDependencies['aws-cdk'];
  expect(asked).toMatch(/^2\.\d+\.\d+$/);
  expect(packageLock.packages['node_modules/aws-cdk']?.version).toBe(asked);
});
