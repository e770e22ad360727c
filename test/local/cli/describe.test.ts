/** What `millrace describe` says of a pipeline, by its declaration alone. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  avro,
  batch,
  csv,
  dataset,
  hours,
  integer,
  jsonLines,
  jsonSchema,
  pipeline,
  postgres,
  stream,
  table,
  topic,
} from '../../../lib/declaration/index.ts';
import { descriptionOf, drawnFlow, textOf } from '../../../local/cli/describe.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const described = () => descriptionOf(wordsPipeline().pipeline);

test('the flow is drawn with each job behind those whose results it reads', () => {
  expect(drawnFlow(wordsPipeline().pipeline)).toEqual([
    '                    ┌──────────┐',
    '      file lines ──▶│ send     ├──▶ topic words',
    '     file totals ──▶│ batch    ├──▶ folder rejects',
    '                    └──────────┘',
    '                    ┌──────────┐',
    '     topic words ──▶│ count    ├──▶ topic wordCounts',
    '                    │ stream   ├──▶ topic lost',
    '                    └──────────┘',
    '                    ┌──────────┐',
    'topic wordCounts ──▶│ tell-all │',
    '                    │ batch    │',
    '                    └──────────┘',
    '                    ┌──────────┐',
    'topic wordCounts ──▶│ show     ├──▶ folder results',
    '                    │ batch    │',
    '                    └──────────┘',
  ]);
});

test('a job that was declared before the one that feeds it is drawn behind it', () => {
  const words = topic('a.words', { partitions: 1 });
  const jobs = {
    show: batch('show.py', { reads: { words }, writes: {} }),
    send: batch('send.py', { reads: {}, writes: { words } }),
  };
  const boxes = drawnFlow(pipeline('file:///x/pipelines/words/pipeline.ts', { description: 'x', jobs }));
  expect(boxes.findIndex((row) => row.includes('send'))).toBeLessThan(boxes.findIndex((row) => row.includes('show')));
});

test('a parameter is told with its default, its range, its unit and the jobs that it is for', () => {
  expect(described().parameters).toMatchObject([
    {
      name: 'lineCount',
      default: 0,
      minimum: 0,
      maximum: 9,
      unit: 'lines',
      allowed: 'whole numbers from 0 to 9 (lines)',
      jobs: ['send'],
    },
  ]);
});

test('files are told with the values that each column takes, be they delimited or JSON lines', () => {
  expect(described().files).toMatchObject([
    {
      file: 'lines.csv',
      form: 'delimited',
      separator: ',',
      columns: [{ name: 'word', accepts: 'text', required: true }],
    },
    { file: 'totals.csv', columns: [{ name: 'word' }, { name: 'times', accepts: 'whole number of 64 bits' }] },
  ]);
  expect(descriptionOf(wordsPipeline({ json: true }).pipeline).files).toMatchObject([
    { file: 'lines.csv', form: 'JSON lines', columns: [{ name: 'word', accepts: 'text', required: true }] },
  ]);
});

test('each type of a column is told as the form that its values have, and which may be empty', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-describe-'));
  const schemas = join(root, 'pipelines', 'shop', 'schemas');
  mkdirSync(schemas, { recursive: true });
  const paid = { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 };
  const fields = [
    { name: 'id', type: 'int' },
    { name: 'paid', type: ['null', paid], doc: 'To the cent.' },
  ];
  writeFileSync(join(schemas, 'a.avsc'), JSON.stringify({ type: 'record', name: 'A', fields }));
  const properties = {
    id: { type: 'integer', minimum: 0 },
    price: { type: 'number', multipleOf: 0.01, minimum: -1, maximum: 1000 },
    at: { type: 'string', format: 'date-time' },
    size: { type: ['string', 'null'], enum: ['S', 'M'] },
    name: { type: 'string', maxLength: 9, pattern: '[a-z]+' },
    new: { type: 'boolean' },
  };
  const required = ['id', 'price', 'at', 'size', 'name'];
  writeFileSync(join(schemas, 'b.schema.json'), JSON.stringify({ type: 'object', required, properties }));
  const reads = {
    a: csv('a.csv', ';', avro('a.avsc', 'a')),
    b: jsonLines('b.jsonl', jsonSchema('b.schema.json')),
  };
  const jobs = { send: batch('send.py', { reads, writes: {} }) };
  const shop = pipeline(`file://${root}/pipelines/shop/pipeline.ts`, { description: 'x', jobs });
  const columns = descriptionOf(shop).files.flatMap(({ columns }) => columns);
  expect(columns.map(({ name, accepts, required }) => [name, accepts, required])).toEqual([
    ['id', 'whole number of 32 bits', true],
    ['paid', 'number, 10 digits, 2 behind the point', false],
    ['id', 'whole number, from 0', true],
    ['price', 'number, 2 behind the point, -1 to 1,000', true],
    ['at', 'instant, such as 2026-01-31T13:00:00Z', true],
    ['size', 'one of S, M', false],
    ['name', 'text, up to 9 characters, as [a-z]+', true],
    ['new', 'true or false', false],
  ]);
  expect(textOf(shop)).toContain('paid  number, 10 digits, 2 behind the point; may be empty  To the cent.');
  expect(textOf(shop)).toMatch(/ id +whole number of 32 bits$/m);
});

test('topics are told with partitions, schemas and what is kept of them', () => {
  expect(described().topics).toMatchObject([
    { name: 'words', topic: 'tiny.words', partitions: 2, cleanup: 'delete', external: 'written' },
    { name: 'wordCounts', role: 'compacted', schemas: { key: 'line.avsc', value: 'count.avsc' } },
    { name: 'lost', role: 'dead letters' },
  ]);
});

test('each job is told with when it runs', () => {
  const { topics } = wordsPipeline();
  const count = stream('count.py', { reads: { words: topics.words }, writes: {} });
  const parameters = { count: integer({ default: 1, minimum: 1, maximum: 2, unit: 'x', description: 'x' }) };
  const fixAll = batch('fix.py', { reads: {}, writes: {}, alone: true, parameters });
  const declared = pipeline('file:///x/pipelines/sums/pipeline.ts', { description: 'x', jobs: { fixAll, count } });
  expect([...described().jobs, ...descriptionOf(declared).jobs].map(({ name, runs }) => [name, runs])).toEqual([
    ['send', 'while the streams run'],
    ['count', 'follows what it reads until it is drained'],
    ['tell-all', 'after the streams are drained'],
    ['show', 'after the streams are drained'],
    ['count', 'follows what it reads until it is drained'],
    ['fix-all', 'alone only: --job fix-all'],
  ]);
});

test('a dataset is told with what its files are divided by and what its maintenance keeps', () => {
  const schema = jsonSchema('words.schema.json');
  const [kept, other] = [
    dataset('kept', { schema, partitionBy: ['days(at)'] }),
    dataset('other', { schema, keep: hours(2) }),
  ];
  const jobs = { keep: batch('keep.py', { reads: {}, writes: { kept, other } }) };
  const declared = pipeline('file:///x/pipelines/words/pipeline.ts', { description: 'x', jobs });
  expect(descriptionOf(declared).datasets).toEqual([
    {
      name: 'kept',
      dataset: 'kept',
      schema: 'words.schema.json',
      partitionBy: ['days(at)'],
      fileSize: 128,
      keepMs: 604_800_000,
    },
    expect.objectContaining({ name: 'other', partitionBy: [], keepMs: 7_200_000 }),
  ]);
  const text = textOf(declared);
  expect(text).toContain('kept: kept, columns of words.schema.json, divided by days(at)');
  expect(text).toContain('maintenance makes files of 128 MiB and keeps what it was for 2 hours');
  expect(text).toContain('├──▶ dataset kept');
});

test('a table is told with its database, its columns and its key', () => {
  const flow = table('flow', { database: postgres('words'), key: ['at'], columns: ['at', 'total'] });
  const jobs = { keep: batch('keep.py', { reads: {}, writes: { flow } }) };
  const declared = pipeline('file:///x/pipelines/words/pipeline.ts', { description: 'x', jobs });
  const { database, tables } = descriptionOf(declared);
  expect([database, tables]).toEqual([
    'words',
    [{ name: 'flow', table: 'words.flow', columns: ['at', 'total'], key: ['at'] }],
  ]);
  expect(textOf(declared)).toContain('flow: words.flow in database words, columns at, total; key at');
});

test('the text holds all of it, without an empty section', () => {
  const text = textOf(wordsPipeline().pipeline);
  const titles = text.split('\n').filter((line) => /^[A-Z]\w+$/.test(line));
  expect(titles).toEqual(['Flow', 'Parameters', 'Files', 'Topics', 'Folders', 'Jobs']);
  expect(text).toContain('lineCount: 0; whole numbers from 0 to 9 (lines)');
  expect(text).toContain('2 partitions; kept for 7 days; written outside too');
  const words = topic('a.words', { partitions: 1, retention: 5_400_000 });
  const jobs = { send: batch('send.py', { reads: {}, writes: { words } }) };
  const small = textOf(pipeline('file:///x/pipelines/words/pipeline.ts', { description: 'x', jobs }));
  expect(small).not.toMatch(/^(Files|Parameters|Folders)$/m);
  expect(small).toContain('1 partition; kept for 90 minutes');
  const brief = {
    send: batch('send.py', { reads: {}, writes: { brief: topic('a', { partitions: 1, retention: hours(3) }) } }),
  };
  const other = pipeline('file:///x/pipelines/words/pipeline.ts', { description: 'x', jobs: brief });
  expect(textOf(other)).toContain('kept for 3 hours');
});
