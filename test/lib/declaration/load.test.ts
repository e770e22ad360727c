/** Loading declarations from a folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';

const INDEX = new URL('../../../lib/declaration/index.ts', import.meta.url).href;

const projects: string[] = [];
afterAll(() => {
  for (const project of projects) rmSync(project, { recursive: true });
});

/** The folder `pipelines` of a project with these declarations and a job for each. */
function projectWith(declarations: Readonly<Record<string, string>>): string {
  const project = mkdtempSync(join(tmpdir(), 'millrace-load-'));
  projects.push(project);
  for (const [name, text] of Object.entries(declarations)) {
    mkdirSync(join(project, 'pipelines', name), { recursive: true });
    writeFileSync(join(project, 'pipelines', name, 'pipeline.ts'), text);
    mkdirSync(join(project, 'jobs', 'pyspark', name), { recursive: true });
    writeFileSync(join(project, 'jobs', 'pyspark', name, 'send.py'), '');
  }
  return join(project, 'pipelines');
}

/** A pipeline with one topic of that many partitions. */
const declaring = (topic: string, partitions = 1): string => `
  import { batch, pipeline, topic } from '${INDEX}';
  const lines = topic('${topic}', { partitions: ${partitions} });
  const send = batch('send.py', { reads: {}, writes: { lines } });
  export default pipeline(import.meta.url, { description: 'Lines.', jobs: { send } });
`;

describe('loading', () => {
  test('gives every pipeline of the folder, in the order of their names, with the folders of its files', async () => {
    const folder = projectWith({ lines: declaring('lines'), gates: declaring('gates') });
    const pipelines = await loadPipelines(folder);
    expect(pipelines.map(({ name }) => name)).toEqual(['gates', 'lines']);
    expect(pipelines[1]?.folders).toEqual({
      declaration: join(folder, 'lines'),
      jobs: join(folder, '..', 'jobs', 'pyspark', 'lines'),
      sampleData: join(folder, '..', 'sample_data', 'lines'),
    });
  });

  test('refuses with the mistakes of every file in one error', async () => {
    const folder = projectWith({
      lines: declaring('lines', 0),
      empty: 'export const pipeline = {};',
      broken: "\nthrow new TypeError('no such thing');",
      unread: '\n\nexport default {,};',
    });
    mkdirSync(join(folder, 'notes'));
    mkdirSync(join(folder, '.cache'));
    const error = await loadPipelines(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MILLRACE_DECLARATION' });
    expect((error as Error).message.replaceAll(folder, '<pipelines>').split('\n')).toEqual([
      '5 mistakes in the declarations. Correct each and try again.',
      '  <pipelines>/broken/pipeline.ts:2: cannot be loaded; got "TypeError: no such thing"; allowed: a module that runs without an error',
      '  <pipelines>/empty/pipeline.ts: declares no pipeline; got nothing; allowed: export default pipeline(import.meta.url, {...})',
      '  <pipelines>/notes/pipeline.ts: is missing; got nothing; allowed: a file that declares the pipeline, or no such folder',
      expect.stringMatching(/^ {2}<pipelines>\/unread\/pipeline\.ts(:3)?: cannot be loaded; got ".*Error: /),
      '  lines.topics.lines.partitions: is out of range; got 0; allowed: whole numbers from 1 to 2400',
    ]);
  });
});
