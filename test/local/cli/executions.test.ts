/** Executions: their list, one in detail, and the end of one that runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { keepSettled, type Settled } from '../../../local/accounts/balance.ts';
import { executions } from '../../../local/cli/executions.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { JobRunRecords, type JobRunRequest } from '../../../local/emr/job-run-records.ts';
import type { Home } from '../../../local/home.ts';
import { identityOf } from '../../../local/services/process.ts';
import { type ExecutionRecord, Executions } from '../../../local/stepfunctions/executions.ts';
import { temporaryHome } from '../support/deployed-words.ts';

const [declared, other] = await loadPipelines();
const pipeline = declared?.name ?? '';
let home: Home;
let records: Executions;
let printed: string[];
beforeEach(() => {
  home = temporaryHome();
  records = new Executions(home.executions);
  printed = [];
});

function begin(name: string, input = {}, of = pipeline): ExecutionRecord {
  return records.create({ arn: `arn:${name}`, name, pipeline: of, stateMachineArn: 'arn', input }, '{}');
}

/** What an execution's file says, changed. */
function rewrite(record: ExecutionRecord, changes: Partial<ExecutionRecord>): void {
  const file = join(records.folderOf(record), 'execution.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
}

async function asked(what?: 'show' | 'stop', name?: string, { json = true, of }: { json?: boolean; of?: string } = {}) {
  const terminal = new Terminal({ write: () => true } as unknown as NodeJS.WritableStream);
  const { signal } = new AbortController();
  const print = (text: string) => void printed.push(text);
  const context = { home, terminal, json, signal, onForce: [], print };
  expect(await executions(context, what, name, of === undefined ? {} : { pipeline: of })).toBe(0);
  const text = printed.at(-1) ?? '';
  return json ? JSON.parse(text) : text;
}

test('are listed with what each did, how it ended and how long it took, the newest last', async () => {
  const job = begin('20260131130000-aaaa', { job: 'totalsToCsv' });
  records.finish(job, { status: 'SUCCEEDED', output: { action: 'job' } });
  rewrite(job, { startedAt: '2026-01-31T13:00:00.000Z', stoppedAt: '2026-01-31T13:00:12.500Z' });
  begin('20260131140000-bbbb', {}, other?.name);
  const { executions: told } = (await asked()) as { executions: object[] };
  expect(told).toMatchObject([
    { name: '20260131130000-aaaa', pipeline, action: 'job', job: 'totals-to-csv', status: 'SUCCEEDED', seconds: 12.5 },
    { name: '20260131140000-bbbb', pipeline: other?.name, action: 'run', status: 'RUNNING' },
  ]);
  expect(((await asked(undefined, undefined, { of: pipeline })) as { executions: object[] }).executions).toHaveLength(
    1,
  );
  expect(await asked(undefined, undefined, { json: false, of: pipeline })).toMatch(
    /^execution .*\n-+ .*\n20260131130000-aaaa {2}\w+ +job totals-to-csv {2}SUCCEEDED {2}2026-01-31 13:00:00 UTC {2}12\.5 s$/,
  );
});

test('one is told with its states, jobs, accounts and error, harmless to a terminal', async () => {
  const record = begin('one', { rate: 7 });
  records.append(record, { at: '2026-01-31T13:00:00Z', event: 'ExecutionStarted' });
  records.append(record, { at: '2026-01-31T13:00:00Z', event: 'StateEntered', state: 'Prepare' });
  records.append(record, { at: '2026-01-31T13:00:02Z', event: 'StateExited', state: 'Prepare' });
  records.finish(record, { status: 'FAILED', error: 'JobFailed', cause: 'bad \u001b[31mline\nnext' });
  keepSettled(records.folderOf(record), [{ account: 'words', addsUp: false, line: '2 sent ≠ 1' } as Settled]);
  for (const execution of ['one', 'two']) {
    const request = { name: `${pipeline}/sendAll/${execution}` } as JobRunRequest;
    new JobRunRecords(home.jobRuns).create(request);
  }
  const detail = await asked('show');
  expect(detail).toMatchObject({
    name: 'one',
    input: { rate: 7 },
    error: 'JobFailed',
    states: [{ name: 'Prepare', times: 1 }],
    jobs: [{ job: 'send-all', state: 'SUBMITTED' }],
    accounts: [{ account: 'words', addsUp: false }],
  });
  expect((detail as { jobs: object[] }).jobs).toHaveLength(1);
  const text = await asked('show', 'one', { json: false });
  expect(text).toContain('cause     bad ␛[31mline␊next\nstates\n  Prepare  2.0 s\njobs\n  send-all  SUBMITTED  ');
  expect(text).toContain('accounts\n  words: 2 sent ≠ 1\n');
});

test('one that runs is stopped by its command, which is asked to end; no other is', async () => {
  const ended = begin('ended');
  records.finish(ended, { status: 'SUCCEEDED' });
  await expect(asked('stop')).rejects.toMatchObject({
    code: 'UNKNOWN_EXECUTION',
    message: 'No execution was named. None runs.',
  });
  const [command, bystander] = [0, 1].map(() => spawn('sleep', ['60'], { stdio: 'ignore' }));
  try {
    const runs = begin('runs');
    rewrite(runs, { process: identityOf(command?.pid) as never });
    rewrite(begin('beside'), { process: identityOf(bystander?.pid) as never });
    await expect(asked('stop', 'ended')).rejects.toMatchObject({
      code: 'NOT_RUNNING',
      message: 'Execution ended has ended: SUCCEEDED. Those that run: runs, beside.',
    });
    const exit = once(command as NonNullable<typeof command>, 'exit');
    expect(await asked('stop', 'runs')).toMatchObject({ name: 'runs', status: 'ABORTED' });
    expect(await exit).toEqual([null, 'SIGTERM']);
    expect(bystander?.exitCode ?? bystander?.signalCode).toBeNull();
  } finally {
    command?.kill();
    bystander?.kill();
  }
});

test('an unknown one is refused with those there are', async () => {
  await expect(asked('show')).rejects.toMatchObject({ code: 'UNKNOWN_EXECUTION' });
  records.finish(begin('one'), { status: 'SUCCEEDED' });
  await expect(asked('show', 'x')).rejects.toMatchObject({
    message: 'There is no execution "x". The newest: one.',
  });
  await expect(asked(undefined, undefined, { of: 'x' })).rejects.toMatchObject({ code: 'UNKNOWN_PIPELINE' });
});
