/** What is shown of an execution: tables, the words of jobs, and what can be done with a stream; and why one failed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { accountName, topicsOf } from '../../../lib/declaration/flow.ts';
import { balanceOf, type Settled } from '../../../local/accounts/balance.ts';
import {
  failureOf,
  jobsShown,
  nextOf,
  type Output,
  reportedBefore,
  type Shown,
  show,
} from '../../../local/cli/run-outcome.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { bucketPath } from '../../../local/cloudformation/index.ts';
import { JobRunRecords } from '../../../local/emr/job-run-records.ts';
import type { StreamStatus } from '../../../local/emr/streams.ts';
import type { ExecutionRecord } from '../../../local/stepfunctions/executions.ts';
import { fakeRequest } from '../emr/fake-job.ts';
import { specTextOf, temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

/** Counts are shown by `show`, which has a report, and told by `tellAll`, which has none. */
const { pipeline } = wordsPipeline();

const execution: ExecutionRecord = {
  arn: 'arn:one',
  name: 'one',
  pipeline: 'tiny',
  stateMachineArn: 'arn:machine',
  input: {},
  startedAt: '2026-01-31T13:00:00.000Z',
  status: 'SUCCEEDED',
};

const account: Settled = {
  account: 'words',
  rejectedByReason: {},
  ...balanceOf({
    read: 2,
    rejected: 0,
    sent: 2,
    carriedOver: 0,
    replayed: 0,
    summarized: 2,
    deadLetters: 0,
    deadLettersByReason: {},
    deadLettersOfExecution: 0,
  }),
};

const rejected = { file: '/lines', folder: '/rejects', rejected: 3, rejectedByReason: { late: 2, 'not-json': 1 } };

const stream: StreamStatus = {
  pipeline: 'tiny',
  job: 'count',
  runName: 'tiny/count/one',
  runId: '1',
  state: 'RUNNING',
  since: '2026-01-31T13:00:00.000Z',
  pid: 42,
};

/** Shows an execution whose jobs have ended; gives stdout, and stderr after it. */
function shown(output: Partial<Output>, more: Partial<Shown> = {}, json = false, words = ['mill']) {
  const home = temporaryHome();
  const records = new JobRunRecords(home.jobRuns);
  const runs = ['show', 'tellAll'].map((job) => {
    const entryPointArguments = ['--spec', specTextOf(pipeline, job)];
    const run = records.create(fakeRequest('', { name: `tiny/${job}/one`, entryPointArguments }));
    const event = `{"event":"result","job":"${job}","rows":2000,"results":"s3://data"}`;
    writeFileSync(records.stdout(run.id), `${job}: word  times\nmill      2\n${event}\n`);
    const ended = { ...run, state: 'SUCCESS' as const };
    records.write(ended);
    return ended;
  });
  const part = join(bucketPath(home, 's3://data/results/tiny/one'), 'json', 'part-0');
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, words.map((word) => `${JSON.stringify({ word })}\n`).join(''));
  const told: Output = { action: 'run', job: '', ...output };
  const jobs = jobsShown(pipeline, told, runs, records, home);
  const lines: string[] = [];
  const progress = new PassThrough();
  const terminal = new Terminal(progress, {});
  const context = { home, terminal, json, onForce: [], print: (text: string) => void lines.push(text) };
  show(
    { ...context, signal: new AbortController().signal },
    {
      pipeline,
      execution,
      output: told,
      jobs,
      accounts: [],
      rejects: [],
      before: [],
      streams: [],
      requests: [],
      ...more,
    },
  );
  return { stdout: lines.join('\n'), stderr: String(progress.read() ?? ''), home };
}

describe('an execution', () => {
  test('of the whole order shows the table of the report, or else what the jobs after the stream say', () => {
    const { report: _, ...without } = pipeline;
    const words = 'word  times\nmill      2';
    const texts = `tell-all\n${words}\n\nshow\n${words}\n`;
    expect(shown({}, { pipeline: without, accounts: [account] }).stdout).toContain(texts);
    const { stdout, stderr } = shown({}, { accounts: [account] });
    expect(stdout.split('\n')).toEqual([
      'word',
      '----',
      'mill',
      '',
      account.line,
      'in no account: the rows of tell-all, show',
    ]);
    expect(stderr).toMatch(/results as CSV and JSON in .*\/results\/tiny\/one\n$/);
  });

  test('says which columns of its report no row of the results has', () => {
    expect(shown({}).stderr).not.toContain('no row');
    const columns = [
      { field: 'word', title: 'word', format: 'text' as const },
      { field: 'tims', title: 'times', format: 'count' as const },
    ];
    const report = { ...pipeline.report, columns } as NonNullable<typeof pipeline.report>;
    const { stderr } = shown({}, { pipeline: { ...pipeline, report } });
    expect(stderr).toContain('no row of the results has "tims", a column of the report; they have: word\n');
  });

  test('marks what it has changed, where a report of the same question was made before', () => {
    const said = (...words: string[]) => ({ execution: 'zero', rows: words.map((word) => ({ word })) });
    const table = (...words: string[]) => shown({}, { reported: said(...words) }, false, ['mill', 'race']).stdout;
    expect(table('mill')).toMatch(/^word\n---- {2}-\nmill\nrace {2}\+\n\n\+ new or changed since execution zero\n/);
    expect(table('race', 'mill')).toMatch(/^word\n----\nmill\nrace\n\nno row has changed since execution zero\n/);
    expect(table('other')).toMatch(/^word\n----\nmill\nrace\n\n(?!.*changed)/);
    const told = JSON.parse(shown({}, { reported: said('mill') }, true, ['mill', 'race']).stdout);
    expect(told).toMatchObject({ results: [{ word: 'mill' }, { word: 'race' }], resultsChanged: [1] });
  });

  test('is compared with the last one that was asked the same', () => {
    const home = temporaryHome();
    const records = new JobRunRecords(home.jobRuns);
    const run = (name: string, word?: string) => {
      const spec = JSON.parse(specTextOf(pipeline, 'show'));
      const url = `s3://data/results/tiny/${name}`;
      const asked = { ...spec, parameters: { word }, writes: { results: { kind: 'folder', url } } };
      const entryPointArguments = ['--spec', JSON.stringify(asked)];
      const record = { ...records.create(fakeRequest('', { name: `tiny/show/${name}`, entryPointArguments })) };
      records.write({ ...record, state: 'SUCCESS' });
      const part = join(bucketPath(home, url), 'json', 'part-0');
      mkdirSync(dirname(part), { recursive: true });
      writeFileSync(part, `{"word":"${name}"}\n`);
      return record;
    };
    const first = run('first');
    run('second', 'mill');
    const third = run('third');
    expect(reportedBefore(pipeline, [first], records, home)).toBeUndefined();
    expect(reportedBefore(pipeline, [third], records, home)).toEqual({ execution: 'first', rows: [{ word: 'first' }] });
  });

  test('has a line for each account, with its topic where there are several, or says that there is none', () => {
    const other = { ...account, account: 'others' };
    expect(shown({}, { accounts: [account, other] }).stdout).toContain(
      `\nwords: ${account.line}\nothers: ${account.line}\n`,
    );
    const { accounts: _, ...without } = pipeline;
    expect(shown({}, { pipeline: without }).stdout).toMatch(/\nno accounts are declared: .*nobody counted rows$/);
  });

  test('is followed by what is likely to be wanted next', () => {
    const watched = ['npx millrace watch tiny', 'npx millrace down'];
    expect(nextOf(pipeline, [account], [{ ...rejected, rejected: 0 }])).toEqual(watched);
    expect(nextOf(pipeline, [{ ...account, deadLetters: 1 }], [{ ...rejected, rejected: 1 }])).toEqual([
      'npx millrace rejects tiny',
      'npx millrace topics words --dead-letters',
      ...watched,
    ]);
    const [first] = pipeline.accounts ?? [];
    const results = { topic: topicsOf(pipeline).words };
    const several = { ...pipeline, accounts: [first, { ...first, results }] } as typeof pipeline;
    const names = (several.accounts ?? []).map((one) => accountName(several, one));
    expect(nextOf(several, [{ ...account, account: names[1] ?? '', deadLetters: 1 }], [])).toEqual([
      `npx millrace topics ${first?.deadLetters.name} --dead-letters`,
      ...watched,
    ]);
  });

  test('tells rejected lines with their reasons and their place, and rows that do not add up with the log to read', () => {
    const { stderr, stdout } = shown({}, { accounts: [{ ...account, addsUp: false }], rejects: [rejected] });
    expect(stdout).not.toContain('rejected (');
    expect(stderr).toContain('3 rejected (2 late, 1 not-json) in /rejects\n');
    expect(stderr).toMatch(/The rows of words do not add up: .*"npx millrace logs count"/);
  });

  test('of one job shows what it says, what it counted and where it wrote', () => {
    expect(shown({ action: 'job', job: 'tellAll' }).stdout).toBe(
      'word  times\nmill      2\ntell-all succeeded: rows 2,000, results s3://data',
    );
    const { stdout, home } = shown({ action: 'job', job: 'show' });
    const folder = bucketPath(home, 's3://data/results/tiny/one');
    expect(stdout).toBe(`word\n----\nmill\nshow succeeded: rows 2,000\nresults in ${folder}`);
  });

  test('that started a stream shows how to go on', () => {
    expect(shown({ action: 'start' }, { streams: [stream] }).stdout.split('\n')).toEqual([
      'stream count runs since 2026-01-31 13:00:00 UTC (pid 42)',
      'Log      npx millrace logs count --follow',
      'Upgrade  npx millrace run tiny --action upgrade',
      'Stop     npx millrace run tiny --action stop',
    ]);
  });

  test('that stopped streams says which there were, and which go on', () => {
    const rest = 'all that the topics held is worked through';
    const other = { ...stream, job: 'alarm', runId: '2' };
    expect(shown({ action: 'stop' }, { before: [stream] }).stdout).toBe(`tiny: stream count ended; ${rest}`);
    expect(shown({ action: 'stop' }).stdout).toBe(`tiny: no stream ran; ${rest}`);
    expect(shown({ action: 'stop' }, { before: [stream, other] }).stdout).toBe(
      `tiny: stream count and stream alarm ended; ${rest}`,
    );
    expect(shown({ action: 'stop' }, { before: [stream, other], streams: [other] }).stdout).toBe(
      `tiny: stream count ended; ${rest}\nstream alarm runs since 2026-01-31 13:00:00 UTC (pid 42)`,
    );
  });

  test('is one object for machines', () => {
    const object = JSON.parse(
      shown({ action: 'job', job: 'show' }, { streams: [stream], accounts: [account] }, true).stdout,
    ) as object;
    expect(object).toMatchObject({
      pipeline: 'tiny',
      execution: { name: 'one', status: 'SUCCEEDED' },
      jobs: [{ name: 'show', result: { rows: 2000 }, notes: ['word  times\nmill      2'] }],
      results: [{ word: 'mill' }],
      streams: [{ job: 'count', pid: 42 }],
      accounts: [{ account: 'words', addsUp: true, read: 2 }],
    });
  });
});

describe('a failed execution', () => {
  const failed = (error: string, cause: string): ExecutionRecord => ({ ...execution, status: 'FAILED', error, cause });

  test('that streams are in the way of names them and both ways on', () => {
    const error = failureOf(failed('JobRunAlive', 'alive'), '/records', [stream, { ...stream, job: 'alarm' }]);
    expect(error.code).toBe('STREAM_RUNS');
    expect(error.message).toMatch(
      /"tiny" has streams that run: count since .*, alarm since .*--action stop.*--action upgrade/,
    );
    expect(failureOf(failed('JobRunAlive', 'alive'), '/records', []).message).toContain('JobRunAlive: alive');
  });

  test('whose stream failed says why the stream did', () => {
    const gone: StreamStatus = { ...stream, state: 'FAILED', details: 'NO_TOPIC: tiny.words' };
    const error = failureOf(failed('StreamFailed', 'ended by itself'), '/records', [gone]);
    expect(error.message).toMatch(/StreamFailed: ended by itself See "npx millrace logs count"/);
    expect(error.details).toEqual(['count: NO_TOPIC: tiny.words', 'Its history is in /records.']);
    const other = failureOf(failed('StreamFailed', 'x'), '/records', [{ ...gone, runName: 'tiny/count/earlier' }]);
    expect(other.details).toEqual(['Its history is in /records.']);
  });

  test('of a job names its log as people write it', () => {
    const cause = JSON.stringify({ Name: 'tiny/countDrain/one', StateDetails: 'BAD: row 7' });
    expect(failureOf(failed('States.TaskFailed', cause), '/records', []).message).toBe(
      'Execution one ended FAILED: States.TaskFailed: BAD: row 7 See "npx millrace logs count-drain".',
    );
  });
});
