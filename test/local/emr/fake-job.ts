/** Makes job runs over a script that stands in for spark-submit. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobRunRequest } from '../../../local/emr/job-run-records.ts';
import { JobRuns, type JobRunsOptions } from '../../../local/emr/job-runs.ts';

const script = fileURLToPath(new URL('fake-job.sh', import.meta.url));

/** Job runs in a folder of their own, or in one given. */
export function fakeJobRuns(options: Partial<JobRunsOptions> = {}): JobRuns {
  return new JobRuns({
    folder: mkdtempSync(join(tmpdir(), 'millrace-job-runs-')),
    launch: ({ entryPointArguments }) => ({
      command: script,
      arguments: entryPointArguments,
      environment: { PATH: process.env.PATH ?? '' },
    }),
    ...options,
  });
}

let tokens = 0;

export function fakeRequest(behaviour: string, more: Partial<JobRunRequest> = {}): JobRunRequest {
  tokens += 1;
  return {
    applicationId: 'app',
    name: `readings/fake-execution-${tokens}`,
    clientToken: `token-${tokens}`,
    executionRoleArn: 'arn:aws:iam::000000000000:role/fake',
    tags: {},
    mode: 'BATCH',
    entryPoint: 's3://bucket/fake.py',
    entryPointArguments: [behaviour],
    sparkSubmitParameters: '',
    maxAttempts: 1,
    maxFailedAttemptsPerHour: 5,
    timeoutMinutes: 0,
    ...more,
  };
}
