/** What `millrace validate` says of a declaration without mistakes. */
import { expect, test } from 'vitest';
import { batch, integer, pipeline, stream } from '../../../lib/declaration/index.ts';
import { linesOf, toldOf, validate } from '../../../local/cli/validate.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

test('jobs are listed in their order, and the state of a stream at its keys', () => {
  expect(linesOf(wordsPipeline().pipeline)).toEqual([
    'tiny: 3 topics, 4 jobs, no mistakes',
    '  streams  count',
    '  during   send',
    '  after    tell-all, show',
    '  state    count: at most 100 rows, 1 MB, at 100 keys',
  ]);
});

test('programs get the same as one object', async () => {
  expect(toldOf(wordsPipeline().pipeline)).toEqual({
    name: 'tiny',
    topics: expect.arrayContaining(['words']),
    streams: ['count'],
    during: ['send'],
    after: ['tell-all', 'show'],
    alone: [],
    state: [{ job: 'count', rows: 100, bytes: expect.any(Number), keys: 100 }],
  });
  const printed: string[] = [];
  expect(await validate({ json: true, print: (text) => void printed.push(text) })).toBe(0);
  const [told = ''] = printed;
  expect(printed).toHaveLength(1);
  expect(JSON.parse(told).pipelines.length).toBeGreaterThan(1);
});

test('windows and lateness make the state larger, and a job that runs alone is listed as such', () => {
  const { topics } = wordsPipeline();
  const sum = stream('sum.py', { reads: { words: topics.words }, writes: {}, keys: 1_000, windows: { minutes: 10 } });
  const fix = batch('fix.py', {
    reads: {},
    writes: {},
    alone: true,
    parameters: { count: integer({ default: 1, minimum: 1, maximum: 2, unit: 'x', description: 'x' }) },
  });
  const lines = linesOf(pipeline('file:///x/pipelines/sums/pipeline.ts', { description: 'x', jobs: { sum, fix } }));
  expect(lines).toContain('  alone    fix');
  // 7 days of retention, 7 until the segment is rolled, and half an hour, in windows of ten minutes.
  expect(lines.at(-1)).toBe('  state    sum: at most 2,020,000 rows, 675 MB, at 1,000 keys');
});
