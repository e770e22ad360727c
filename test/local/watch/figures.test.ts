/** What the lines of jobs come to: for a run, on the arrows, and in an account that nobody has counted yet. */
import { describe, expect, test } from 'vitest';
import { topic } from '../../../lib/declaration/index.ts';
import type { JsonObject } from '../../../lib/declaration/json.ts';
import { accountsSoFar, edgesOf, noFigures, withLine } from '../../../local/watch/figures.ts';
import type { RunTold } from '../../../local/watch/model.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();
const figuresOf = (...lines: JsonObject[]) => lines.reduce(withLine, noFigures);

/** A run that has written these lines. */
const run = (job: string, mode: RunTold['mode'], ...lines: JsonObject[]): RunTold => {
  const times = { startedAt: '2026-01-31T13:00:00.000Z', endedAt: undefined };
  return { id: `${job}-${mode}`, job, mode, state: 'RUNNING', details: '', ...times, ...figuresOf(...lines) };
};
const batch = (number: number, rowsIn: number, rowsOut: number, deadLetters: Record<string, number> = {}) => ({
  event: 'progress',
  batch: number,
  rowsIn,
  rowsOut,
  deadLetters,
  deadLetterRows: Object.values(deadLetters).reduce((sum, one) => sum + one, 0),
  batchSeconds: 1.5,
  lag: 3,
  stateRows: 40,
});
const sent = { event: 'progress', sent: 90, of: 100, rejected: 4 };

test('micro-batches add up, and the newest says how far behind the stream is', () => {
  const figures = figuresOf(
    { event: 'started' },
    batch(1, 10, 4, { late: 2 }),
    batch(2, 20, 6, { late: 1, future: 1 }),
  );
  expect(figures).toMatchObject({
    rowsIn: 30,
    rowsOut: 10,
    deadLetters: { late: 3, future: 1 },
    lag: 3,
    stateRows: 40,
    batchCount: 2,
  });
});

test('of many micro-batches the newest are kept, and all are counted', () => {
  const figures = figuresOf(...Array.from({ length: 100 }, (_, number) => batch(number, 1, 1)));
  expect(figures).toMatchObject({ batchCount: 100, rowsIn: 100 });
  expect(figures.batches.map((one) => one.batch)).toEqual(Array.from({ length: 60 }, (_, index) => index + 40));
});

test('of a job that sends, the last line counts', () => {
  expect(figuresOf({ ...sent, sent: 10 }, sent)).toMatchObject({ sent: 90, of: 100, rejected: 4 });
});

describe('on the arrows', () => {
  test('stand the rows that each job tells, of a stream with its drain', () => {
    const runs = [
      run('send', 'batch', sent),
      run('count', 'stream', batch(1, 60, 20, { late: 1 })),
      run('count', 'drain', batch(2, 30, 10)),
      run('show', 'batch', { event: 'result', job: 'show', rows: 7 }),
    ];
    expect(edgesOf(pipeline, runs)).toEqual({
      'jobs.send>topics.words': { rows: 90 },
      'jobs.send>folders.rejects': { rows: 4 },
      'topics.words>jobs.count': { rows: 90 },
      'jobs.count>topics.wordCounts': { rows: 30 },
      'jobs.count>topics.lost': { rows: 1 },
      'jobs.show>folders.results': { rows: 7 },
    });
  });

  test('stands what a job has sent where its rows are accounted for, though it writes other topics', () => {
    const others = Object.assign(Object.create(pipeline.jobs.send as object), {
      writes: { ...pipeline.jobs.send?.writes, hints: topic('tiny.hints', { partitions: 1 }) },
    });
    const edges = edgesOf({ ...pipeline, jobs: { ...pipeline.jobs, send: others } }, [run('send', 'batch', sent)]);
    expect(edges).toMatchObject({ 'jobs.send>topics.words': { rows: 90 } });
    expect(edges).not.toHaveProperty(['jobs.send>topics.hints']);
  });

  test('stands nothing of a job that has not run, nor where one figure is of two things', () => {
    expect(edgesOf(pipeline, [])).toEqual({});
    // It reads two files, and tells how many rows it read in all.
    expect(Object.keys(edgesOf(pipeline, [run('send', 'batch', sent)])).filter((id) => id.startsWith('files'))).toEqual(
      [],
    );
  });
});

test('an account that nobody counted never adds up, whatever the jobs tell', () => {
  const [account] = accountsSoFar(pipeline, [
    run('send', 'batch', { ...sent, sent: 96 }),
    run('count', 'stream', batch(1, 96, 5, { late: 1 })),
  ]);
  expect(account).toMatchObject({
    account: 'words',
    settled: false,
    addsUp: false,
    read: 100,
    sent: 96,
    rejected: 4,
    summarized: 95,
    deadLetters: 1,
    deadLettersByReason: { late: 1 },
  });
});
