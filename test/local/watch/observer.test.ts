/** What is seen of an execution in the files that it leaves, while it runs and after it. */
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { keepSettled } from '../../../local/accounts/balance.ts';
import { type JobRunRecord, JobRunRecords, type JobRunRequest } from '../../../local/emr/job-run-records.ts';
import type { Home } from '../../../local/home.ts';
import { type ExecutionRecord, Executions } from '../../../local/stepfunctions/executions.ts';
import { Observer } from '../../../local/watch/observer.ts';
import { temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const declared = wordsPipeline().pipeline;
const report = { ...declared.report, columns: [{ field: 'word', title: 'word', format: 'text' as const }] };
const pipeline = { ...declared, report } as Pipeline;
let home: Home;
let executions: Executions;
let records: JobRunRecords;
let observer: Observer;

beforeEach(() => {
  home = temporaryHome();
  executions = new Executions(home.executions);
  records = new JobRunRecords(home.jobRuns);
  observer = new Observer({ home, pipeline, endpoints: () => undefined });
});
afterEach(() => observer.close());

/** An execution that begins now. */
function begin(name: string): ExecutionRecord {
  const record = { arn: `arn:${name}`, name, pipeline: pipeline.name, stateMachineArn: 'arn', input: {} };
  return executions.create(record, '{}');
}

function start(job: string, execution: string, { mode = 'BATCH', of = pipeline.name, writes = {} } = {}): JobRunRecord {
  const spec = {
    pipeline: of,
    job,
    execution,
    mode: mode === 'BATCH' ? 'batch' : 'stream',
    reads: {},
    writes,
    parameters: {},
  };
  const request = {
    name: `${of}/${job}/${execution}`,
    mode,
    entryPointArguments: ['--spec', JSON.stringify(spec)],
    tags: {},
  };
  return records.create(request as unknown as JobRunRequest);
}

const write = ({ id }: JobRunRecord, ...lines: (object | string)[]) => {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  appendFileSync(records.stdout(id), texts.map((text) => `${text}\n`).join(''));
};
const sent = (count: number) => ({ event: 'progress', sent: count, of: 50, rejected: 0 });

test('nothing was run yet', () => {
  expect(observer.look()).toMatchObject({ execution: null, runs: [], states: [], edges: {}, results: null });
});

test('what is appended is seen at the next look', () => {
  const execution = begin('20260131130000-aaaa');
  executions.append(execution, { at: '2026-01-31T13:00:00Z', event: 'ExecutionStarted' });
  const run = start('send', execution.name);
  write(run, { event: 'started' }, sent(10));
  expect(observer.look()).toMatchObject({
    execution: { status: 'RUNNING' },
    runs: [{ job: 'send', sent: 10 }],
    states: [],
  });
  write(run, 'send: a word for people', sent(30));
  executions.append(execution, { at: '2026-01-31T13:00:01Z', event: 'StateEntered', state: 'Lock' });
  expect(observer.look()).toMatchObject({
    runs: [{ sent: 30, of: 50 }],
    states: [{ name: 'Lock' }],
    accounts: [{ settled: false, sent: 30 }],
  });
  expect(observer.isLive).toBe(true);
});

test('the end of a run that has ended is seen, and what was counted is believed over what jobs tell', () => {
  const execution = begin('20260131130000-aaaa');
  const run = start('send', execution.name);
  observer.look();
  write(run, sent(50));
  records.write({ ...run, state: 'SUCCESS' });
  executions.finish(execution, { status: 'SUCCEEDED', output: {} });
  keepSettled(executions.folderOf(execution), [{ account: 'words', sent: 49, addsUp: false } as never]);
  expect(observer.look()).toMatchObject({ execution: { status: 'SUCCEEDED' }, runs: [{ state: 'SUCCESS', sent: 50 }] });
  expect(observer.look().accounts).toEqual([{ account: 'words', sent: 49, addsUp: false, settled: true }]);
  expect(observer.isLive).toBe(false);
});

test('a later execution takes the place of the one before, with nothing left of it', () => {
  const first = begin('20260131130000-aaaa');
  write(start('send', first.name), sent(10));
  observer.look();
  executions.finish(first, { status: 'SUCCEEDED', output: {} });
  const second = begin('20260131140000-bbbb');
  write(start('send', second.name), sent(20));
  expect(observer.look()).toMatchObject({ execution: { name: second.name }, runs: [{ sent: 20 }] });
});

test('one that was refused does not take the place of the one that runs', () => {
  const first = begin('20260131130000-aaaa');
  executions.finish(begin('20260131140000-bbbb'), { status: 'FAILED', error: 'JobRunAlive' });
  expect(observer.look().execution?.name).toBe(first.name);
});

test('runs of other pipelines and of executions before are no part of it, but streams that go on are', () => {
  const first = begin('20260131130000-aaaa');
  start('send', first.name);
  const stream = start('count', first.name, { mode: 'STREAMING' });
  executions.finish(first, { status: 'SUCCEEDED', output: {} });
  const second = begin('20260131140000-bbbb');
  start('send', second.name, { of: 'other' });
  const ours = start('show', second.name);
  expect(observer.look().runs.map(({ id }) => id)).toEqual([stream.id, ours.id]);
});

test('results are those that the job of the report wrote, once it has ended', () => {
  const execution = begin('20260131130000-aaaa');
  const run = start('show', execution.name, { writes: { results: { kind: 'folder', url: 's3://data/results/one' } } });
  const folder = join(home.buckets, 'data', 'results', 'one', 'json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'part-0.json'), '{"word":"one","times":1.50}\n');
  expect(observer.look().results).toBeNull();
  records.write({ ...run, state: 'SUCCESS' });
  expect(observer.look().results).toEqual({ rows: [{ word: 'one', times: '1.50' }], final: true, more: 0 });
});

test('of a run its spec and its words are told, and none of another name', () => {
  const execution = begin('20260131130000-aaaa');
  const run = start('send', execution.name);
  write(run, sent(1), 'send: \u001b[31mred');
  writeFileSync(records.stderr(run.id), 'WARN of Spark\n');
  observer.look();
  expect(observer.details(run.id)).toMatchObject({ spec: { job: 'send' }, log: 'WARN of Spark\nsend: ␛[31mred' });
  expect(observer.details('../..')).toBeUndefined();
});

test('of a long log the end is told', () => {
  const execution = begin('20260131130000-aaaa');
  const run = start('send', execution.name);
  writeFileSync(records.stderr(run.id), `${'x'.repeat(99)}\n`.repeat(5_000));
  write(run, 'send: the last word');
  observer.look();
  const { log = '' } = observer.details(run.id) ?? {};
  expect(log.length).toBe(16_000);
  expect(log).toMatch(/x\nsend: the last word$/);
});

test('looking leaves nothing', () => {
  const execution = begin('20260131130000-aaaa');
  start('send', execution.name);
  const files = () => readdirSync(home.root, { recursive: true }).sort();
  const before = files();
  observer.look();
  observer.look();
  expect(files()).toEqual(before);
});

test('nothing hides in the words of strangers: in reasons, causes, results, specs', () => {
  const [hidden, shown] = ['a\u202eb\u001b[31m\u200b', 'a⟨U+202E⟩b␛[31m⟨U+200B⟩'];
  const execution = begin('20260131130000-aaaa');
  const writes = { results: { kind: 'folder', url: 's3://data/results/one' } };
  const [count, show] = [start('count', execution.name), start('show', execution.name, { writes })];
  write(count, { event: 'progress', batch: 1, rowsIn: 2, deadLetters: { [hidden]: 2 } });
  records.write({ ...count, state: 'FAILED', stateDetails: hidden });
  const folder = join(home.buckets, 'data', 'results', 'one', 'json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'part-0.json'), `${JSON.stringify({ word: hidden })}\n`);
  records.write({ ...show, state: 'SUCCESS' });
  executions.finish(execution, { status: 'FAILED', error: 'Failed', cause: hidden });
  expect(observer.look()).toMatchObject({
    execution: { cause: shown },
    runs: [{ details: shown, deadLetters: { [shown]: 2 } }, {}],
    results: { rows: [{ word: shown }] },
  });
  writeFileSync(records.stderr(count.id), hidden);
  expect(observer.details(count.id)?.log).toBe(shown);
});
