/**
 * No pipeline is known outside its folders, so that it comes and goes with them.
 *
 * The rule: a tracked file, or one that is about to be, says no pipeline's name and no name of a pipeline's topic, neither in
 * its text nor in its path, as a whole word, in capitals or not. A whole word has no letter, digit or underscore beside it.
 * Not held to it are
 * - the three folders of a pipeline: `pipelines/<name>/`, `jobs/pyspark/<name>/`, `sample_data/<name>/`. Of other pipelines they
 *   may not say a topic or one of the three folders; a word alone may be a field of their own data;
 * - prose that is about the project: `docs/`, `README.md`, `CHANGELOG.md`;
 * - the one line that names the pipeline of the demo: `const DEMO_PIPELINE = '<name>';` in `local/cli/demo.ts`.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { topicsOf } from '../lib/declaration/flow.ts';
import { loadPipelines } from '../lib/declaration/load.ts';
import type { Pipeline } from '../lib/declaration/pipeline.ts';
import { root } from '../tools/setup/folders.mjs';
import readings from './readings/pipelines/readings/pipeline.ts';

interface TextFile {
  readonly path: string;
  readonly text: string;
}

const PROSE = /^(docs\/|README\.md$|CHANGELOG\.md$)/;
/** Inside one of the three folders of any pipeline. */
const ANY_PIPELINE = /^(pipelines|sample_data|jobs\/pyspark(?!\/millrace\/))\/[^/]+\//;
const DEMO = /^const DEMO_PIPELINE = '[a-z0-9]+';$/m;

const foldersOf = ({ name }: Pipeline): string[] => [
  `pipelines/${name}`,
  `jobs/pyspark/${name}`,
  `sample_data/${name}`,
];

const isIn = (path: string, pipeline: Pipeline): boolean =>
  foldersOf(pipeline).some((folder) => path.startsWith(`${folder}/`));

/** A pattern for any of these as a whole word. */
function words(all: readonly string[]): RegExp {
  const escaped = all.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?<!\\w)(?:${escaped.join('|')})(?!\\w)`, 'i');
}

/** Lines that say what they must not, each with its place. */
function findings(files: readonly TextFile[], pipelines: readonly Pipeline[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (PROSE.test(path)) return [];
    const held = path === 'local/cli/demo.ts' ? text.replace(DEMO, '') : text;
    return pipelines.flatMap((pipeline) => {
      if (isIn(path, pipeline)) return [];
      const topics = Object.values(topicsOf(pipeline)).map(({ name }) => name);
      const forbidden = words([...topics, ...(ANY_PIPELINE.test(path) ? foldersOf(pipeline) : [pipeline.name])]);
      const lines = held.split('\n').map((line, index) => ({ line, place: `${path}:${index + 1}` }));
      return [{ line: path, place: path }, ...lines].flatMap(({ line, place }) => {
        const found = forbidden.exec(line);
        return found ? [`${place} says "${found[0]}", which is of pipeline ${pipeline.name}`] : [];
      });
    });
  });
}

/** Files that are tracked or, since nobody ignores them, will be. */
function filesOfTheProject(): TextFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return (
    [...new Set(listed.split('\0'))]
      // A link, such as one to packages elsewhere, has no text of its own.
      .filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile())
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  );
}

test('no file outside the folders of a pipeline says its name or one of its topics', async () => {
  const pipelines = await loadPipelines();
  const files = filesOfTheProject();
  expect(files.length).toBeGreaterThan(100);
  expect(
    findings(files, pipelines),
    'Derive it from the declarations, or use the invented pipeline in test/readings. If the name is a word that the project uses anyway, give the pipeline another.',
  ).toEqual([]);
});

describe('what says a name', () => {
  const tides: Pipeline = { ...readings, name: 'tides', jobs: {} };
  const found = (path: string, text: string): string[] => findings([{ path, text }], [readings, tides]);

  test.each([
    ['a pipeline', 'lib/app.ts', "load('readings');"],
    ['a pipeline in what jobs share', 'jobs/pyspark/millrace/job/run.py', '# for readings'],
    ['a pipeline in a path', 'lib/app.ts', 'pipelines/readings/pipeline.ts'],
    ['a pipeline in capitals', 'lib/app.ts', '// Readings come first.'],
    ['a topic', 'config/dev.ts', "'plant.readings.dead-letters'"],
    ['a topic of another pipeline', 'pipelines/tides/pipeline.ts', "name: 'plant.readings.averages'"],
    ['a folder of another pipeline', 'jobs/pyspark/tides/tests/test_it.py', 'sample_data/readings/readings.csv'],
    ['another pipeline for the demo', 'local/cli/demo.ts', "const DEMO_PIPELINE = 'tides';\nrun('readings');"],
  ])('%s is found', (_, path, text) => {
    expect(found(path, text)).toHaveLength(1);
  });

  test('a path is found', () => {
    expect(found('test/aws/tables/readings.txt', '')).toEqual([
      'test/aws/tables/readings.txt says "readings", which is of pipeline readings',
    ]);
  });

  test.each([
    ['its own folders', 'jobs/pyspark/readings/send.py', 'readings to plant.readings'],
    ['a field of another pipeline', 'pipelines/tides/pipeline.ts', "count: 'readings'"],
    ['prose', 'docs/architecture.md', 'The readings pipeline.'],
    ['the demo', 'local/cli/demo.ts', "const DEMO_PIPELINE = 'readings';"],
    ['a longer word', 'lib/app.ts', 'const proofreadings = readings_by_hour;'],
  ])('%s may say it', (_, path, text) => {
    expect(found(path, text)).toEqual([]);
  });
});
