/** Each kind of mistake in flow, order, reconciliation and report, in the words that a person reads. */
import { describe } from 'vitest';
import { accepts, refuses } from './refusals.ts';

describe('the flow of data', () => {
  refuses(
    'an unknown topic, in the reads and in the writes',
    (p) => {
      p.jobs.show.reads.topics = ['wordCounts', 'wordcounts'];
      p.jobs.count.writes.topics = ['wordCounts', 'lost', 'found'];
    },
    'tiny.jobs.count.writes: is not a topic of the pipeline; got "found"; allowed: words, wordCounts, lost',
    'tiny.jobs.show.reads: is not a topic of the pipeline; got "wordcounts"; allowed: words, wordCounts, lost',
  );
  refuses(
    'a name that every object has',
    (p) => {
      p.jobs.show.reads.topics = ['wordCounts', 'constructor'];
    },
    'tiny.jobs.show.reads: is not a topic of the pipeline; got "constructor"; allowed: words, wordCounts, lost',
  );
  refuses(
    'an unknown file',
    (p) => {
      p.jobs.send.reads.files = ['lines', 'rows'];
    },
    'tiny.jobs.send.reads: is not a file of the pipeline; got "rows"; allowed: lines',
  );
  refuses(
    'a topic that no job uses',
    (p) => {
      p.jobs.count.writes.topics = ['wordCounts'];
    },
    'tiny.topics.lost: is neither written nor read by a job; got "tiny.lost"; allowed: a job that uses it, or external',
  );
  refuses(
    'a topic that is read and never written',
    (p) => {
      p.jobs.send.writes.topics = [];
    },
    'tiny.topics.words: is read, but nobody writes it; got "tiny.words"; allowed: a job that writes it, or external: \'written\'',
  );
  refuses(
    'a topic that applications outside read and nobody writes',
    (p) => {
      p.jobs.send.writes.topics = [];
      Object.assign(p.topics.words, { external: 'read' });
    },
    'tiny.topics.words: is read, but nobody writes it; got "tiny.words"; allowed: a job that writes it, or external: \'written\'',
  );
  refuses(
    'a topic that applications outside write and nobody reads',
    (p) => {
      p.jobs.count.writes.topics = ['wordCounts'];
      Object.assign(p.topics.lost, { external: 'written' });
    },
    'tiny.topics.lost: is neither written nor read by a job; got "tiny.lost"; allowed: a job that uses it, or external: \'both\'',
  );
  accepts('a topic that applications outside write', (p) => {
    p.jobs.send.writes.topics = [];
    Object.assign(p.topics.words, { external: 'written' });
  });
  refuses(
    'a job that reads what it writes',
    (p) => void p.jobs.count.reads.topics.push('lost'),
    'tiny.topics.lost.retention: is not said, but count derives its watermark from it; got nothing; allowed: milliseconds, such as days(7)',
    'tiny.jobs: their reads and writes form a cycle; got "lost -> lost"; allowed: data that flows one way',
  );
  refuses(
    'a cycle through two jobs',
    (p) => void Object.assign(p.jobs.show.writes, { topics: ['words'] }),
    'tiny.jobs: their reads and writes form a cycle; got "words -> wordCounts -> words"; allowed: data that flows one way',
  );
});

describe('the order', () => {
  refuses(
    'an unknown job',
    (p) => void p.order.after.push('tell'),
    'tiny.order.after: is not a job of the pipeline; got "tell"; allowed: send, count, show',
  );
  refuses(
    'a name that every object has',
    (p) => void p.order.after.push('toString'),
    'tiny.order.after: is not a job of the pipeline; got "toString"; allowed: send, count, show',
  );
  refuses(
    'a batch job as the stream, and the stream among the others',
    (p) => void Object.assign(p.order, { stream: 'send', during: ['count'] }),
    'tiny.order.stream: is not a streaming job; got "send (batch)"; allowed: a streaming job',
    'tiny.order.during: is not a batch job; got "count (streaming)"; allowed: a batch job',
  );
  accepts('a batch job that is left out, since it can be run alone', (p) => {
    p.order.after = [];
  });
  accepts('a stream that goes on, with batch jobs that are run alone', (p) => {
    Object.assign(p, { order: { kind: 'continuous', stream: 'count' } });
  });
  refuses(
    'jobs beside a stream that goes on, which would never end',
    (p) => void Object.assign(p.order, { kind: 'continuous' }),
    'tiny.order.during: is not a word of a declaration; got "during"; allowed: see model.ts',
    'tiny.order.after: is not a word of a declaration; got "after"; allowed: see model.ts',
  );
  refuses(
    'another kind of order',
    (p) => void Object.assign(p.order, { kind: 'endless' }),
    'tiny.order.kind: is none of the words for it; got "endless"; allowed: bounded, continuous',
  );
  refuses(
    'a second stream',
    (p) => void Object.assign(p.jobs, { again: { ...p.jobs.count, writes: { topics: ['lost'] } } }),
    'tiny.order: leaves out a streaming job, which is not run alone; got "again"; allowed: one streaming job, as order.stream',
  );
  refuses(
    'a job that is run twice',
    (p) => void p.order.during.push('show'),
    'tiny.order: names a job more than once; got "show 2 times"; allowed: once',
  );
  refuses(
    'jobs that need more together than the account has',
    (p) => void Object.assign(p.jobs.count.size, { executors: 14 }),
    'tiny.order: jobs that run together need too many vCPU; got 17; allowed: 16 at most (account quota)',
  );
  accepts('jobs that need just what the account has', (p) => {
    p.jobs.count.size.executors = 13;
  });
});

describe('the reconciliation and the report', () => {
  accepts('a pipeline that has neither', (p) => {
    Reflect.deleteProperty(p, 'reconciliation');
    Reflect.deleteProperty(p, 'report');
  });
  refuses(
    'names of nothing',
    (p) => {
      Object.assign(p.reconciliation, { file: 'rows', rows: 'rate', source: 'a', rejects: 'b', deadLetters: 'c' });
      Object.assign(p.reconciliation.summary, { topic: 'd', windowsPerRow: 0 });
      Object.assign(p.report, { job: 'tell' });
    },
    'tiny.reconciliation.source: is not a topic of the pipeline; got "a"; allowed: words, wordCounts, lost',
    'tiny.reconciliation.deadLetters: is not a topic of the pipeline; got "c"; allowed: words, wordCounts, lost',
    'tiny.reconciliation.summary.topic: is not a topic of the pipeline; got "d"; allowed: words, wordCounts, lost',
    'tiny.reconciliation.file: is not a file of the pipeline; got "rows"; allowed: lines',
    'tiny.reconciliation.summary.windowsPerRow: is out of range; got 0; allowed: whole numbers from 1 to 1000',
    'tiny.reconciliation.rows: is not a tunable of a job; got "rate"; allowed: lineCount, word, since',
    'tiny.reconciliation.rejects: is not a folder that a job writes; got "b"; allowed: a folder in writes.folders',
    'tiny.report.job: is not a job of the pipeline; got "tell"; allowed: send, count, show',
  );
  refuses(
    'rows that are no number',
    (p) => {
      p.reconciliation.rows = 'word';
    },
    'tiny.reconciliation.rows: is not a number; got "word"; allowed: a tunable of numbers',
  );
  refuses(
    'a count that is no number in the results',
    (p) => {
      p.reconciliation.summary.count = 'word';
    },
    'tiny.reconciliation.summary.count: is not a whole number in the values of its topic; got "word"; allowed: times',
  );
  refuses(
    "a report of another job's folder",
    (p) => {
      p.report.folder = 'rejects';
    },
    'tiny.report.folder: is not a folder that show writes; got "rejects"; allowed: results',
  );
  refuses(
    'a report that shows nothing',
    (p) => {
      p.report.columns = [];
    },
    'tiny.report.columns: shows nothing; got "no column"; allowed: at least one',
  );
});
