/** How a declaration is refused as a whole, and for its form and its names, in the words that a person reads. */
import { describe, expect, test } from 'vitest';
import { DeclarationError } from '../../../lib/declaration/mistakes.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import { accepts, refuses } from './refusals.ts';
import { refusalOf, type TinyPipeline, tinyPipeline } from './tiny-pipeline.ts';

describe('a declaration', () => {
  accepts('that is right', () => {});

  test('is refused with every mistake at once, each on a line of its own under one sentence', () => {
    const mistakes = mistakesOf([
      tinyPipeline((p) => {
        p.topics.words.partitions = 0;
        p.files.lines.sample = 'gone.csv';
        p.jobs.send.writes.topics = ['wurds'];
        p.order.after = ['shew'];
      }),
    ]);
    const error = new DeclarationError(mistakes);
    expect(error.code).toBe('MILLRACE_DECLARATION');
    expect(error.message.split('\n')[0]).toBe('5 mistakes in the declarations. Correct each and try again.');
    expect(mistakes.map(({ where }) => where)).toEqual([
      'tiny.topics.words.partitions',
      'tiny.files.lines.sample',
      'tiny.jobs.send.writes',
      'tiny.topics.words',
      'tiny.order.after',
    ]);
  });

  test('with one mistake is told of one mistake', () => {
    const mistakes = mistakesOf([
      tinyPipeline((p) => {
        p.topics.words.partitions = -1;
      }),
    ]);
    expect(new DeclarationError(mistakes).message).toBe(
      '1 mistake in the declarations. Correct each and try again.\n' +
        '  tiny.topics.words.partitions: is out of range; got -1; allowed: whole numbers from 1 to 2400',
    );
  });
});

describe('the form', () => {
  refuses(
    'a misspelt word',
    (p) => void Object.assign(p.topics.words, { retentions: 5 }),
    'tiny.topics.words.retentions: is not a word of a declaration; got "retentions"; allowed: see model.ts',
  );
  refuses(
    'a misspelt word of the whole',
    (p) => void Object.assign(p, { topic: {} }),
    'tiny.topic: is not a word of a declaration; got "topic"; allowed: see model.ts',
  );
  refuses(
    'a pipeline that is not described',
    (p) => {
      p.description = '';
    },
    'tiny.description: is not as expected; got ""; allowed: a sentence for people',
  );
  refuses(
    'another cleanup policy',
    (p) => {
      p.topics.lost.cleanup = 'compacted';
    },
    'tiny.topics.lost.cleanup: is none of the words for it; got "compacted"; allowed: delete, compact',
  );
  refuses(
    'another mode',
    (p) => {
      p.jobs.show.mode = 'bach';
    },
    'tiny.jobs.show.mode: is none of the words for it; got "bach"; allowed: batch, streaming',
    'tiny.order.after: is not a batch job; got "show (bach)"; allowed: a batch job',
  );
  refuses(
    'another kind of tunable',
    (p) => {
      p.jobs.send.tunables.lineCount.kind = 'number';
    },
    'tiny.jobs.send.tunables.lineCount.kind: is none of the words for it; got "number"; allowed: integer, text, instant',
  );
  refuses(
    'a text where a list belongs',
    (p) => void Object.assign(p.jobs.send.writes, { topics: 'words' }),
    'tiny.jobs.send.writes.topics: is of another kind; got "words"; allowed: a list',
  );
  refuses(
    'a missing part',
    (p) => void Reflect.deleteProperty(p, 'order'),
    'tiny.order: is missing; got nothing; allowed: an object',
  );
  test('refuses a pipeline without a name', () => {
    expect(refusalOf(tinyPipeline((p) => void Reflect.deleteProperty(p, 'name')))).toEqual([
      'a pipeline.name: is missing; got nothing; allowed: a text',
    ]);
  });
  test('of one pipeline does not hide the mistakes of another', () => {
    const formless = tinyPipeline((p) => void Object.assign(p, { name: 'formless', jobs: 7 }));
    const wrong = tinyPipeline((p) => {
      p.topics.lost.partitions = 0;
    });
    expect(refusalOf(formless, wrong)).toEqual([
      'formless.jobs: is of another kind; got 7; allowed: an object',
      'tiny.topics.lost.partitions: is out of range; got 0; allowed: whole numbers from 1 to 2400',
    ]);
  });
});

describe('names', () => {
  refuses(
    'a pipeline with capitals and of another name than its folder',
    (p) => {
      p.name = 'Tiny';
    },
    'Tiny.name: is not a name; got "Tiny"; allowed: a-z and 0-9, first a letter, 30 characters at most',
    'Tiny.name: is not the name of its folder; got "Tiny"; allowed: tiny',
  );
  for (const name of ['queue', 'pyspark', 'class']) {
    test(`refuses the name ${name}, which Python keeps for itself`, () => {
      const renamed = tinyPipeline((p) => {
        p.name = name;
      });
      expect(refusalOf(renamed)).toContain(
        `${name}.name: is a name that Python keeps for itself; got "${name}"; allowed: another name`,
      );
    });
  }
  refuses(
    'a pipeline with the name of a stack',
    (p) => {
      p.name = 'network';
      p.folders.declaration = p.folders.declaration.replace(/tiny$/, 'network');
      p.topics = {} as TinyPipeline['topics'];
      p.jobs = {
        count: { ...p.jobs.count, reads: { topics: [] }, writes: { topics: [] } },
      } as unknown as TinyPipeline['jobs'];
      p.order = { ...p.order, during: [], after: [] };
      for (const part of ['files', 'reconciliation', 'report'] as const)
        Object.assign(p, { [part]: part === 'files' ? {} : undefined });
    },
    'network.name: is taken by the platform; got "network"; allowed: any name but network, streaming, processing, millrace',
  );
  refuses(
    'a topic, a file, a job and a tunable that cannot become an argument',
    (p) => {
      Object.assign(p.topics, { 'dead letters': { ...p.topics.lost, name: 'tiny.dead', external: 'both' } });
      Object.assign(p.jobs.send.tunables, { __proto: { ...p.jobs.send.tunables.lineCount } });
    },
    'tiny.topics.dead letters: is not a name for a topic; got "dead letters"; allowed: camelCase, 30 characters at most',
    'tiny.jobs.send.tunables.__proto: is not a name for a tunable; got "__proto"; allowed: camelCase, 30 characters at most',
  );
  refuses(
    'an output folder that would lie among the checkpoints',
    (p) => {
      p.jobs.show.writes.folders = ['checkpoints'];
      p.report.folder = 'checkpoints';
    },
    'tiny.jobs.show.writes.folders: is not a name for a folder; got "checkpoints"; allowed: a-z, 0-9 and -, first a letter, but not checkpoints or input',
  );
  refuses(
    'a job with the name of a step',
    (p) => {
      Object.assign(p.jobs, { lock: p.jobs.show, show: undefined });
      Reflect.deleteProperty(p.jobs, 'show');
      p.order.after = ['lock'];
      p.report.job = 'lock';
    },
    'tiny.jobs.lock: is the name of a step of every pipeline; got "lock"; allowed: a name that says what the job does',
  );
  refuses(
    "a job with the name of another's drain",
    (p) => {
      Object.assign(p.jobs, { countDrain: p.jobs.show });
      Reflect.deleteProperty(p.jobs, 'show');
      p.order.after = ['countDrain'];
      p.report.job = 'countDrain';
    },
    'tiny.jobs.countDrain: is the name of the drain of count; got "countDrain"; allowed: another name',
  );
});
