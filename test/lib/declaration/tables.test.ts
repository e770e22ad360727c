/** Each kind of mistake in databases, tables and migrations, in the words that a person reads. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fill } from '../../../lib/declaration/fill.ts';
import { batch, postgres, table } from '../../../lib/declaration/index.ts';
import { specOf } from '../../../lib/declaration/plan.ts';
import { Spec } from '../../../lib/declaration/spec.ts';
import { accepts, type Change, declare, refusalOf, refuses, root, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const folder = join(root, 'pipelines', 'tiny', 'tables');
const words = 'CREATE TABLE words (word text PRIMARY KEY, times bigint, "weight" numeric(9, 2));';

/** Puts these migrations in the place of those that are there. */
function migrations(files: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true });
  if (Object.keys(files).length > 0) mkdirSync(folder, { recursive: true });
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
}
beforeEach(() => migrations({ '001-words.sql': words }));
afterEach(() => migrations({}));

const database = postgres('tiny');
const kept = (props: object = {}, name = 'words') =>
  table(name, { database, key: ['word'], columns: ['word', 'times'], ...props } as never);
const written = (thing: ReturnType<typeof table>): Change => ({
  jobs: ({ show }) => void Object.assign(show.writes, { kept: thing }),
});

describe('tables', () => {
  accepts('one that a stream writes and a batch job reads and writes', {
    jobs: ({ count, show }) => {
      const thing = kept({ columns: ['word', 'times', 'weight'], key: ['word'] });
      Object.assign(count.writes, { kept: thing });
      Object.assign(show, { reads: { ...show.reads, kept: thing }, writes: { ...show.writes, kept: thing } });
    },
  });
  accepts('one that somebody else fills', {
    jobs: ({ show }) => void Object.assign(show, { reads: { ...show.reads, kept: kept({ external: 'written' }) } }),
  });
  for (const name of ['Words', 'a(b', '', '1a', 'x'.repeat(64)]) {
    refuses(
      `the name ${JSON.stringify(name)}`,
      written(kept({}, name)),
      `tiny.tables.kept.name: is not a name for a table; got ${JSON.stringify(name)}; allowed: a-z, 0-9 and _, first a letter, 63 at most`,
    );
  }
  refuses(
    'a column in capitals, which PostgreSQL would not find',
    written(kept({ columns: ['word', 'Times'] })),
    'tiny.tables.kept.columns.1: is not a name for a column; got "Times"; allowed: a-z, 0-9 and _, first a letter, 63 at most',
  );
  refuses(
    'a key that is none of its columns',
    written(kept({ key: ['word', 'weight'] })),
    'tiny.tables.kept.key: is none of its columns; got "weight"; allowed: word, times',
  );
  refuses(
    'a column that is there twice',
    written(kept({ columns: ['word', 'times', 'word'] })),
    'tiny.tables.kept.columns: names a column twice; got "word"; allowed: each once',
  );
  refuses(
    'one without a key',
    written(kept({ key: [] })),
    'tiny.tables.kept.key: does not fit; got []; allowed: at least one column',
  );
  refuses(
    'one in no database',
    written(kept({ database: 'tiny' })),
    'tiny.tables.kept.database: does not belong here; got "tiny"; allowed: a database made by postgres(...)',
  );
  refuses(
    'one that no migration makes',
    written(kept({}, 'letters')),
    'tiny.tables.kept.name: is in no migration; got "letters"; allowed: a table that one of tables/*.sql makes',
  );
  refuses(
    'a misspelt column, before anything is deployed',
    written(kept({ columns: ['word', 'tmes'] })),
    'tiny.tables.kept.columns: is in no migration; got "tmes"; allowed: a column that one of tables/*.sql makes',
  );
  refuses(
    'one that nobody writes',
    { jobs: ({ show }) => void Object.assign(show.reads, { kept: kept() }) },
    'tiny.tables.kept: is read, but nobody writes it; got "table words"; allowed: a job that writes it',
  );
  refuses(
    'a stream that reads one',
    {
      jobs: ({ send, count }) => {
        const thing = kept();
        Object.assign(send.writes, { kept: thing });
        Object.assign(count.reads, { kept: thing });
      },
    },
    'tiny.jobs.count.reads.kept: is no source of a stream; got "table words"; allowed: a batch job',
  );
  test('refuses a role that PostgreSQL would cut off, and one that is that of people', () => {
    const writing = (job: string) => {
      const writes = { kept: kept() };
      return declare({ description: 'x', jobs: { [job]: batch('send.py', { reads: {}, writes }) } });
    };
    expect(refusalOf(writing('sql'))).toEqual([
      'tiny.jobs.sql.writes.kept: belongs to a job whose role is that of people; got "tiny_sql"; allowed: another name of the job',
    ]);
    expect(refusalOf(writing('replication'))).toEqual([
      'tiny.jobs.replication.writes.kept: belongs to a job whose role is that of connectors; got "tiny_replication"; allowed: another name of the job',
    ]);
    const long = { ...writing(`a${'B'.repeat(29)}`), name: 'tiny' };
    expect(refusalOf(long)).toEqual([
      expect.stringMatching(/has too long a role for its job; got "tiny_a(_b)+"; allowed: 63/),
    ]);
  });
});

describe('databases', () => {
  refuses(
    'one with a name that another pipeline could take',
    written(kept({ database: postgres('other') })),
    'tiny.tables.kept.database: has a name that is not of this pipeline; got "other"; allowed: tiny, or tiny_...',
  );
  refuses(
    'a misspelt word',
    written(kept({ database: postgres('tiny', { logicalReplikation: true } as never) })),
    'tiny.tables.kept.database: does not fit; got {"logicalReplikation":true}; allowed: { logicalReplication: true } or nothing',
  );
  refuses(
    'a second one',
    {
      jobs: ({ send, show }) => {
        Object.assign(send.writes, { kept: kept() });
        Object.assign(show.writes, { more: kept({ database: postgres('tiny_more') }, 'times') });
      },
    },
    'tiny.tables.more.database: is the second database of the pipeline; got "tiny_more"; allowed: tiny, as of kept',
  );
});

describe('migrations', () => {
  const cases: readonly [what: string, files: Record<string, string>, line: RegExp][] = [
    [
      'are missing',
      {},
      /^tiny\.tables: are made by no migration; got "<root>.*tables"; allowed: a folder with 001-\.\.\.\.sql$/,
    ],
    [
      'have a gap',
      { '001-words.sql': words, '003-more.sql': '' },
      /got "003-more\.sql"; allowed: 002-what-it-does\.sql$/,
    ],
    ['have a number twice', { '001-words.sql': words, '001-zero.sql': '' }, /got "001-zero\.sql"; allowed: 002-what/],
    ['have another form', { '001-words.sql': words, 'more.sql': '' }, /got "more\.sql"; allowed: 002-what/],
    [
      'are too long',
      { '001-words.sql': `${words}${' '.repeat(100_000)}` },
      /too long together; got 100\d+; allowed: 100000 characters$/,
    ],
    [
      'end their transaction',
      { '001-words.sql': `${words}\nCOMMIT;` },
      /end their transaction.*; got "001-words\.sql"/,
    ],
  ];
  for (const [what, files, line] of cases) {
    test(`are refused where they ${what}`, () => {
      migrations(files);
      expect(refusalOf(tinyPipeline(written(kept())))).toEqual([expect.stringMatching(line)]);
    });
  }
});

test('a job is told its columns, its key and its role, and where the database is; never a password', () => {
  const declared = tinyPipeline({ jobs: ({ count }) => void Object.assign(count.writes, { kept: kept() }) });
  const scope = {
    platform: { bootstrapServers: 'b:1', registryUrl: 'http://r', bucket: 'data' },
    pipeline: {
      schemas: { wordsTopicKey: '1', wordsTopicValue: '2', wordCountsTopicKey: '1', wordCountsTopicValue: '3' },
      databases: { tiny: 'jdbc:postgresql://127.0.0.1:5432/tiny' },
    },
    execution: { name: 'e' },
    parameters: {},
  };
  const spec = Spec.parse(fill(specOf(declared, 'count'), scope));
  expect(spec.writes.kept).toEqual({
    kind: 'table',
    url: 'jdbc:postgresql://127.0.0.1:5432/tiny',
    user: 'tiny_count',
    schema: 'tiny',
    table: 'words',
    columns: ['word', 'times'],
    key: ['word'],
  });
});
