/** Each kind of mistake in jobs and tunables, in the words that a person reads. */
import { describe } from 'vitest';
import { accepts, refuses } from './refusals.ts';

describe('jobs', () => {
  refuses(
    'an entry point that does not exist',
    (p) => {
      p.jobs.show.entryPoint = 'gone.py';
    },
    'tiny.jobs.show.entryPoint: does not exist; got "<root>/jobs/pyspark/tiny/gone.py"; allowed: a file in <root>/jobs/pyspark/tiny',
  );
  refuses(
    'a number of cores that no worker has',
    (p) => {
      p.jobs.show.size.driver.cores = 3;
    },
    'tiny.jobs.show.size.driver.cores: is not a worker size; got 3; allowed: 1, 2, 4, 8, 16',
  );
  refuses(
    'more memory than such a worker has',
    (p) => {
      p.jobs.show.size.executor.memory = 8;
    },
    'tiny.jobs.show.size.executor.memory: is out of range; got 8; allowed: whole numbers from 1 to 7 GiB',
  );
  refuses(
    'no executors',
    (p) => {
      p.jobs.show.size.executors = 0;
    },
    'tiny.jobs.show.size.executors: is out of range; got 0; allowed: whole numbers from 1 to 16',
  );
  refuses(
    'a stream without queries',
    (p) => {
      p.jobs.count.queries = [];
    },
    'tiny.jobs.count.queries: a streaming job names its queries; got "none"; allowed: at least one name',
  );
  refuses(
    'two queries of one name, whose checkpoints would be one',
    (p) => {
      p.jobs.count.queries = ['counts', 'counts'];
    },
    'tiny.jobs.count.queries: is not a name for a query; got "counts"; allowed: a-z, 0-9 and -, first a letter, each name once',
  );
  refuses(
    'queries of a batch job',
    (p) => void Object.assign(p.jobs.show, { queries: ['counts'] }),
    'tiny.jobs.show.queries: a batch job has no queries; got ["counts"]; allowed: none, or mode streaming',
  );
  refuses(
    'a timeout of no time',
    (p) => void Object.assign(p.jobs.show, { timeoutMinutes: 0 }),
    'tiny.jobs.show.timeoutMinutes: is out of range; got 0; allowed: whole numbers from 1 to 1440',
  );
  refuses(
    'one argument for a topic and a tunable',
    (p) => void Object.assign(p.jobs.send.tunables, { wordsTopic: { ...p.jobs.send.tunables.lineCount } }),
    'tiny.jobs.send: would be given one argument for two things; got "--words-topic"; allowed: topics, files, folders and tunables whose arguments differ',
  );
});

describe('tunables', () => {
  refuses(
    'a default out of its range',
    (p) => {
      p.jobs.send.tunables.lineCount.default = 10;
    },
    'tiny.jobs.send.tunables.lineCount.default: is not a value of its own tunable; got 10; allowed: whole numbers from 0 to 9 (lines)',
  );
  refuses(
    'an empty range',
    (p) => {
      p.jobs.send.tunables.lineCount.minimum = 10;
    },
    'tiny.jobs.send.tunables.lineCount: has an empty range; got 10; allowed: <= 9',
  );
  refuses(
    'a range of fractions',
    (p) => {
      p.jobs.send.tunables.lineCount.maximum = 9.5;
    },
    'tiny.jobs.send.tunables.lineCount: has a range that is not of whole numbers; got [0,9.5]; allowed: whole numbers up to 9007199254740991',
  );
  refuses(
    'a pattern that is none',
    (p) => {
      p.jobs.show.tunables.word.pattern = '([';
    },
    'tiny.jobs.show.tunables.word.pattern: is not a regular expression; got "(["; allowed: one that JavaScript reads with the flag u',
  );
  refuses(
    'a default that does not match its pattern',
    (p) => {
      p.jobs.show.tunables.word.default = 'Mill';
    },
    'tiny.jobs.show.tunables.word.default: is not a value of its own tunable; got "Mill"; allowed: word, as [a-z]+, or "" for none',
  );
  refuses(
    'a default that is no instant',
    (p) => {
      p.jobs.show.tunables.since.default = 'yesterday';
    },
    'tiny.jobs.show.tunables.since.default: is not a value of its own tunable; got "yesterday"; allowed: an instant in UTC, such as 2026-01-31T13:00:00Z, or "" for none',
  );
  refuses(
    'two meanings of one name',
    (p) => {
      Object.assign(p.jobs.count, { tunables: { lineCount: { ...p.jobs.send.tunables.lineCount, maximum: 8 } } });
    },
    'tiny.jobs.count.tunables.lineCount: differs from the same tunable of send; got {"kind":"integer","default":0,"minimum":0,"maximum":8,"unit":"lines","description":"How many."}; allowed: one meaning a name',
  );
  accepts('one meaning in two jobs', (p) => {
    Object.assign(p.jobs.count, { tunables: { lineCount: { ...p.jobs.send.tunables.lineCount } } });
  });
  refuses(
    'the word by which an input replaces files',
    (p) => void Object.assign(p.jobs.send.tunables, { files: { ...p.jobs.send.tunables.lineCount } }),
    'tiny.jobs.send.tunables.files: is the word by which an input replaces files; got "files"; allowed: another name',
  );
});
