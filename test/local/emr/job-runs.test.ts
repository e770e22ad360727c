/** Job runs as EMR Serverless would keep them: states, idempotent starts, retries, cancelling, and what a killed command leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JobRunRecord } from '../../../local/emr/job-run-records.ts';
import type { JobRuns, Launch } from '../../../local/emr/job-runs.ts';
import { identityOf, startedInVariable } from '../../../local/services/process.ts';
import type { JsonObject } from '../../../local/stepfunctions/task.ts';
import { kill } from '../../support/kill.ts';
import { fakeJobRuns, fakeRequest } from './fake-job.ts';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

const stateOf = (jobRuns: JobRuns, id: string) => jobRuns.get(id)?.state;

describe('a job run', () => {
  test('passes through its states and hands on its JSON lines only', async () => {
    const states: string[] = [];
    const events: JsonObject[] = [];
    const jobRuns = fakeJobRuns({
      onState: ({ state }) => states.push(state),
      onEvent: (_, event) => events.push(event),
    });
    const { id } = jobRuns.start(fakeRequest('succeed'));
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'SUCCESS', exitCode: 0, attempt: 1 });
    expect(states).toEqual(['SUBMITTED', 'RUNNING', 'SUCCESS']);
    expect(events.map(({ event }) => event)).toEqual(['started', 'result']);
  });

  test('leaves nothing of what its process needed while it ran', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('stream', { mode: 'STREAMING' }));
    const scratch = join(jobRuns.records.runFolder(id), 'scratch');
    mkdirSync(scratch);
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    expect(existsSync(scratch)).toBe(true);
    jobRuns.cancel(id, 0);
    await jobRuns.wait(id);
    expect(existsSync(scratch)).toBe(false);
  });

  test('is started once for one client token, also by another process', async () => {
    const jobRuns = fakeJobRuns();
    const request = fakeRequest('succeed');
    const { id } = jobRuns.start(request);
    expect(jobRuns.start(request).id).toBe(id);
    await jobRuns.wait(id);
    expect(fakeJobRuns({ folder: jobRuns.records.folder }).start(request).id).toBe(id);
  });

  test('that fails says why in the words of the job, or with the last lines of its log', async () => {
    const jobRuns = fakeJobRuns();
    const failed = await jobRuns.wait(jobRuns.start(fakeRequest('fail')).id);
    expect(failed).toMatchObject({ state: 'FAILED', stateDetails: 'BAD_ROW: row 7', exitCode: 1 });
    const crashed = await jobRuns.wait(jobRuns.start(fakeRequest('crash')).id);
    expect(crashed.stateDetails).toContain('exit code 3; its last words:\nout of memory');
  });

  test('is tried again as often as its policy allows', async () => {
    const jobRuns = fakeJobRuns();
    const stream = fakeRequest('crash', { mode: 'STREAMING', maxFailedAttemptsPerHour: 3 });
    expect(await jobRuns.wait(jobRuns.start(stream).id)).toMatchObject({ state: 'FAILED', attempt: 3 });
    const batch = fakeRequest('fail-once', { maxAttempts: 2 });
    expect(await jobRuns.wait(jobRuns.start(batch).id)).toMatchObject({ state: 'SUCCESS', attempt: 2 });
    const once = fakeRequest('fail-once', { maxAttempts: 1 });
    expect(await jobRuns.wait(jobRuns.start(once).id)).toMatchObject({ state: 'FAILED', attempt: 1 });
  });

  test('hands on what each attempt says once', async () => {
    const events: JsonObject[] = [];
    const jobRuns = fakeJobRuns({ onEvent: (_, event) => events.push(event) });
    await jobRuns.wait(jobRuns.start(fakeRequest('fail-once', { maxAttempts: 2 })).id);
    expect(events.map(({ event }) => event)).toEqual(['started', 'started']);
  });

  test('that streams gets no time for its batch where all is to stop', async () => {
    const jobRuns = fakeJobRuns();
    const request = fakeRequest('finish', { mode: 'STREAMING', entryPointArguments: ['finish', '600'] });
    const { id } = jobRuns.start(request);
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    jobRuns.stop();
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'CANCELLED', attempt: 1 });
  });

  test('that cannot be launched has failed', async () => {
    const jobRuns = fakeJobRuns({ launch: () => ({ command: '/no/such/program', arguments: [], environment: {} }) });
    expect(await jobRuns.wait(jobRuns.start(fakeRequest('succeed')).id)).toMatchObject({ state: 'FAILED' });
  });

  test('that streams runs once it says so, and exit code 143 after a cancel is no failure', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('stream', { mode: 'STREAMING' }));
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    expect(jobRuns.cancel(id, 15)?.state).toBe('CANCELLING');
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'CANCELLED', exitCode: 143 });
    expect(jobRuns.cancel(id, 15)?.state).toBe('CANCELLED');
  });

  test('that fails in its last batch has failed, although it was asked to end', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('fail-at-end', { mode: 'STREAMING' }));
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    jobRuns.cancel(id, 15);
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'FAILED', exitCode: 1, attempt: 1 });
  });

  test('that does not listen is killed after the grace, with its children', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('stubborn', { mode: 'STREAMING' }));
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    const childFile = join(jobRuns.records.runFolder(id), 'child.pid');
    await until(() => existsSync(childFile));
    jobRuns.cancel(id, 0);
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'CANCELLED' });
    await until(() => identityOf(Number(readFileSync(childFile, 'utf8'))) === undefined);
  });

  test('that ends by itself leaves none of its children', async () => {
    const command = { command: 'sh', environment: { PATH: process.env.PATH ?? '' } };
    const jobRuns = fakeJobRuns({
      launch: () => ({ ...command, arguments: ['-c', 'sleep 600 & echo $! > child.pid'] }),
    });
    const { id } = jobRuns.start(fakeRequest(''));
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'SUCCESS' });
    const child = Number(readFileSync(join(jobRuns.records.runFolder(id), 'child.pid'), 'utf8'));
    await expect.poll(() => identityOf(child)).toBeUndefined();
  });

  test('that is cancelled while its command is still being made is never begun', async () => {
    let make: (launch: Launch) => void = () => {};
    const made = new Promise<Launch>((resolve) => {
      make = resolve;
    });
    const jobRuns = fakeJobRuns({ launch: () => made });
    const { id } = jobRuns.start(fakeRequest(''));
    jobRuns.cancel(id, 0);
    make({ command: 'touch', arguments: ['begun'], environment: { PATH: process.env.PATH ?? '' } });
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'CANCELLED', attempt: 0 });
    expect(existsSync(join(jobRuns.records.runFolder(id), 'begun'))).toBe(false);
  });

  test('that another command watches is ended by this one, and the other records its end', async () => {
    const first = fakeJobRuns();
    const { id } = first.start(fakeRequest('stream', { mode: 'STREAMING' }));
    await until(() => stateOf(first, id) === 'RUNNING');
    const second = fakeJobRuns({ folder: first.records.folder });
    expect(second.alive().map((run) => run.id)).toEqual([id]);
    expect(await second.end('execution')).toMatchObject([{ id, state: 'CANCELLED', exitCode: 143 }]);
    await first.wait(id);
  });
});

/** A stream that runs and that nobody watches any more. */
async function releasedStream(behaviour: string): Promise<{ first: JobRuns; second: JobRuns; id: string }> {
  const first = fakeJobRuns();
  const { id } = first.start(fakeRequest(behaviour, { mode: 'STREAMING' }));
  await until(() => stateOf(first, id) === 'RUNNING');
  expect(await first.release()).toMatchObject([{ id, state: 'RUNNING' }]);
  return { first, second: fakeJobRuns({ folder: first.records.folder }), id };
}

describe('a stream that was let go', () => {
  test('lives on, is found by another command, and may finish its batch before it ends', async () => {
    const { second, id } = await releasedStream('finish');
    const states: string[] = [];
    const third = fakeJobRuns({ folder: second.records.folder, onState: ({ state }) => states.push(state) });
    expect(second.alive()).toMatchObject([{ id, state: 'RUNNING' }]);
    third.cancel(id, 15);
    expect(await third.wait(id)).toMatchObject({ state: 'CANCELLED' });
    expect(states).toEqual(['CANCELLING', 'CANCELLED']);
    expect(readFileSync(second.records.stdout(id), 'utf8')).toContain('"batch":7');
    expect(second.get(id)).not.toHaveProperty('process');
  });

  test('is left alone by a second Ctrl-C of the command that started it', async () => {
    const { first, second, id } = await releasedStream('stream');
    first.kill();
    expect(stateOf(second, id)).toBe('RUNNING');
    await second.end('');
  });

  test('that failed meanwhile says why when it is looked at', async () => {
    const { second, id } = await releasedStream('fail-later');
    await until(() => stateOf(second, id) !== 'RUNNING');
    expect(second.get(id)).toMatchObject({ state: 'FAILED', stateDetails: 'STREAM_FAILED: no topic' });
  });

  test('that was killed is a failure too, told with its last words', async () => {
    const { second, id } = await releasedStream('stream');
    kill(second.get(id)?.process?.pid);
    await until(() => stateOf(second, id) !== 'RUNNING');
    expect(second.get(id)).toMatchObject({
      state: 'FAILED',
      stateDetails: expect.stringContaining('no command watched'),
    });
  });

  test('is asked again when the command that asked it to end is gone', async () => {
    const { second, id } = await releasedStream('stubborn');
    const run = second.records.read(id);
    if (run) second.records.write({ ...run, state: 'CANCELLING', cancelRequestedAt: new Date().toISOString() });
    expect(await second.end('')).toMatchObject([{ id, state: 'CANCELLED' }]);
  });
});

describe('a run whose command is gone', () => {
  const earlier = { pid: process.pid, startTime: `${identityOf()?.startTime} of another` };

  /** A run as a killed command leaves it, with what the job wrote. */
  function leftBehind(stdout: string, more: Partial<JobRunRecord> = {}): JobRunRecord | undefined {
    const jobRuns = fakeJobRuns();
    const run = jobRuns.records.create(fakeRequest('stream'));
    writeFileSync(jobRuns.records.stdout(run.id), stdout);
    jobRuns.records.write({ ...run, state: 'RUNNING', process: earlier, watcher: earlier, ...more });
    return jobRuns.get(run.id);
  }

  test('has ended as its last event says', () => {
    expect(leftBehind('{"event":"result","rows":3}\n')).toMatchObject({ state: 'SUCCESS' });
    expect(leftBehind('{"event":"progress"}\n')).toMatchObject({ state: 'FAILED' });
    expect(leftBehind('{"event":"progress"}\n', { cancelRequestedAt: 'then' })).toMatchObject({ state: 'CANCELLED' });
    const failed = '{"event":"failed","code":"STREAM_FAILED","message":"no topic"}\n';
    expect(leftBehind(failed, { cancelRequestedAt: 'then' })).toMatchObject({
      state: 'FAILED',
      stateDetails: 'STREAM_FAILED: no topic',
    });
  });

  test('is found and ended though its process was not written down yet', async () => {
    const jobRuns = fakeJobRuns();
    const run = jobRuns.records.create(fakeRequest('stream'));
    const env = { ...process.env, ...startedInVariable(jobRuns.records.runFolder(run.id)) };
    const job = spawn('sleep', ['600'], { env, stdio: 'ignore' });
    const exited = once(job, 'exit');
    jobRuns.records.write({ ...run, watcher: earlier });
    expect(jobRuns.get(run.id)).toMatchObject({ state: 'SUBMITTED', process: { pid: job.pid } });
    expect(await jobRuns.end('')).toMatchObject([{ id: run.id, state: 'CANCELLED' }]);
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  test('has failed when it was never started', () => {
    const jobRuns = fakeJobRuns();
    const run = jobRuns.records.create(fakeRequest('stream'));
    expect(jobRuns.get(run.id)?.state).toBe('SUBMITTED');
    jobRuns.records.write({ ...run, watcher: earlier });
    expect(jobRuns.get(run.id)).toMatchObject({
      state: 'FAILED',
      stateDetails: 'The command that started it was ended.',
    });
  });
});
