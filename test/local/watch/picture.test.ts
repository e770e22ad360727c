/** The picture of a pipeline is its declaration: all that it reads and writes, each once, with arrows in the direction of the rows. */
import { expect, test } from 'vitest';
import { topicsOf } from '../../../lib/declaration/flow.ts';
import {
  batch,
  connector,
  dataset,
  folder,
  items,
  jsonSchema,
  postgres,
  source,
  table,
} from '../../../lib/declaration/index.ts';
import type { Topic } from '../../../lib/declaration/kinds/topic.ts';
import { pictureOf } from '../../../local/watch/picture.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();
const { nodes, edges } = pictureOf(pipeline);

test('each thing and each job is in it once, by the name that people use', () => {
  const told = nodes
    .map(({ shape, kind, title, name, role = '' }) => [shape, kind, title, name, role].join(', '))
    .sort();
  expect(told).toEqual([
    'batch, batch job, send, send.py, ',
    'batch, batch job, show, show.py, ',
    'batch, batch job, tell-all, tell_all.py, ',
    'stream, stream, count, count.py, ',
    'thing, file, lines, lines.csv, ',
    'thing, file, totals, totals.csv, ',
    'thing, folder, rejects, rejects, ',
    'thing, folder, results, results, ',
    'topic, topic, lost, tiny.words.dead-letters, dead letters',
    'topic, topic, wordCounts, tiny.counts, compacted',
    'topic, topic, words, tiny.words, ',
  ]);
});

test('arrows go from what is read to the job, and from the job to what it writes', () => {
  expect(edges.map(({ id }) => id)).toEqual([
    'files.lines>jobs.send',
    'files.totals>jobs.send',
    'jobs.send>topics.words',
    'jobs.send>folders.rejects',
    'topics.words>jobs.count',
    'jobs.count>topics.wordCounts',
    'jobs.count>topics.lost',
    'topics.wordCounts>jobs.tellAll',
    'topics.wordCounts>jobs.show',
    'jobs.show>folders.results',
  ]);
});

test('a kind that the page does not know is a thing, by its own word', () => {
  const table = Object.assign(folder('sums'), { kind: 'table', plural: 'tables' });
  const jobs = { ...pipeline.jobs, keep: batch('keep.py', { reads: {}, writes: { table } }) };
  const [node] = pictureOf({ ...pipeline, jobs }).nodes.filter(({ title }) => title === 'table');
  expect(node).toEqual({ id: 'tables.table', shape: 'thing', kind: 'table', title: 'table', name: 'sums' });
});

test('what holds rows for longer than an execution is drawn as a store', () => {
  const value = jsonSchema('count.schema.json');
  const kept = dataset('kept', { schema: value, partitionBy: [] });
  const latest = items('latest', { partitionKey: 'word', version: 'times' });
  const jobs = { ...pipeline.jobs, keep: batch('keep.py', { reads: {}, writes: { kept, latest } }) };
  const drawn = pictureOf({ ...pipeline, jobs }).nodes.filter(({ shape }) => shape === 'store');
  expect(drawn.map(({ kind, title }) => [kind, title])).toEqual([
    ['dataset', 'kept'],
    ['items', 'latest'],
  ]);
});

test('a connector stands between the tables that it follows, of the pipeline or outside, and their topics', () => {
  const kept = table('kept', {
    database: postgres('tiny', { logicalReplication: true }),
    key: ['id'],
    columns: ['id'],
  });
  const { words, lost } = topicsOf(pipeline) as Record<'words' | 'lost', Topic>;
  const changes = connector('debezium-postgres', {
    writes: { words, lost },
    tables: { words: kept, lost: 'public.others' },
    config: {},
  });
  const jobs = { ...pipeline.jobs, keep: batch('keep.py', { reads: {}, writes: { kept } }) };
  const drawn = pictureOf({ ...pipeline, jobs, connectors: { changes } });
  expect(drawn.edges.map(({ id }) => id).filter((id) => id.includes('connectors.'))).toEqual([
    'tables.kept>connectors.changes',
    'outside.public.others>connectors.changes',
    'connectors.changes>topics.words',
    'connectors.changes>topics.lost',
  ]);
  expect(drawn.nodes.filter(({ id }) => /connectors|outside/.test(id))).toMatchObject([
    { shape: 'connector', title: 'changes', name: 'debezium-postgres' },
    { shape: 'store', kind: 'table outside', title: 'public.others' },
  ]);
});

test('a connector that reads stands between its topics and its dataset', () => {
  const { words, lost } = topicsOf(pipeline) as Record<'words' | 'lost', Topic>;
  const kept = dataset('kept', { schema: jsonSchema('word.schema.json') });
  const keep = connector('iceberg-sink', { reads: { words }, writes: { kept, lost } });
  const drawn = pictureOf({ ...pipeline, connectors: { keep } });
  expect(drawn.edges.map(({ id }) => id).filter((id) => id.includes('connectors.'))).toEqual([
    'topics.words>connectors.keep',
    'connectors.keep>datasets.kept',
    'connectors.keep>topics.lost',
  ]);
  expect(drawn.nodes.filter(({ title }) => title === 'kept')).toMatchObject([{ kind: 'dataset', shape: 'store' }]);
});

test('a source stands before its topics, as what brings something from outside', () => {
  const { words, lost } = topicsOf(pipeline) as Record<'words' | 'lost', Topic>;
  const heard = source('heard', { code: 'heard.ts', writes: { words, lost } });
  const drawn = pictureOf({ ...pipeline, sources: { heard } });
  expect(drawn.edges.map(({ id }) => id).filter((id) => id.includes('sources.'))).toEqual([
    'sources.heard>topics.words',
    'sources.heard>topics.lost',
  ]);
  expect(drawn.nodes.filter(({ id }) => id.startsWith('sources.'))).toEqual([
    { id: 'sources.heard', shape: 'connector', kind: 'source', title: 'heard', name: 'heard' },
  ]);
});
