/** Each kind of mistake in the accounts and in the report, in the words that a person reads, and how often a row is counted. */
import { describe, expect, test } from 'vitest';
import { accountName, perRowOf } from '../../../lib/declaration/flow.ts';
import { csv, folder, instant, jsonSchema, topic } from '../../../lib/declaration/index.ts';
import type { Account } from '../../../lib/declaration/pipeline.ts';
import { accepts, type Change, refusalOf, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

/** Lets the tiny pipeline's only account say something else. */
const account = (change: object | ((from: object) => object)): Change => ({
  whole: ({ accounts: [account] }) =>
    void Object.assign(account ?? {}, typeof change === 'function' ? change(account?.from ?? {}) : change),
});
const other = topic('other', { partitions: 1 });

describe('the accounts', () => {
  accepts('a pipeline that has none, and no report', {
    whole: (whole) => void Object.assign(whole, { accounts: undefined, report: undefined }),
  });
  accepts('what is on a topic as what was sent', account({ from: undefined }));
  accepts('results of which each record is a row', {
    whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { count: undefined }),
  });
  accepts('several', { whole: ({ accounts }) => void accounts.push({ ...accounts[0] } as never) });
  refuses(
    'topics that no job uses',
    account({ sent: other, deadLetters: other }),
    'tiny.accounts.0.sent: is not used by a job of the pipeline; got "topic other"; allowed: words, wordCounts, lost',
    'tiny.accounts.0.deadLetters: is not used by a job of the pipeline; got "topic other"; allowed: words, wordCounts, lost',
  );
  refuses(
    'a file and a folder that no job uses',
    account((from) => ({
      from: { ...from, file: csv('a', ',', { format: 'avro', file: 'line.avsc' }), rejects: folder('b') },
    })),
    'tiny.accounts.0.from.file: is not used by a job of the pipeline; got "file a"; allowed: lines',
    'tiny.accounts.0.from.rejects: is not used by a job of the pipeline; got "folder b"; allowed: rejects, results',
  );
  test('refuse rows that are no whole number of the job that reads the file', () => {
    const parameters = tinyPipeline().jobs.show?.parameters;
    const wrong = account((from) => ({ from: { ...from, rows: parameters?.word } }));
    expect(refusalOf(tinyPipeline(wrong))).toEqual([
      'tiny.accounts.0.from.rows: is no whole number among the parameters of the job that reads the file; got {"kind":"text","default":"","pattern":"[a-z]+","unit":"word","description":"Shows one word."}; allowed: lineCount',
    ]);
  });
  refuses(
    'a count that is no whole number in the results',
    { whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { count: 'word' }) },
    'tiny.accounts.0.results.count: is not a whole number in the values of its topic; got "word"; allowed: times',
  );
  refuses(
    'a count that is no whole number of a JSON Schema',
    {
      things: ({ wordCounts }) => void Object.assign(wordCounts, { value: jsonSchema('word.schema.json') }),
      whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { count: 'weight' }),
    },
    'tiny.accounts.0.results.count: is not a whole number in the values of its topic; got "weight"; allowed: times',
  );
  refuses(
    'a row that is counted never',
    { whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { perRow: 0 }) },
    'tiny.accounts.0.results.perRow: is out of range; got 0; allowed: whole numbers from 1 to 1000',
  );
});

test('an account is called by its topic, and by that of the results where several count one topic', () => {
  const named = (change: Change) => {
    const pipeline = tinyPipeline(change);
    return pipeline.accounts?.map((account) => accountName(pipeline, account));
  };
  expect(named({})).toEqual(['words']);
  const second = { whole: ({ accounts }: { accounts: object[] }) => void accounts.push({ ...accounts[0] }) };
  expect(named(second as Change)).toEqual(['words to wordCounts', 'words to wordCounts']);
});

describe('a row is counted', () => {
  const perRow = (change: Change) => {
    const pipeline = tinyPipeline(change);
    return perRowOf(pipeline, pipeline.accounts?.[0] as Account);
  };
  test('once where the results have no windows', () => expect(perRow({})).toBe(1));
  test('in each window that it is in', () => {
    const windows = { minutes: 15, every: 5 };
    expect(perRow({ jobs: ({ count }) => void Object.assign(count, { windows, keys: 1 }) })).toBe(3);
  });
  test('as often as the account says', () => {
    expect(perRow({ whole: ({ accounts }) => void Object.assign(accounts[0]?.results ?? {}, { perRow: 7 }) })).toBe(7);
  });
});

describe('the report', () => {
  refuses(
    "another job's folder",
    { whole: ({ report, accounts }) => void Object.assign(report, { folder: accounts[0]?.from.rejects }) },
    'tiny.report.folder: is not written by show; got "folder rejects"; allowed: results',
  );
  refuses(
    'to show nothing',
    { whole: ({ report }) => void Object.assign(report, { columns: [] }) },
    'tiny.report.columns: shows nothing; got "no column"; allowed: at least one',
  );
  refuses(
    'another form of a column',
    { whole: ({ report }) => void Object.assign(report.columns[0] ?? {}, { format: 'percent' }) },
    'tiny.report.columns.0.format: is none of its words; got "percent"; allowed: text, money, count, time',
  );
  const columns = [
    { field: 'word', title: 'word', format: 'text' },
    { field: 'times', title: 'times', format: 'count' },
    { field: 'since', title: 'since', format: 'time' },
  ];
  const charting = (chart: object): Change => ({
    whole: ({ report }) => void Object.assign(report, { columns, chart }),
  });
  accepts('a chart of its columns', charting({ x: 'since', y: 'times', by: 'word' }));
  refuses(
    'a chart along numbers',
    charting({ x: 'times', y: 'times' }),
    'tiny.report.chart.x: is no column of texts or times; got "times"; allowed: word, since',
  );
  refuses(
    'a chart of texts',
    charting({ x: 'since', y: 'word' }),
    'tiny.report.chart.y: is no column of money or counts; got "word"; allowed: times',
  );
  refuses(
    'a chart with the axis as its colour',
    charting({ x: 'word', y: 'times', by: 'word' }),
    'tiny.report.chart.by: is no other column of texts or times; got "word"; allowed: since',
  );

  const filtering = (filterOf: (parts: { by: Record<string, unknown>; file: unknown }) => object): Change => ({
    whole: ({ report, accounts }) => {
      const parts = { by: report.job.parameters as Record<string, unknown>, file: accounts[0]?.from.file };
      Object.assign(report, { filters: [filterOf(parts)] });
    },
  });
  accepts(
    'a filter by the values of a column',
    filtering(({ by, file }) => ({ by: by.word, among: { file, column: 'word', others: ['none'] } })),
  );
  accepts(
    'a filter that ends with the present',
    filtering(({ by }) => ({ by: by.since, ahead: 0 })),
  );
  refuses(
    'a filter of another job',
    filtering(() => ({ by: instant({ description: 'Of nobody.' }), ahead: 5 })),
    'tiny.report.filters.0.by: is no parameter of the job; got {"kind":"instant","default":"","description":"Of nobody."}; allowed: word, since',
  );
  refuses(
    'a filter among what is not there',
    filtering(({ by }) => ({
      by: by.word,
      among: { file: csv('a', ',', { format: 'avro', file: 'line.avsc' }), column: 'town' },
    })),
    'tiny.report.filters.0.among.file: is not used by a job of the pipeline; got "file a"; allowed: lines',
    'tiny.report.filters.0.among.column: is no column of the file; got "town"; allowed: word',
  );
});

describe('a view', () => {
  const columns = [
    { field: 'word', title: 'word', format: 'text' },
    { field: 'times', title: 'times', format: 'count' },
  ];
  const seeing = (view: object): Change => ({
    whole: (whole) => {
      const shown = { topic: whole.accounts[0]?.results.topic, title: 'Words', columns, ...view };
      Object.assign(whole, { views: [shown] });
    },
  });
  accepts('the fields of a topic', seeing({ chart: { x: 'word', y: 'times' }, last: 'times' }));
  refuses(
    'a topic that no job uses, and what it does not say',
    seeing({ topic: other }),
    'tiny.views.0.topic: is not used by a job of the pipeline; got "topic other"; allowed: words, wordCounts, lost',
    'tiny.views.0.columns.0.field: is no field of the values of its topic; got "word"; allowed: none',
    'tiny.views.0.columns.1.field: is no field of the values of its topic; got "times"; allowed: none',
  );
  refuses(
    'to show nothing',
    seeing({ columns: [] }),
    'tiny.views.0.columns: shows nothing; got "no column"; allowed: at least one',
  );
  refuses(
    'a chart and a last column of what it does not show',
    seeing({ chart: { x: 'word', y: 'town' }, last: 'town' }),
    'tiny.views.0.chart.y: is no column of money or counts; got "town"; allowed: times',
    'tiny.views.0.last: is none of the columns; got "town"; allowed: word, times',
  );
  refuses(
    'no title',
    seeing({ title: '' }),
    'tiny.views.0.title: does not fit; got ""; allowed: a few words for people',
  );
});
