/** The limits of job runs, in minutes, failures and seconds, as EMR Serverless keeps them. */
import { describe, expect, test } from 'vitest';
import { emrServerlessTasks } from '../../../local/emr/emr-serverless.ts';
import type { JobRunRecord, JobRunRequest } from '../../../local/emr/job-run-records.ts';
import type { JobRuns } from '../../../local/emr/job-runs.ts';
import type { JsonObject } from '../../../local/stepfunctions/task.ts';
import { fakeJobRuns, fakeRequest } from './fake-job.ts';

describe('a job run', () => {
  test('that takes longer than its minutes is ended, and says so', async () => {
    const jobRuns = fakeJobRuns();
    const { id } = jobRuns.start(fakeRequest('stream', { timeoutMinutes: 0.01 }));
    expect(await jobRuns.wait(id)).toMatchObject({
      state: 'FAILED',
      stateDetails: 'It took longer than 0.01 minutes.',
      exitCode: 143,
    });
  });

  test('of a stream is tried again for as long as it has failed less often in the last hour', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const tried = async (...failures: string[]) => {
      const jobRuns: JobRuns = fakeJobRuns({
        onState: (run) => {
          if (run.state === 'SUBMITTED') jobRuns.records.write({ ...run, failures });
        },
      });
      const { id } = jobRuns.start(fakeRequest('crash', { mode: 'STREAMING', maxFailedAttemptsPerHour: 2 }));
      return (await jobRuns.wait(id)).attempt;
    };
    expect(await tried()).toBe(2);
    expect(await tried(hoursAgo(1.1), hoursAgo(2))).toBe(2);
    expect(await tried(hoursAgo(0.9))).toBe(1);
  });
});

/** A service in which one run is alive; notes what it is asked. */
function service(run: Partial<JobRunRecord> = {}, request: Partial<JobRunRequest> = {}) {
  const asked: unknown[] = [];
  const alive = { id: '1', state: 'RUNNING', ...run, request: fakeRequest('stream', request) } as JobRunRecord;
  const jobRuns = {
    get: () => alive,
    all: () => [alive, { ...alive, id: '2', state: 'SUCCESS' }],
    start: (started: JobRunRequest) => {
      asked.push(started);
      return alive;
    },
    cancel: (id: string, seconds: number) => void asked.push([id, seconds]),
  };
  const tasks = emrServerlessTasks(jobRuns as unknown as JobRuns);
  const call = (action: string, parameters: JsonObject) =>
    tasks[`arn:aws:states:::aws-sdk:emrserverless:${action}`]?.(parameters, new AbortController().signal);
  return { asked, call };
}

describe('what a request does not say', () => {
  const request = {
    ApplicationId: 'app',
    Name: 'a/b/c',
    ClientToken: 't',
    ExecutionRoleArn: 'arn:role',
    JobDriver: { SparkSubmit: { EntryPoint: 's3://a/b.py', EntryPointArguments: ['a'] } },
  };

  test('is twelve hours for a batch job, no limit for a stream, one attempt, five failures an hour', async () => {
    const { asked, call } = service();
    await call('startJobRun', request);
    await call('startJobRun', { ...request, Mode: 'STREAMING' });
    await call('startJobRun', {
      ...request,
      ExecutionTimeoutMinutes: 30,
      RetryPolicy: { MaxFailedAttemptsPerHour: 3 },
    });
    expect(asked).toMatchObject([
      { timeoutMinutes: 720, maxAttempts: 1, maxFailedAttemptsPerHour: 5 },
      { timeoutMinutes: 0, maxAttempts: 1, maxFailedAttemptsPerHour: 5 },
      { timeoutMinutes: 30, maxAttempts: 1, maxFailedAttemptsPerHour: 3 },
    ]);
  });

  test.each([
    ['a stream that runs', 'RUNNING', 'STREAMING', 120],
    ['a stream that is starting', 'PENDING', 'STREAMING', 0],
    ['a batch job', 'RUNNING', 'BATCH', 0],
  ] as const)('is a grace of seconds for %s', async (_, state, mode, seconds) => {
    const { asked, call } = service({ state }, { mode });
    await call('cancelJobRun', { ApplicationId: 'app', JobRunId: '1' });
    await call('cancelJobRun', { ApplicationId: 'app', JobRunId: '1', ShutdownGracePeriodInSeconds: 15 });
    expect(asked).toEqual([
      ['1', seconds],
      ['1', 15],
    ]);
  });
});

test('runs are listed by their states', async () => {
  const { call } = service();
  expect(await call('listJobRuns', { States: ['RUNNING', 'PENDING'] })).toMatchObject({ JobRuns: [{ Id: '1' }] });
  expect(await call('listJobRuns', {})).toMatchObject({ JobRuns: [{ Id: '1' }, { Id: '2' }] });
});
