/** Job runs as EMR Serverless would keep them: states, idempotent starts, retries, cancelling, and what a killed command leaves. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { identityOf, processStartTime } from '../../../local/services/process.ts';
import type { JobRuns } from '../../../local/workflow/job-runs.ts';
import type { JsonObject } from '../../../local/workflow/task.ts';
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

  test('that does not listen is killed after the grace, with its children', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('stubborn', { mode: 'STREAMING' }));
    await until(() => stateOf(jobRuns, id) === 'RUNNING');
    const childFile = join(jobRuns.records.runFolder(id), 'child.pid');
    await until(() => existsSync(childFile));
    jobRuns.cancel(id, 0);
    expect(await jobRuns.wait(id)).toMatchObject({ state: 'CANCELLED' });
    await until(() => processStartTime(Number(readFileSync(childFile, 'utf8'))) === undefined);
  });

  test('that outlived its command is found, ended and recorded by another', async () => {
    const first = fakeJobRuns();
    const { id } = first.start(fakeRequest('stream', { mode: 'STREAMING' }));
    await until(() => stateOf(first, id) === 'RUNNING');
    const second = fakeJobRuns({ folder: first.records.folder });
    expect(second.alive().map((run) => run.id)).toEqual([id]);
    expect(await second.end('execution')).toMatchObject([{ id, state: 'CANCELLED' }]);
    await first.wait(id);
  });

  test('whose process is gone has failed', () => {
    const jobRuns = fakeJobRuns();
    const run = jobRuns.records.create(fakeRequest('stream'));
    const earlier = { pid: process.pid, startTime: `${identityOf()?.startTime} of another` };
    jobRuns.records.write({ ...run, state: 'RUNNING', process: earlier });
    expect(jobRuns.get(run.id)).toMatchObject({
      state: 'FAILED',
      stateDetails: 'The command that started it was ended.',
    });
  });
});
