/** How a declaration is refused as a whole, and for its form and its names, in the words that a person reads. */
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { avro, integer, topic } from '../../../lib/declaration/index.ts';
import { DeclarationError } from '../../../lib/declaration/mistakes.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import { accepts, type Change, refusalOf, refuses, root, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

describe('a declaration', () => {
  accepts('that is right', {});

  test('is refused with every mistake at once, each on a line of its own under one sentence', () => {
    const mistakes = mistakesOf([
      tinyPipeline({
        things: ({ words, lines }) => {
          Object.assign(words, { configuration: { speed: 'high' } });
          Object.assign(lines, { sample: 'gone.csv' });
        },
        jobs: ({ show }) => void Object.assign(show, { entryPoint: 'gone.py' }),
        whole: ({ report }) => void Object.assign(report, { columns: [] }),
      }),
    ]);
    const error = new DeclarationError(mistakes);
    expect(error.code).toBe('MILLRACE_DECLARATION');
    expect(error.message.split('\n')[0]).toBe('4 mistakes in the declarations. Correct each and try again.');
    expect(mistakes.map(({ where }) => where)).toEqual([
      'tiny.files.lines.sample',
      'tiny.topics.words.configuration',
      'tiny.jobs.show.entryPoint',
      'tiny.report.columns',
    ]);
  });

  test('with one mistake is told of one mistake', () => {
    const mistakes = mistakesOf([
      tinyPipeline({ things: ({ words }) => void Object.assign(words, { partitions: -1 }) }),
    ]);
    expect(new DeclarationError(mistakes).message).toBe(
      '1 mistake in the declarations. Correct each and try again.\n' +
        '  tiny.topics.words.partitions: is out of range; got -1; allowed: whole numbers from 1 to 2400',
    );
  });

  test('shows no more than the beginning of a long value', () => {
    const [line = ''] = refusalOf(
      tinyPipeline({ jobs: ({ show }) => void Object.assign(show, { after: 'x'.repeat(9e4) }) }),
    );
    expect(line.length).toBeLessThan(400);
  });
});

describe('a mistake of form', () => {
  refuses(
    'a value out of its range beside a file that does not exist, in one thing and in one job',
    {
      things: ({ words }) => void Object.assign(words, { partitions: 0, value: avro('gone.avsc') }),
      jobs: ({ show }) => void Object.assign(show, { timeoutMinutes: 0, entryPoint: 'gone.py' }),
    },
    'tiny.topics.words.partitions: is out of range; got 0; allowed: whole numbers from 1 to 2400',
    'tiny.jobs.show.timeoutMinutes: is out of range; got 0; allowed: whole numbers from 1 to 1440',
    'tiny.topics.words.value: does not exist; got "<root>/pipelines/tiny/schemas/gone.avsc"; allowed: a file in the schemas folder of the pipeline',
    'tiny.jobs.show.entryPoint: does not exist; got "<root>/jobs/pyspark/tiny/gone.py"; allowed: a file in <root>/jobs/pyspark/tiny',
  );
  refuses(
    'a misspelt word beside the mistakes of other things and jobs',
    {
      things: ({ words, lines }) => {
        Object.assign(words, { partition: 2 });
        Object.assign(lines, { sample: 'gone.csv' });
      },
      jobs: ({ show, send }) => {
        Object.assign(show, { entryPoint: 'gone.py', timeout: 5 });
        Object.assign(send, { entryPoint: 'gone.py' });
      },
    },
    'tiny.topics.words.partition: is not a word for it; got "partition"; allowed: name, partitions, cleanup, retention, timestamps, configuration, key, value, external, onRemoval',
    'tiny.jobs.show.timeout: is not a word for it; got "timeout"; allowed: entryPoint, reads, writes, size, parameters, after, timeoutMinutes, alone',
    'tiny.files.lines.sample: does not exist; got "<root>/sample_data/tiny/gone.csv"; allowed: a file in <root>/sample_data/tiny',
    'tiny.jobs.send.entryPoint: does not exist; got "<root>/jobs/pyspark/tiny/gone.py"; allowed: a file in <root>/jobs/pyspark/tiny',
  );
  refuses(
    'a value out of its range beside a topic that nobody uses and an account that counts nothing',
    {
      jobs: ({ show }) => void Object.assign(show, { timeoutMinutes: 0 }),
      whole: (whole) => {
        Object.assign(whole, { topics: { alone: topic('tiny.alone', { partitions: 1 }) } });
        Object.assign(whole.accounts[0]?.results ?? {}, { count: 'word' });
      },
    },
    'tiny.jobs.show.timeoutMinutes: is out of range; got 0; allowed: whole numbers from 1 to 1440',
    'tiny.topics.alone: is neither written nor read by a job; got "topic tiny.alone"; allowed: a job that uses it, or external: \'both\'',
    'tiny.accounts.0.results.count: is not a whole number in the values of its topic; got "word"; allowed: times',
  );
  const worker = { cores: 1, memory: 2 };
  for (const [value, job, line] of [
    [
      'executors',
      { size: { driver: worker, executor: worker, executors: 17 } },
      'size.executors: is out of range; got 17',
    ],
    [
      'a worker',
      { size: { driver: null, executor: worker, executors: 1 } },
      'size.driver: is not a worker size; got null',
    ],
    ['windows', { windows: { minutes: 0 }, keys: 9 }, 'windows.minutes: is out of range; got 0'],
    ['keys', { keys: 2e9 }, 'keys: is out of range; got 2000000000'],
    ['an entry point', { entryPoint: '../count.py' }, 'entryPoint: is not a file name; got "../count.py"'],
  ] as const) {
    test(`is told once: ${value}`, () => {
      const wrong = tinyPipeline({ jobs: ({ count }) => void Object.assign(count, job) });
      expect(refusalOf(wrong)).toEqual([expect.stringContaining(`tiny.jobs.count.${line}`)]);
    });
  }
  test('is told once: more partitions than a cluster has', () => {
    const wrong = tinyPipeline({ things: ({ wordCounts }) => void Object.assign(wordCounts, { partitions: 9_999 }) });
    expect(refusalOf(wrong)).toEqual([expect.stringContaining('tiny.topics.wordCounts.partitions: is out of range')]);
  });
});

describe('the form', () => {
  refuses(
    'a misspelt word, which alone is told although no job writes the topic then',
    {
      things: ({ words }) => void Object.assign(words, { externl: 'written' }),
      jobs: ({ send }, { rejects }) => void Object.assign(send, { writes: { rejects } }),
    },
    'tiny.topics.words.externl: is not a word for it; got "externl"; allowed: name, partitions, cleanup, retention, timestamps, configuration, key, value, external, onRemoval',
  );
  refuses(
    'a misspelt word of the whole',
    { whole: (whole) => void Object.assign(whole, { topic: {} }) },
    'tiny.topic: is not a word for it; got "topic"; allowed: description, jobs, connectors, sources, feeds, schedules, topics, usually, accounts, sums, report, views, name, folders',
  );
  refuses(
    'a misspelt word deep in a list',
    { whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { rowCount: 1 }) },
    'tiny.accounts.0.results.rowCount: is not a word for it; got "rowCount"; allowed: topic, count, perRow',
  );
  refuses(
    'a misspelt word of a job and of its parameter',
    {
      jobs: ({ send, show }) => {
        Object.assign(send.parameters.lineCount, { max: 5 });
        Object.assign(show, { timeout: 5 });
      },
    },
    'tiny.jobs.send.parameters.lineCount.max: is not a word for it; got "max"; allowed: kind, description, default, minimum, maximum, unit',
    'tiny.jobs.show.timeout: is not a word for it; got "timeout"; allowed: entryPoint, reads, writes, size, parameters, after, timeoutMinutes, alone',
  );
  refuses(
    'words of the other kind of job',
    {
      jobs: ({ count, show }) => {
        Object.assign(count, { alone: true });
        Object.assign(show, { windows: { minutes: 5 } });
      },
    },
    'tiny.jobs.count.alone: is not a word for it; got "alone"; allowed: entryPoint, reads, writes, size, parameters, after, timeoutMinutes, windows, keys',
    'tiny.jobs.show.windows: is not a word for it; got "windows"; allowed: entryPoint, reads, writes, size, parameters, after, timeoutMinutes, alone',
  );
  refuses(
    'a pipeline that is not described',
    { whole: (whole) => void Object.assign(whole, { description: '' }) },
    'tiny.description: does not fit; got ""; allowed: a sentence for people',
  );
  refuses(
    'another cleanup policy',
    { things: ({ lost }) => void Object.assign(lost, { cleanup: 'compacted' }) },
    'tiny.topics.lost.cleanup: is none of its words; got "compacted"; allowed: delete, compact',
  );
  refuses(
    'a text where a list belongs',
    { whole: (whole) => void Object.assign(whole, { accounts: 'words' }) },
    'tiny.accounts: does not fit; got "words"; allowed: a list',
  );
  refuses(
    'a missing part',
    { whole: (whole) => void Object.assign(whole, { jobs: undefined }) },
    'tiny.jobs: is missing; got nothing; allowed: { name: value }',
  );
  test('of one pipeline does not hide the mistakes of another', () => {
    const wrong = tinyPipeline({ things: ({ lost }) => void Object.assign(lost, { partitions: 0 }) });
    const formless = { ...wrong, name: 'formless', jobs: 7 } as never;
    expect(refusalOf(formless, wrong)).toEqual([
      'formless.jobs: does not fit; got 7; allowed: { name: value }',
      'tiny.topics.lost.partitions: is out of range; got 0; allowed: whole numbers from 1 to 2400',
    ]);
  });
});

describe('names', () => {
  /** The tiny pipeline in a folder of this name, as far as its name is refused. */
  const named = (name: string) =>
    refusalOf(tinyPipeline({}, pathToFileURL(`${root}/pipelines/${name}/pipeline.ts`).href)).filter((line) =>
      line.startsWith(`${name}.name:`),
    );

  test('a pipeline is named for its folder, in small letters', () => {
    for (const name of ['Tiny', 'tiny_one', '1tiny', 'x'.repeat(31)]) {
      expect(named(name)).toEqual([
        `${name}.name: is not a name for its folder; got "${name}"; allowed: a-z and 0-9, first a letter, 30 characters at most`,
      ]);
    }
  });
  for (const name of ['queue', 'pyspark', 'class']) {
    test(`Python keeps ${name} for itself`, () => {
      expect(named(name)).toEqual([
        `${name}.name: is a name that Python keeps for itself; got "${name}"; allowed: another name`,
      ]);
    });
  }
  test('the platform needs those of its stacks', () => {
    expect(named('network')).toEqual([
      'network.name: is taken by the platform; got "network"; allowed: any name but network, streaming, processing, millrace',
    ]);
  });
  const parameter = integer({ default: 0, minimum: 0, maximum: 1, unit: 'ones', description: '' });
  refuses(
    'a topic, a job and a parameter whose names are not camelCase, once each',
    {
      jobs: ({ send }) => Object.assign(send.parameters, { __proto: parameter }),
      whole: (whole, { lost }) => {
        const jobs = whole.jobs as Record<string, unknown>;
        Object.assign(jobs, { 'show-all': jobs.show });
        Reflect.deleteProperty(jobs, 'show');
        Object.assign(whole, {
          topics: { 'dead letters': topic('tiny.dead', { partitions: 1, external: 'both' }), lost },
        });
      },
    },
    'tiny.topics.dead letters: is not a name; got "dead letters"; allowed: camelCase, 30 letters and digits at most',
    'tiny.jobs.send.parameters.__proto: is not a name; got "__proto"; allowed: camelCase, 30 letters and digits at most',
    'tiny.jobs.show-all: is not a name; got "show-all"; allowed: camelCase, 30 letters and digits at most',
  );
  refuses(
    "a job with the name of another's drain",
    {
      whole: ({ jobs }) => {
        Object.assign(jobs, { countDrain: jobs.show });
        Reflect.deleteProperty(jobs, 'show');
      },
    },
    'tiny.jobs.countDrain: is the name of the drain of count; got "countDrain"; allowed: another name',
  );
});

describe('an alias', () => {
  const alias = (name: string): Change => ({
    jobs: ({ count, show }, { wordCounts, lost }) => {
      Object.assign(count, { writes: { [name]: wordCounts, lost } });
      Object.assign(show, { reads: { [name]: wordCounts } });
    },
  });
  for (const name of ['word-counts', 'WordCounts', '__proto', 'x'.repeat(31)]) {
    refuses(
      `that is ${name}, once for all jobs that use it`,
      alias(name),
      `tiny.topics.${name}: is not a name; got "${name}"; allowed: camelCase, 30 letters and digits at most`,
    );
  }
  accepts('that every object has', alias('constructor'));
  refuses(
    'beside another of the same thing',
    { jobs: ({ show }, { wordCounts }) => void Object.assign(show, { reads: { counts: wordCounts } }) },
    'tiny.topics.counts: is called wordCounts elsewhere; got "topic tiny.counts"; allowed: one alias for one thing',
  );
  refuses(
    'of two topics',
    { jobs: ({ count }, { wordCounts, lost }) => void Object.assign(count, { writes: { words: wordCounts, lost } }) },
    'tiny.topics.words: is the alias of two things; got "topic tiny.counts"; allowed: an alias for each',
    'tiny.topics.wordCounts: is called words elsewhere; got "topic tiny.counts"; allowed: one alias for one thing',
  );
  accepts('of a file and of a topic', {
    jobs: ({ send }, { lines }) => void Object.assign(send, { reads: { words: lines } }),
  });
});
