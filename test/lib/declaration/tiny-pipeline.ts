/**
 * A whole pipeline small enough to read at once, with its files in a temporary folder: a change comes in, the changed
 * pipeline or the lines of its refusal go out. Used by the tests of declarations.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { DeclarationError } from '../../../lib/declaration/mistakes.ts';
import type { Pipeline } from '../../../lib/declaration/model.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';

const RECORD = (name: string, fields: object[]) => JSON.stringify({ type: 'record', name, fields });

const FILES: Readonly<Record<string, string>> = {
  'pipelines/tiny/schemas/line.avsc': RECORD('Line', [{ name: 'word', type: 'string' }]),
  'pipelines/tiny/schemas/word-key.avsc': '"string"',
  'pipelines/tiny/schemas/word.avsc': RECORD('Word', [{ name: 'word', type: 'string' }]),
  'pipelines/tiny/schemas/count.avsc': RECORD('Count', [
    { name: 'word', type: 'string' },
    { name: 'times', type: 'long' },
  ]),
  'pipelines/tiny/schemas/broken.avsc': '{"type": "rekord"}',
  'pipelines/tiny/schemas/word.schema.json': JSON.stringify({
    type: 'object',
    properties: { word: { type: 'string' }, times: { type: 'integer' }, weight: { type: 'number', multipleOf: 0.01 } },
    required: ['word'],
  }),
  'pipelines/tiny/schemas/broken.schema.json': '{"type": "array"}',
  'jobs/pyspark/tiny/send.py': '',
  'jobs/pyspark/tiny/count.py': '',
  'jobs/pyspark/tiny/show.py': '',
  'sample_data/tiny/lines.csv': 'word\nmill\n',
};

/** A folder with the files that the tiny pipeline names. */
function folderOfFiles(): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-declaration-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** The project of the tiny pipeline, gone after the tests of the file that uses it. */
export const root = folderOfFiles();
afterAll(() => rmSync(root, { recursive: true }));

const small = { driver: { cores: 1, memory: 2 }, executor: { cores: 1, memory: 2 }, executors: 1 };

/** Lines of a file are sent, their words counted, the counts shown. */
const tiny = () => ({
  name: 'tiny',
  description: 'Words by how often they come.',
  topics: {
    words: {
      name: 'tiny.words',
      partitions: 2,
      cleanup: 'delete',
      retention: 3_600_000,
      key: { file: 'word-key.avsc' },
      value: { file: 'word.avsc' },
    },
    wordCounts: {
      name: 'tiny.counts',
      partitions: 1,
      cleanup: 'compact',
      key: { file: 'word-key.avsc' },
      value: { file: 'count.avsc' },
    },
    lost: { name: 'tiny.lost', partitions: 1, cleanup: 'delete' },
  },
  files: { lines: { sample: 'lines.csv', separator: ',', schema: { file: 'line.avsc', artifact: 'tiny.lines.csv' } } },
  jobs: {
    send: {
      entryPoint: 'send.py',
      mode: 'batch',
      reads: { files: ['lines'] },
      writes: { topics: ['words'], folders: ['rejects'] },
      size: structuredClone(small),
      tunables: {
        lineCount: { kind: 'integer', default: 0, minimum: 0, maximum: 9, unit: 'lines', description: 'How many.' },
      },
    },
    count: {
      entryPoint: 'count.py',
      mode: 'streaming',
      reads: { topics: ['words'] },
      writes: { topics: ['wordCounts', 'lost'] },
      queries: ['counts', 'lost'],
      size: structuredClone(small),
    },
    show: {
      entryPoint: 'show.py',
      mode: 'batch',
      reads: { topics: ['wordCounts'] },
      writes: { folders: ['results'] },
      size: structuredClone(small),
      tunables: {
        word: { kind: 'text', default: '', pattern: '[a-z]+', unit: 'word', description: 'Shows one word.' },
        since: { kind: 'instant', default: '', description: 'Shows what is newer.' },
      },
    },
  },
  order: { kind: 'bounded', stream: 'count', during: ['send'], after: ['show'] },
  reconciliation: {
    file: 'lines',
    rows: 'lineCount',
    source: 'words',
    rejects: 'rejects',
    deadLetters: 'lost',
    summary: { topic: 'wordCounts', count: 'times', windowsPerRow: 1 },
  },
  report: { job: 'show', folder: 'results', columns: [{ field: 'word', title: 'word', format: 'text' }] },
  folders: {
    declaration: join(root, 'pipelines', 'tiny'),
    jobs: join(root, 'jobs', 'pyspark', 'tiny'),
    sampleData: join(root, 'sample_data', 'tiny'),
  },
});

/** The tiny pipeline as its author writes it, with loose types so that a test can write what the compiler would not. */
export type TinyPipeline = ReturnType<typeof tiny>;

/** The tiny pipeline after a change. */
export function tinyPipeline(change: (pipeline: TinyPipeline) => void = () => {}): Pipeline {
  const pipeline = tiny();
  change(pipeline);
  return pipeline as unknown as Pipeline;
}

/** Lets the words and the lines that they come from be JSON. */
export function asJson(pipeline: TinyPipeline): void {
  const schema = { file: 'word.schema.json' };
  Object.assign(pipeline.topics.words, { key: undefined, value: schema });
  Object.assign(pipeline.files.lines, { separator: undefined, schema });
}

/** What a person reads when these pipelines are loaded, a line per mistake; folders of the test stand as `<root>`. */
export function refusalOf(...pipelines: Pipeline[]): string[] {
  const mistakes = mistakesOf(pipelines);
  if (mistakes.length === 0) return [];
  return new DeclarationError(mistakes).message
    .replaceAll(root, '<root>')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}
