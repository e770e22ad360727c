/** `millrace new`: what it makes is whole and clean for every name, and what it refuses leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { projectRoot } from '../../../local/home.ts';
import { scaffold } from '../../../tools/scaffold/scaffold.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const places = ['pipelines', 'jobs/pyspark', 'sample_data'];

/** A checkout without pipelines, in which what a scaffold needs of this one is linked. */
function checkout(): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-scaffold-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'jobs', 'pyspark'), { recursive: true });
  for (const name of ['lib', 'node_modules', join('jobs', 'pyspark', 'millrace')]) {
    symlinkSync(join(projectRoot, name), join(root, name));
  }
  for (const name of ['biome.json', 'pyproject.toml']) copyFileSync(join(projectRoot, name), join(root, name));
  return root;
}

const make = (root: string, name: string, pipelines: readonly Pipeline[] = []) => scaffold(name, { root, pipelines });

/** Everything of pipelines and of the scaffold's own work that lies in a checkout. */
const tracesIn = (root: string): string[] =>
  [...places, 'build'].flatMap((place) =>
    existsSync(join(root, place))
      ? readdirSync(join(root, place))
          .filter((name) => name !== 'millrace')
          .map((name) => `${place}/${name}`)
      : [],
  );

describe('a new pipeline', () => {
  test('is three folders of its name, and the files are told', async () => {
    const root = checkout();
    const files = await make(root, 'tides');
    expect(tracesIn(root).sort()).toEqual(['jobs/pyspark/tides', 'pipelines/tides', 'sample_data/tides']);
    const found = places.flatMap((place) =>
      readdirSync(join(root, place, 'tides'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
    );
    expect(files.toSorted()).toEqual(found.sort());
    for (const file of files) expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/\{\{|template/);
  });

  test('has ten rows of sample data', async () => {
    const root = checkout();
    const files = await make(root, 'tides');
    const [sample = ''] = files.filter((file) => file.startsWith('sample_data/'));
    const lines = readFileSync(join(root, sample), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  test('has no mistake beside the pipelines that are there', async () => {
    await expect(make(checkout(), 'tides', await loadPipelines())).resolves.toBeDefined();
  });

  // Names before and after "millrace", because imports are sorted, and the longest, because lines have a width.
  test.each(['app', 'tides', `n${'o'.repeat(29)}`])('is clean for the linters when it is called %s', async (name) => {
    const root = checkout();
    await make(root, name);
    const ruff = join(readToolchain().venv, 'bin', 'ruff');
    const biome = join(projectRoot, 'node_modules', '.bin', 'biome');
    for (const [program, ...args] of [
      [biome, 'check', '--vcs-enabled=false', `pipelines/${name}`],
      [ruff, 'check', '--no-cache', `jobs/pyspark/${name}`],
      [ruff, 'format', '--check', '--no-cache', `jobs/pyspark/${name}`],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
      expect(status, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    }
  });
});

describe('a name is refused', () => {
  test.each([
    ['', 'is not a name for its folder'],
    ['Tides', 'is not a name for its folder'],
    ['my-tides', 'is not a name for its folder'],
    ['../tides', 'is not a name for its folder'],
    ['9lives', 'is not a name for its folder'],
    ['x'.repeat(31), 'is not a name for its folder'],
    ['streaming', 'is taken by the platform'],
    ['millrace', 'is taken by the platform'],
  ])('"%s": %s, with what is allowed', async (name, what) => {
    const root = checkout();
    await expect(make(root, name)).rejects.toMatchObject({
      code: 'INVALID_NAME',
      message: expect.stringMatching(new RegExp(`"${name}": it ${what}\\. Allowed: .+`)),
    });
    expect(tracesIn(root)).toEqual([]);
  });

  test.each(places)('that %s has a folder of', async (place) => {
    const root = checkout();
    mkdirSync(join(root, place, 'tides'), { recursive: true });
    await expect(make(root, 'tides')).rejects.toMatchObject({
      code: 'NAME_TAKEN',
      message: expect.stringContaining(`${place}/tides exists`),
    });
    expect(tracesIn(root)).toEqual([`${place}/tides`]);
  });

  test('whose topics another pipeline has', async () => {
    const other = checkout();
    await make(other, 'tides');
    const { default: made } = (await import(join(other, 'pipelines', 'tides', 'pipeline.ts'))) as {
      default: Pipeline;
    };
    const root = checkout();
    await expect(make(root, 'tides', [{ ...made, name: 'readings' }])).rejects.toThrow(
      /tides\.topics\.readings\.name: is the name of readings\.topics\.readings too; got "tides\.readings"/,
    );
    expect(tracesIn(root)).toEqual([]);
  });

  test.each(['json', 'import', 'pyspark', 'conftest'])('that Python has: %s', async (name) => {
    const root = checkout();
    await expect(make(root, name)).rejects.toMatchObject({ code: 'INVALID_NAME' });
    expect(tracesIn(root)).toEqual([]);
  });
});

test('when the last folder cannot be put in its place, none is', async () => {
  const root = checkout();
  writeFileSync(join(root, 'sample_data'), 'a file where a folder should be');
  await expect(make(root, 'tides')).rejects.toThrow();
  rmSync(join(root, 'sample_data'));
  expect(tracesIn(root)).toEqual([]);
});
