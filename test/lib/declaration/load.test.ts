/** Loading declarations from a folder, and what a declaration becomes there. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { PipelineDeclaration } from '../../../lib/declaration/model.ts';
import { definePipeline } from '../../../lib/declaration/pipeline.ts';
import { root, tinyPipeline } from './tiny-pipeline.ts';

const DEFINE = new URL('../../../lib/declaration/pipeline.ts', import.meta.url).href;

const projects: string[] = [];
afterAll(() => {
  for (const project of projects) rmSync(project, { recursive: true });
});

/** A project whose folder `pipelines` holds these declarations, beside the files of the tiny pipeline. */
function projectWith(declarations: Readonly<Record<string, string>>): string {
  const project = mkdtempSync(join(tmpdir(), 'millrace-load-'));
  projects.push(project);
  cpSync(root, project, { recursive: true });
  for (const [name, text] of Object.entries(declarations)) {
    mkdirSync(join(project, 'pipelines', name), { recursive: true });
    writeFileSync(join(project, 'pipelines', name, 'pipeline.ts'), text);
  }
  return join(project, 'pipelines');
}

const declaring = (change: Parameters<typeof tinyPipeline>[0] = () => {}): string => {
  const { folders: _, ...declaration } = tinyPipeline(change);
  return `import { definePipeline } from '${DEFINE}';\nexport default definePipeline(import.meta.url, ${JSON.stringify(declaration)});\n`;
};

describe('loading', () => {
  test('gives every pipeline of the folder with the folders of its files', async () => {
    const folder = projectWith({ tiny: declaring() });
    const [pipeline, ...others] = await loadPipelines(folder);
    expect(others).toEqual([]);
    expect(pipeline?.name).toBe('tiny');
    expect(pipeline?.folders.sampleData).toBe(join(folder, '..', 'sample_data', 'tiny'));
  });

  test('leaves folders without a declaration alone', async () => {
    const folder = projectWith({ tiny: declaring() });
    mkdirSync(join(folder, 'notes'));
    expect(await loadPipelines(folder)).toHaveLength(1);
  });

  test('refuses with the mistakes of every file in one error', async () => {
    const folder = projectWith({
      tiny: declaring((p) => {
        p.topics.lost.partitions = 0;
      }),
      empty: 'export const pipeline = {};',
      broken: "throw new TypeError('no such thing');",
    });
    const error = await loadPipelines(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MILLRACE_DECLARATION' });
    expect((error as Error).message.replaceAll(folder, '<pipelines>').split('\n')).toEqual([
      '3 mistakes in the declarations. Correct each and try again.',
      '  <pipelines>/broken/pipeline.ts: declares no pipeline; got TypeError: no such thing; allowed: export default definePipeline(import.meta.url, {...})',
      '  <pipelines>/empty/pipeline.ts: declares no pipeline; got no default export; allowed: export default definePipeline(import.meta.url, {...})',
      '  tiny.topics.lost.partitions: is out of range; got 0; allowed: whole numbers from 1 to 2400',
    ]);
  });
});

test('a declaration needs no files, no reconciliation and no report', () => {
  const { files: _, reconciliation: __, report: ___, folders: ____, ...rest } = tinyPipeline();
  const url = pathToFileURL(join(root, 'pipelines', 'tiny', 'pipeline.ts')).href;
  const pipeline = definePipeline(url, rest satisfies PipelineDeclaration);
  expect(pipeline.files).toEqual({});
  expect(pipeline.reconciliation).toBeUndefined();
  expect(pipeline.report).toBeUndefined();
  expect(pipeline.folders.jobs).toBe(join(root, 'jobs', 'pyspark', 'tiny'));
});
