/** The picture of a pipeline is its declaration: all that it reads and writes, each once, with arrows in the direction of the rows. */
import { expect, test } from 'vitest';
import { pictureOf } from '../../../local/watch/picture.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { nodes, edges } = pictureOf(wordsPipeline().pipeline);

test('each thing and each job is in it once, by the name that people use', () => {
  const told = nodes.map(({ kind, title, name, role = '' }) => [kind, title, name, role].join(' ').trim()).sort();
  expect(told).toEqual([
    'batch send send.py',
    'batch show show.py',
    'batch tell-all tell_all.py',
    'file lines lines.csv',
    'file totals totals.csv',
    'folder rejects rejects',
    'folder results results',
    'stream count count.py',
    'topic lost tiny.words.dead-letters dead letters',
    'topic wordCounts tiny.counts compacted',
    'topic words tiny.words',
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
