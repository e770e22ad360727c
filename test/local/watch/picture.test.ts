/** The picture of a pipeline is its declaration: all that it reads and writes, each once, with arrows in the direction of the rows. */
import { expect, test } from 'vitest';
import { batch, folder } from '../../../lib/declaration/index.ts';
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
