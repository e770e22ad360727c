/** What is shown of an execution: tables, the words of jobs, and what can be done with a stream; and why one failed. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../../local/cli/run-failure.ts';
import { jobsShown, type Output, type Shown, show } from '../../../local/cli/run-shown.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { bucketPath } from '../../../local/cloudformation/index.ts';
import { JobRunRecords } from '../../../local/emr/job-run-records.ts';
import type { StreamStatus } from '../../../local/emr/live-streams.ts';
import { millraceHome } from '../../../local/home.ts';
import type { ExecutionRecord } from '../../../local/stepfunctions/executions.ts';
import { tinyPipeline } from '../../lib/declaration/tiny-pipeline.ts';
import { fakeRequest } from '../emr/fake-job.ts';

/** Counts are shown by `show`, which has a report, and told by `tellAll`, which has none. */
const pipeline = tinyPipeline((tiny) => {
  Object.assign(tiny.jobs, { tellAll: { ...tiny.jobs.show, writes: {} } });
  tiny.order.after = ['tellAll', 'show'];
});

const execution: ExecutionRecord = {
  arn: 'arn:one',
  name: 'one',
  pipeline: 'tiny',
  stateMachineArn: 'arn:machine',
  input: {},
  startedAt: '2026-01-31T13:00:00.000Z',
  status: 'SUCCEEDED',
};

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
function shown(output: Partial<Output>, more: Partial<Shown> = {}, json = false) {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const records = new JobRunRecords(home.jobRuns);
  const words = { show: ['--results-path', 's3://data/results/tiny/one'], tellAll: ['--word', 'mill'] };
  const runs = Object.entries(words).map(([job, entryPointArguments]) => {
    const run = records.create(fakeRequest('', { name: `tiny/${job}/one`, entryPointArguments }));
    const event = `{"event":"result","job":"${job}","rows":2000,"results":"s3://data"}`;
    writeFileSync(records.stdout(run.id), `${job}: word  times\nmill      2\n${event}\n`);
    const ended = { ...run, state: 'SUCCESS' as const };
    records.write(ended);
    return ended;
  });
  const part = join(bucketPath(home, 's3://data/results/tiny/one'), 'json', 'part-0');
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, '{"word":"mill"}\n');
  const told: Output = { action: 'run', job: '', tunables: {}, files: {}, ...output };
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
      reconciliation: undefined,
      before: undefined,
      stream: undefined,
      ...more,
    },
  );
  return { stdout: lines.join('\n'), stderr: String(progress.read() ?? ''), home };
}

describe('an execution', () => {
  test('of the whole order shows the table of the report, or else what the jobs after the stream say', () => {
    const { report: _, ...without } = pipeline;
    const words = 'word  times\nmill      2';
    expect(shown({}, { pipeline: without }).stdout).toBe(`tell-all\n${words}\n\nshow\n${words}`);
    const { stdout, stderr } = shown({});
    expect(stdout).toBe('word\n----\nmill');
    expect(stderr).toMatch(/results as CSV and JSON in .*\/results\/tiny\/one\n$/);
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
    expect(shown({ action: 'start' }, { stream }).stdout.split('\n')).toEqual([
      'stream count runs since 2026-01-31 13:00:00 UTC (pid 42)',
      'Log      npx millrace logs count --follow',
      'Upgrade  npx millrace run tiny --action upgrade',
      'Stop     npx millrace run tiny --action stop',
    ]);
  });

  test('that stopped a stream says whether there was one', () => {
    const rest = 'all that its topics held is worked through';
    expect(shown({ action: 'stop' }, { before: stream }).stdout).toBe(`tiny: stream count has ended; ${rest}`);
    expect(shown({ action: 'stop' }).stdout).toBe(`tiny: no stream ran; ${rest}`);
  });

  test('is one object for machines', () => {
    const object = JSON.parse(shown({ action: 'job', job: 'show' }, { stream }, true).stdout) as object;
    expect(object).toMatchObject({
      pipeline: 'tiny',
      execution: { name: 'one', status: 'SUCCEEDED' },
      jobs: [{ name: 'show', result: { rows: 2000 }, notes: ['word  times\nmill      2'] }],
      results: [{ word: 'mill' }],
      stream: { job: 'count', pid: 42 },
    });
  });
});

describe('a failed execution', () => {
  const failed = (error: string, cause: string): ExecutionRecord => ({ ...execution, status: 'FAILED', error, cause });

  test('that a stream is in the way of names the stream and both ways on', () => {
    const error = failureOf(failed('JobRunAlive', 'alive'), '/records', stream);
    expect(error.code).toBe('STREAM_RUNS');
    expect(error.message).toMatch(/stream count of pipeline "tiny" runs since .*--action stop.*--action upgrade/);
    expect(failureOf(failed('JobRunAlive', 'alive'), '/records', undefined).message).toContain('JobRunAlive: alive');
  });

  test('whose stream failed says why the stream did', () => {
    const gone: StreamStatus = { ...stream, state: 'FAILED', details: 'NO_TOPIC: tiny.words' };
    const error = failureOf(failed('StreamFailed', 'ended by itself'), '/records', gone);
    expect(error.message).toMatch(/StreamFailed: ended by itself See "npx millrace logs count"/);
    expect(error.details).toEqual(['count: NO_TOPIC: tiny.words', 'Its history is in /records.']);
    const other = failureOf(failed('StreamFailed', 'x'), '/records', { ...gone, runName: 'tiny/count/earlier' });
    expect(other.details).toEqual(['Its history is in /records.']);
  });

  test('of a job names its log as people write it', () => {
    const cause = JSON.stringify({ Name: 'tiny/countDrain/one', StateDetails: 'BAD: row 7' });
    expect(failureOf(failed('States.TaskFailed', cause), '/records', undefined).message).toBe(
      'Execution one ended FAILED: States.TaskFailed: BAD: row 7 See "npx millrace logs count-drain".',
    );
  });
});
