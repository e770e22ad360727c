/** A small pipeline by the words of a declaration, for tests of what the local run does with one: lines are sent, words counted and shown. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  avro,
  batch,
  csv,
  deadLettersOf,
  folder,
  integer,
  jsonLines,
  jsonSchema,
  pipeline,
  stream,
  topic,
} from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';

const record = (...fields: [name: string, type: string][]) =>
  JSON.stringify({ type: 'record', name: 'R', fields: fields.map(([name, type]) => ({ name, type })) });

const SCHEMAS: Readonly<Record<string, string>> = {
  'line.avsc': record(['word', 'string']),
  'count.avsc': record(['word', 'string'], ['times', 'long']),
  'word.schema.json': JSON.stringify({ type: 'object', required: ['word'], properties: { word: { type: 'string' } } }),
};

/** The project in which the pipeline lies. */
function projectWith(schemas: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-words-'));
  const folderOfSchemas = join(root, 'pipelines', 'tiny', 'schemas');
  mkdirSync(folderOfSchemas, { recursive: true });
  for (const [name, text] of Object.entries(schemas)) writeFileSync(join(folderOfSchemas, name), text);
  return root;
}

/** What the parts of the pipeline are called in tests. */
export function wordsPipeline({ json = false }: { readonly json?: boolean } = {}) {
  const word = jsonSchema('word.schema.json');
  const linesFile = json ? jsonLines('lines.csv', word) : csv('lines.csv', ',', avro('line.avsc', 'tiny.lines.csv'));
  const totalsFile = csv('totals.csv', '|', avro('count.avsc', 'tiny.totals.csv'));
  const words = topic('tiny.words', { partitions: 2, value: word, external: 'written' });
  const wordCounts = topic('tiny.counts', {
    partitions: 1,
    cleanup: 'compact',
    key: avro('line.avsc'),
    value: avro('count.avsc'),
    external: 'both',
  });
  const lost = deadLettersOf(words);
  const [rejects, results] = [folder('rejects'), folder('results')];
  const lineCount = integer({ default: 0, minimum: 0, maximum: 9, unit: 'lines', description: 'How many.' });

  const send = batch('send.py', {
    reads: { lines: linesFile, ...(json ? {} : { totals: totalsFile }) },
    writes: { words, rejects },
    parameters: { lineCount },
  });
  const count = stream('count.py', { reads: { words }, writes: { wordCounts, lost }, keys: 100 });
  const tellAll = batch('tell_all.py', { reads: { wordCounts }, writes: {} });
  const show = batch('show.py', { reads: { wordCounts }, writes: { results } });
  const jobs = { send, count, tellAll, show };
  const account = {
    sent: words,
    from: { file: linesFile, rows: lineCount, rejects },
    deadLetters: lost,
    results: { topic: wordCounts, count: 'times' },
  };
  const declared = pipeline(`file://${projectWith(SCHEMAS)}/pipelines/tiny/pipeline.ts`, {
    description: 'Words by how often they come.',
    jobs,
    accounts: [account],
    report: { job: show, folder: results, columns: [{ field: 'word', title: 'word', format: 'text' }] },
  });
  return { pipeline: declared satisfies Pipeline, account, jobs, topics: { words, wordCounts, lost } };
}
