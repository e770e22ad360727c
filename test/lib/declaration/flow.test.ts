/** The order that follows from who reads what, and each kind of mistake in the flow of data. */
import { describe, expect, test } from 'vitest';
import { actionsOf, isFed, orderOf, peakCores } from '../../../lib/declaration/flow.ts';
import { avro, batch, events, folder, latest, standingFolder, stream, topic } from '../../../lib/declaration/index.ts';
import type { Job } from '../../../lib/declaration/job.ts';
import type { Declaration, Pipeline } from '../../../lib/declaration/pipeline.ts';
import { accepts, declare, refusalOf, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const of = (jobs: Readonly<Record<string, Job>>, more: Partial<Declaration> = {}): Pipeline =>
  declare({ description: 'Jobs.', jobs, ...more });
const [a, b, c] = ['a', 'b', 'c'].map((name) => topic(name, { partitions: 1 })) as [T, T, T];
type T = ReturnType<typeof topic>;
const table = topic('table', {
  partitions: 1,
  cleanup: 'compact',
  key: avro('word-key.avsc'),
  external: 'written',
});
const archive = standingFolder('archive');

const send = batch('send.py', { reads: {}, writes: { a } });
const first = stream('count.py', { reads: { a }, writes: { b } });
const second = stream('count.py', { reads: { b: events(b, { lateness: 'none' }) }, writes: { c } });
const show = batch('show.py', { reads: { c }, writes: {} });

describe('the order', () => {
  test('is of streams upstream first, batch jobs that feed them, and batch jobs that read results', () => {
    expect(orderOf(of({ show, second, first, send }))).toEqual({
      streams: ['first', 'second'],
      during: ['send'],
      after: ['show'],
    });
  });

  test('lets a batch job read what it wrote before, and no stream', () => {
    const renew = batch('show.py', { reads: { c }, writes: { c } });
    expect(orderOf(of({ first, renew, send })).after).toEqual(['renew']);
    const forever = stream('count.py', { reads: { a }, writes: { a } });
    expect(refusalOf(of({ forever }))).toContainEqual(expect.stringContaining('wait for each other in a circle'));
  });

  test('tells which streams are fed by a batch job: those that follow what it writes, not those behind them', () => {
    const watched = stream('count.py', { reads: { table: latest(table), c }, writes: {} });
    const fill = batch('send.py', { reads: {}, writes: { table } });
    const pipeline = of({ send, fill, first, second, watched });
    expect(['first', 'second', 'watched'].filter((name) => isFed(pipeline, name))).toEqual(['first']);
  });

  test('of jobs that have nothing to do with each other is that of the declaration', () => {
    const one = stream('count.py', { reads: { a }, writes: {} });
    const other = stream('count.py', { reads: { b }, writes: {} });
    expect(orderOf(of({ other, one })).streams).toEqual(['other', 'one']);
  });

  test('follows from a batch job that feeds another which feeds a stream, and from one that reads what another reads', () => {
    const make = batch('send.py', { reads: {}, writes: { archive } });
    const replay = batch('send.py', { reads: { archive }, writes: { a } });
    const count = batch('show.py', { reads: { archive }, writes: {} });
    expect(orderOf(of({ replay, count, first, make }))).toEqual({
      streams: ['first'],
      during: ['make', 'replay'],
      after: ['count'],
    });
  });

  test('follows from a topic that is read as a lookup, and from two writers of one topic', () => {
    const fill = batch('send.py', { reads: {}, writes: { table } });
    const again = stream('count.py', { reads: { a }, writes: { table } });
    const join = stream('count.py', { reads: { b, table: latest(table) }, writes: {} });
    expect(orderOf(of({ join, again, fill }))).toEqual({ streams: ['again', 'join'], during: ['fill'], after: [] });
  });

  test('is what `after` says where no data does', () => {
    const tell = batch('show.py', { reads: {}, writes: {}, after: [show] });
    const early = stream('count.py', { reads: { c: a }, writes: {}, after: [first] });
    expect(orderOf(of({ early, tell, show, first, second, send }))).toEqual({
      streams: ['first', 'early', 'second'],
      during: ['send'],
      after: ['show', 'tell'],
    });
  });

  test('leaves out jobs that run alone, which may send back what others read', () => {
    const replay = batch('send.py', { reads: { c }, writes: { a }, alone: true });
    const compact = batch('show.py', { reads: { archive }, writes: { archive }, alone: true });
    const pipeline = of({ replay, compact, first, second, send });
    expect(orderOf(pipeline)).toEqual({ streams: ['first', 'second'], during: ['send'], after: [] });
    expect(refusalOf(pipeline)).toEqual([]);
  });
});

describe('what an execution may do', () => {
  test('is to run first where batch jobs feed the streams or read their results', () => {
    expect(actionsOf(of({ first, send }))).toEqual(['run', 'start', 'stop', 'upgrade']);
    expect(actionsOf(of({ second, show }))).toEqual(['run', 'start', 'stop', 'upgrade']);
  });

  test('is to start first where no batch job is part of a run, or where the declaration says so', () => {
    const replay = batch('send.py', { reads: { c }, writes: { a }, alone: true });
    expect(actionsOf(of({ first, replay }))).toEqual(['start', 'run', 'stop', 'upgrade']);
    expect(actionsOf(of({ first, send }, { usually: 'start' }))).toEqual(['start', 'run', 'stop', 'upgrade']);
  });

  test('is to run only where there are no streams', () => {
    expect(actionsOf(of({ send }))).toEqual(['run']);
    expect(actionsOf(of({ send: batch('send.py', { reads: {}, writes: {}, alone: true }) }))).toEqual(['run']);
  });
});

/** Tests that this pipeline is refused with exactly these lines. */
const refusesJobs = (what: string, pipeline: () => Pipeline, ...lines: string[]) =>
  test(`refuses ${what}`, () => expect(refusalOf(pipeline())).toEqual(lines));

describe('the flow of data', () => {
  refuses(
    'a topic that no job uses',
    {
      whole: (whole) => void Object.assign(whole, { topics: { found: topic('tiny.found', { partitions: 1 }) } }),
    },
    'tiny.topics.found: is neither written nor read by a job; got "topic tiny.found"; allowed: a job that uses it, or external: \'both\'',
  );
  accepts('a topic that only applications outside use', {
    whole: (whole) =>
      void Object.assign(whole, { topics: { found: topic('tiny.found', { partitions: 1, external: 'both' }) } }),
  });
  for (const external of [undefined, 'read'] as const) {
    refuses(
      `a topic that is read and never written, external: ${external}`,
      {
        things: ({ words }) => void Object.assign(words, { external }),
        jobs: ({ send }, { rejects }) => void Object.assign(send, { writes: { rejects } }),
      },
      'tiny.topics.words: is read, but nobody writes it; got "topic tiny.words"; allowed: a job that writes it, or external: \'written\'',
    );
  }
  accepts('a topic that applications outside write', {
    things: ({ words }) => void Object.assign(words, { external: 'written' }),
    jobs: ({ send }, { rejects }) => void Object.assign(send, { writes: { rejects } }),
  });
  refusesJobs(
    'a stream that reads what it writes',
    () => of({ first: stream('count.py', { reads: { a }, writes: { a } }) }),
    'tiny.jobs: wait for each other in a circle; got "first -> first"; allowed: data that flows one way',
  );
  refusesJobs(
    'a cycle, with its path in the order in which data flows',
    () => of({ send: batch('send.py', { reads: { c }, writes: { a } }), first, second }),
    'tiny.jobs: wait for each other in a circle; got "send -> first -> second -> send"; allowed: data that flows one way',
  );
  refusesJobs(
    'a batch job between two streams',
    () =>
      of({
        send,
        first,
        between: batch('show.py', { reads: { b }, writes: { c } }),
        last: stream('count.py', { reads: { c }, writes: {} }),
      }),
    'tiny.jobs.between: comes after stream first and before another, so that it would read while that still writes; got "job show.py"; allowed: a stream in its place, or `alone: true`',
  );
  refusesJobs(
    'to come after a job of another pipeline',
    () => of({ send, first, show: batch('show.py', { reads: { b }, writes: {}, after: [second] }) }),
    'tiny.jobs.show.after: is no job of the pipeline; got "job count.py"; allowed: jobs in its `jobs`',
  );
  refusesJobs(
    'to come after a job that runs alone',
    () => {
      const alone = batch('send.py', { reads: {}, writes: {}, alone: true });
      return of({
        send,
        alone,
        first: stream('count.py', { reads: { a }, writes: {} }),
        show: batch('show.py', { reads: {}, writes: {}, after: [alone] }),
      });
    },
    'tiny.jobs.show.after: runs alone, so that nothing comes after it; got "job send.py"; allowed: a job of a whole run',
  );
  refusesJobs(
    'a stream that comes after a batch job',
    () => of({ send, first: stream('count.py', { reads: { a }, writes: {}, after: [send] }) }),
    'tiny.jobs.first.after: comes after the streams have started; got "job send.py"; allowed: streams',
  );
  refusesJobs('no jobs', () => of({}), 'tiny.jobs: are none; got "no job"; allowed: at least one');
  refusesJobs(
    'to start usually without a stream',
    () => of({ send }, { usually: 'start' }),
    'tiny.usually: starts streams; got "no stream"; allowed: run',
  );
  refusesJobs(
    'to run usually where that would end the streams at once',
    () =>
      of(
        { first: stream('count.py', { reads: { table: events(table, { lateness: 'none' }) }, writes: {} }) },
        { usually: 'run' },
      ),
    'tiny.usually: would end its streams at once; got "no batch job"; allowed: start',
  );
  refusesJobs(
    'a folder of an execution that two jobs write, which the second would find in its way',
    () => {
      const results = folder('results');
      const one = (file: string) => batch(file, { reads: {}, writes: { results } });
      return of({ first: one('show.py'), second: one('send.py') });
    },
    'tiny.folders.results: is written by several jobs, each of which makes it anew; got ["first","second"]; allowed: a folder for each',
  );
  // Its records never expire, so that no watermark is far enough behind them.
  refusesJobs(
    'a stream that follows a compacted topic and waits for late records',
    () => of({ first: stream('count.py', { reads: { table }, writes: {} }) }, { usually: 'start' }),
    `tiny.jobs.first.reads.table: is followed with a lateness, but keeps records of any age; got "compact"; allowed: lateness: 'none', latest(...), or cleanup 'delete'`,
  );
});

describe('the vCPU that a pipeline takes at once', () => {
  const size = (driver: number, executor: number, executors: number) => ({
    size: { driver: { cores: driver, memory: 2 }, executor: { cores: executor, memory: 2 }, executors },
  });
  const sized = (...sizes: [object, object, object]) =>
    tinyPipeline({
      jobs: ({ send, count, show }) =>
        [send, count, show].forEach((job, index) => void Object.assign(job, sizes[index])),
    });

  test('is that of its streams and of the largest batch job, which may be run alone beside them', () => {
    // 1 + 2 x 2 of the stream, 2 + 4 x 1 of the larger batch job.
    expect(peakCores(sized(size(1, 1, 2), size(1, 2, 2), size(2, 4, 1)))).toBe(11);
  });

  test('may be just what the account has', () => {
    expect(refusalOf(sized(size(1, 1, 1), size(1, 1, 13), size(1, 1, 1)))).toEqual([]);
    expect(refusalOf(sized(size(1, 1, 1), size(1, 1, 14), size(1, 1, 1)))).toEqual([
      'tiny.jobs: that run together need too many vCPU; got 17; allowed: 16 at most (account quota)',
    ]);
  });
});
