/** Each kind of mistake in jobs and parameters, in the words that a person reads, and how large the state of a stream gets. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stateOf } from '../../../lib/declaration/flow.ts';
import {
  batch,
  csv,
  decimal,
  events,
  integer,
  replaysOf,
  stream,
  text,
  topic,
} from '../../../lib/declaration/index.ts';
import type { Job } from '../../../lib/declaration/job.ts';
import { KEPT_BATCHES } from '../../../lib/declaration/limits.ts';
import { allowedInstead } from '../../../lib/declaration/parameter.ts';
import { accepts, declare, refusalOf, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const worker = { cores: 1, memory: 2 };
const SIZES = 'cores 1, 2, 4, 8, 16, memory in whole GiB up to what they can have';

describe('jobs', () => {
  refuses(
    'an entry point that does not exist',
    { jobs: ({ show }) => void Object.assign(show, { entryPoint: 'gone.py' }) },
    'tiny.jobs.show.entryPoint: does not exist; got "<root>/jobs/pyspark/tiny/gone.py"; allowed: a file in <root>/jobs/pyspark/tiny',
  );
  for (const [driver, shown] of [
    [{ cores: 3, memory: 2 }, '{"cores":3,"memory":2}'],
    [{ cores: 1, memory: 8 }, '{"cores":1,"memory":8}'],
    [{ cores: 1, memory: 1.5 }, '{"cores":1,"memory":1.5}'],
    [{ cores: 'constructor', memory: 1 }, '{"cores":"constructor","memory":1}'],
    [{ ...worker, disk: 20 }, '{"cores":1,"memory":2,"disk":20}'],
    [5, '5'],
  ] as const) {
    refuses(
      `a driver of ${shown}`,
      { jobs: ({ show }) => void Object.assign(show, { size: { driver, executor: worker, executors: 1 } }) },
      `tiny.jobs.show.size.driver: is not a worker size; got ${shown}; allowed: ${SIZES}`,
    );
  }
  test('have heaps of nine tenths of the largest worker of their cores, and no larger ones', () => {
    const refusedIn = (cores: number, memory: number) =>
      refusalOf(
        tinyPipeline({
          jobs: ({ show }) =>
            void Object.assign(show, { size: { driver: { cores, memory }, executor: worker, executors: 1 } }),
        }),
      ).filter((line) => line.includes('is not a worker size')).length;
    const largest = [
      [1, 7],
      [2, 14],
      [4, 27],
      [8, 54],
      [16, 108],
    ] as const;
    for (const [cores, memory] of largest) {
      expect([cores, refusedIn(cores, memory), refusedIn(cores, memory + 1)]).toEqual([cores, 0, 1]);
    }
  });
  refuses(
    'no executors',
    { jobs: ({ show }) => void Object.assign(show, { size: { driver: worker, executor: worker, executors: 0 } }) },
    'tiny.jobs.show.size.executors: is out of range; got 0; allowed: whole numbers from 1 to 16',
  );
  refuses(
    'a time limit of no time',
    { jobs: ({ show }) => void Object.assign(show, { timeoutMinutes: 0 }) },
    'tiny.jobs.show.timeoutMinutes: is out of range; got 0; allowed: whole numbers from 1 to 1440',
  );
  test('have specs that fit into an argument, texts of 1,000 characters included', () => {
    const filters = (count: number) =>
      tinyPipeline({
        jobs: ({ show }) => {
          for (let index = 0; index < count; index += 1) {
            const filter = text({ pattern: '.*', unit: 'filter', description: '' });
            Object.assign(show.parameters, { [`filter${index}`]: filter });
          }
        },
      });
    expect(refusalOf(filters(5))).toEqual([]);
    expect(refusalOf(filters(9))).toEqual([
      expect.stringMatching(
        /^tiny\.jobs\.show: has a spec that EMR Serverless does not take as an argument; got "1\d{4} characters"; allowed: 10280 at most, so fewer inputs, outputs or parameters$/,
      ),
    ]);
  });
});

describe('the state machine', () => {
  const streams = (count: number) => {
    const words = topic('words', { partitions: 1 });
    const jobs = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `count${index}`,
        stream('count.py', {
          reads: { words },
          writes: { [`sums${index}`]: topic(`sums${index}`, { partitions: 1 }) },
        }),
      ]),
    );
    return refusalOf(declare({ description: 'Many.', jobs }));
  };
  test('counts on what jobs tell Spark to keep', () => {
    const session = new URL('../../../jobs/pyspark/millrace/job/session.py', import.meta.url);
    expect(readFileSync(session, 'utf8')).toContain(`"spark.sql.streaming.minBatchesToRetain": "${KEPT_BATCHES}"`);
  });

  test('holds what it has to know of six streams, and not of twenty', () => {
    expect(streams(6).filter((line) => line.includes('state machine'))).toEqual([]);
    expect(streams(20)).toContainEqual(
      expect.stringMatching(
        /^tiny\.jobs: have more to say than the state machine holds; got "\d+ bytes"; allowed: 262144 at most, so fewer jobs, inputs, outputs or parameters$/,
      ),
    );
  });
});

describe('parameters', () => {
  test('take texts of 1,000 characters, and numbers up to their bounds', () => {
    const note = text({ pattern: '.*', unit: 'note', description: '' });
    expect([999, 1_000, 1_001].map((length) => allowedInstead(note, 'x'.repeat(length)) === undefined)).toEqual([
      true,
      true,
      false,
    ]);
    const lines = integer({ default: 0, minimum: 0, maximum: 9, unit: 'lines', description: '' });
    expect([-1, 0, 9, 10].map((value) => allowedInstead(lines, value) === undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
  const lineCount = (change: object) => ({
    jobs: ({ send }: { send: { parameters: { lineCount: object } } }) =>
      void Object.assign(send.parameters.lineCount, change),
  });
  const word = (change: object) => ({
    jobs: ({ show }: { show: { parameters: { word: object } } }) => void Object.assign(show.parameters.word, change),
  });
  refuses(
    'a default out of its range',
    lineCount({ default: 10 }),
    'tiny.jobs.send.parameters.lineCount.default: is not a value of its own parameter; got 10; allowed: whole numbers from 0 to 9 (lines)',
  );
  refuses(
    'an empty range',
    lineCount({ minimum: 10 }),
    'tiny.jobs.send.parameters.lineCount: has an empty range; got 10; allowed: <= 9',
  );
  refuses(
    'a range of fractions',
    lineCount({ maximum: 9.5 }),
    'tiny.jobs.send.parameters.lineCount.maximum: is not a whole number; got 9.5; allowed: up to 9007199254740991',
  );
  refuses(
    'a number without a unit',
    lineCount({ unit: undefined }),
    'tiny.jobs.send.parameters.lineCount.unit: is missing; got nothing; allowed: a text',
  );
  accepts('a decimal', {
    jobs: ({ send }) =>
      Object.assign(send.parameters, {
        share: decimal({ default: 0.5, minimum: 0, maximum: 1, unit: 'of all lines', description: 'How many.' }),
      }),
  });
  refuses(
    'a pattern that is none',
    word({ pattern: '([' }),
    'tiny.jobs.show.parameters.word.pattern: is not a regular expression; got "(["; allowed: one that JavaScript reads with the flag u',
  );
  refuses(
    'a default that does not match its pattern',
    word({ default: 'Mill' }),
    'tiny.jobs.show.parameters.word.default: is not a value of its own parameter; got "Mill"; allowed: word, as [a-z]+, or "" for none',
  );
  refuses(
    'a default that is no instant',
    { jobs: ({ show }) => void Object.assign(show.parameters.since, { default: 'yesterday' }) },
    'tiny.jobs.show.parameters.since.default: is not a value of its own parameter; got "yesterday"; allowed: an instant in UTC, such as 2026-01-31T13:00:00Z, or "" for none',
  );
  refuses(
    'two meanings of one name',
    {
      jobs: ({ send, count }) =>
        void Object.assign(count, { parameters: { lineCount: { ...send.parameters.lineCount, maximum: 8 } } }),
    },
    'tiny.jobs.count.parameters.lineCount: differs from the same parameter of send; got {"kind":"integer","default":0,"minimum":0,"maximum":8,"unit":"lines","description":"How many."}; allowed: one meaning for one name',
  );
  accepts('one meaning in two jobs', {
    jobs: ({ send, count }) =>
      void Object.assign(count, { parameters: { lineCount: { ...send.parameters.lineCount } } }),
  });
  for (const [name, does] of [
    ['files', 'replaces files'],
    ['action', 'says what to do with the streams'],
    ['stream', 'names the stream that the action is about'],
    ['job', 'names a job to run alone'],
    ['rebuild', 'lets streams begin anew'],
  ] as const) {
    refuses(
      `the word ${name} of an input`,
      {
        jobs: ({ show }) =>
          Object.assign(show.parameters, { [name]: text({ pattern: '.', unit: 'letter', description: '' }) }),
      },
      `tiny.jobs.show.parameters.${name}: is the word by which an input ${does}; got "${name}"; allowed: another name`,
    );
  }
});

describe('windows', () => {
  const counting = (props: object) => ({
    jobs: ({ count }: { count: object }) => void Object.assign(count, props),
  });
  refuses(
    'over events that their producers date',
    {
      things: ({ words }) => void Object.assign(words, { timestamps: 'CreateTime' }),
      ...counting({ windows: { minutes: 10 }, keys: 10 }),
    },
    `tiny.jobs.count.windows: are of events that a producer may date as it likes; got "topic tiny.words"; allowed: timestamps: 'LogAppendTime', so that the broker's clock decides what is late or in the future`,
  );
  accepts('that slide', counting({ windows: { minutes: 10, every: 5 }, keys: 10 }));
  refuses(
    'that do not fit into each other',
    counting({ windows: { minutes: 10, every: 4 }, keys: 10 }),
    'tiny.jobs.count.windows.every: does not divide the windows; got 4; allowed: a divisor of 10',
  );
  refuses(
    'of more than a day',
    counting({ windows: { minutes: 1_441 }, keys: 10 }),
    'tiny.jobs.count.windows.minutes: is out of range; got 1441; allowed: whole numbers from 1 to 1440',
  );
  refuses(
    'without saying how many keys',
    counting({ windows: { minutes: 10 } }),
    'tiny.jobs.count.keys: is missing beside windows; got nothing; allowed: how many keys the state is to hold',
  );
});

describe('the state of a stream', () => {
  const week = topic('week', { partitions: 1, retention: 604_800_000 });
  const hour = topic('hour', { partitions: 1, retention: 3_600_000 });
  const state = (props: object) => stateOf(stream('count.py', { reads: { week }, writes: {}, ...props } as never));

  test('is none without keys, and one row for each key of running totals', () => {
    expect(state({})).toBeUndefined();
    expect(state({ keys: 1_000 })).toEqual({ rows: 1_000, bytes: 350_000, partitions: 1, held: 1_073_741_824 });
  });

  test('is a row for each key in each window that the watermark has not passed', () => {
    // The watermark stays behind by 7 days of retention, 7 until the segment is closed, 10 minutes until it is deleted, 10 of lateness and
    // 10 of future: 14 x 1,440 + 30 = 20,190 minutes. With the window of 10: 20,200 minutes, which hold 4,040 starts of windows.
    expect(state({ windows: { minutes: 10, every: 5 }, keys: 10 })?.rows).toBe(40_400);
    // 20,220 minutes, half an hour each: 674.
    expect(state({ windows: { minutes: 30 }, keys: 1 })?.rows).toBe(674);
  });

  test('lies in one partition for each half a million rows', () => {
    const partitions = (keys: number) => state({ keys })?.partitions;
    expect([1, 500_000, 500_001, 1_500_000].map(partitions)).toEqual([1, 1, 2, 3]);
  });

  test('follows from retention, lateness and replay of the input that is furthest behind', () => {
    const windows = { windows: { minutes: 5 }, keys: 1 };
    // 60 + 10,080 + 10 + 0 + 10 + 0 = 10,160 minutes and the window: 10,165 in steps of 5.
    const read = { hour: events(hour, { lateness: 0 }) };
    expect(state({ ...windows, reads: read })?.rows).toBe(2_033);
    // 10,080 + 10,080 + 10 + 60 + 10 + 1,440 = 21,680 minutes and the window: 21,685. The replays are kept for as long as the topic.
    const lateness = integer({ default: 10, minimum: 0, maximum: 60, unit: 'minutes', description: '' });
    expect(
      state({
        ...windows,
        reads: { ...read, week: events(week, { lateness, replayDays: 1, replays: replaysOf(week) }) },
      })?.rows,
    ).toBe(4_337);
  });

  test('may fill half of the executors', () => {
    // 2 executors of 2 GiB hold 2,147,483,648 bytes in half of their heap: 6,135,667 rows of 350 bytes.
    const keys = (count: number): Job => {
      const size = { driver: worker, executor: worker, executors: 2 };
      return stream('count.py', { reads: { week }, writes: {}, keys: count, size });
    };
    const refusal = (count: number) =>
      refusalOf(
        declare({
          description: 'Totals.',
          jobs: { count: keys(count), send: batch('send.py', { reads: {}, writes: { week } }) },
        }),
      );
    expect(refusal(6_135_667)).toEqual([]);
    expect(refusal(6_135_668)).toEqual([
      'tiny.jobs.count.keys: make more state than the executors hold; got "6,135,668 rows, 2,148 MB"; allowed: 2,148 MB, or larger executors',
    ]);
  });

  test('counts files and lookups for nothing', () => {
    const lines = csv('lines.csv', ',', { format: 'avro', file: 'line.avsc' });
    expect(state({ keys: 3, reads: { lines, week: events(week, { lateness: 'none' }) } })?.rows).toBe(3);
  });
});

test('mistakes in jobs are told beside those of others', () => {
  const twice = tinyPipeline({
    jobs: ({ send, show }) => {
      Object.assign(send, { entryPoint: 'gone.py' });
      Object.assign(show, { entryPoint: 'gone.py' });
    },
  });
  expect(refusalOf(twice)).toHaveLength(2);
});
