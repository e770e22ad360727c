/** What `millrace describe` says of a pipeline, by its declaration alone. */
import { expect, test } from 'vitest';
import { batch, integer, pipeline, stream, topic } from '../../../lib/declaration/index.ts';
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
});
