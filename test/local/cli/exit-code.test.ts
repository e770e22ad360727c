/** With which code `millrace run` ends, by what came of the execution and what was counted after it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { Accounts } from '../../../local/accounts/accounts.ts';
import type { Settled } from '../../../local/accounts/balance.ts';
import { runDeployed } from '../../../local/cli/run.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { JobRuns } from '../../../local/emr/job-runs.ts';
import { writeAccess } from '../../../local/iam/access.ts';
import { identityOf, type ProcessIdentity } from '../../../local/services/process.ts';
import { writeServiceFile } from '../../../local/services/service-files.ts';
import { LocalStateMachines } from '../../../local/stepfunctions/execute.ts';
import { type ExecutionRecord, Executions } from '../../../local/stepfunctions/executions.ts';
import type { JsonObject } from '../../../local/stepfunctions/task.ts';
import { deploymentOf, temporaryHome, writeParameters } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();
const STARTED = '2026-01-31T13:00:00.000Z';

const counted = (addsUp: boolean) => ({ account: 'words', addsUp, line: '2 sent', rejected: 0 }) as Settled;

const role = {
  arn: 'arn:aws:iam::000000000000:role/count',
  name: 'count',
  stack: 'dev/tiny',
  logicalId: 'Count',
  accessKeyId: 'ASIA',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  trust: { Version: '2012-10-17', Statement: [] },
  policies: [],
};

afterEach(() => {
  vi.restoreAllMocks();
});

interface Came {
  readonly status?: ExecutionRecord['status'];
  readonly settled?: readonly Settled[];
  /** When the role of a job was refused something. */
  readonly deniedAt?: string;
  readonly input?: JsonObject;
  /** A service that runs meanwhile, and dies once the execution has begun. */
  readonly service?: ChildProcess;
  /** Executions of the pipeline that are remembered before. */
  readonly earlier?: number;
}

/** Runs the pipeline; gives the exit code, how often something was counted, and how many executions are remembered. */
async function ended(came: Came = {}) {
  const { status = 'SUCCEEDED', settled = [counted(true)], deniedAt, input = {}, service, earlier = 0 } = came;
  vi.restoreAllMocks();
  const home = temporaryHome();
  writeParameters(home);
  writeAccess(home, { roles: [role], resources: [], endpoints: [] });
  mkdirSync(home.iam, { recursive: true });
  const denied = {
    role: 'count',
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::a/b',
    allowed: false,
    statements: [],
  };
  if (deniedAt) writeFileSync(join(home.iam, 'decisions.jsonl'), JSON.stringify({ ...denied, at: deniedAt, count: 1 }));
  const execution: ExecutionRecord = {
    arn: 'arn:one',
    name: 'one',
    pipeline: 'tiny',
    stateMachineArn: 'arn:machine',
    input,
    startedAt: STARTED,
    status,
    output: { action: input.action ?? 'run', job: '', parameters: {}, files: {} },
  };
  const executions = new Executions(home.executions);
  for (let index = 0; index < earlier; index += 1) {
    const name = `earlier-${100 + index}`;
    executions.finish(executions.create({ ...execution, name, arn: `arn:${name}` }, '{}'), { status: 'SUCCEEDED' });
  }
  const execute = vi.spyOn(LocalStateMachines.prototype, 'execute').mockResolvedValue(execution);
  if (service) {
    const process = { ...(identityOf(service.pid) as ProcessIdentity), startedAt: STARTED };
    writeServiceFile(home, 'registry', { ports: { api: 8080 }, process });
    const stop = vi.spyOn(JobRuns.prototype, 'stop');
    execute.mockImplementation(async (_pipeline, _input, signal) => {
      service.kill('SIGKILL');
      await once(signal, 'abort');
      expect(stop, 'no job can finish its batch').toHaveBeenCalledOnce();
      return { ...execution, status: 'ABORTED' };
    });
  }
  vi.spyOn(Accounts.prototype, 'open').mockResolvedValue();
  const settle = vi.spyOn(Accounts.prototype, 'settle').mockResolvedValue([...settled]);
  const { signal } = new AbortController();
  const context = { home, terminal: new Terminal(new PassThrough(), {}), json: false, signal, onForce: [], print() {} };
  const tools = { bootstrapServers: '', registryUrl: '' };
  const code = await runDeployed(context, pipeline, input, { deployment: deploymentOf(pipeline), tools });
  return { code, counts: settle.mock.calls.length, remembered: executions.list(pipeline.name).length };
}

const wellCounted = (counts: number) => ({ code: 0, counts, remembered: 0 });

test('it is 0 when the execution succeeded and every row is accounted for', async () => {
  expect(await ended()).toEqual(wellCounted(1));
  expect(await ended({ input: { action: 'run' } })).toEqual(wellCounted(1));
});

test('it is 1 when the rows of one account do not add up', async () => {
  expect(await ended({ settled: [counted(true), counted(false)] })).toMatchObject({ code: 1, counts: 1 });
});

test('it is 1 when a request was refused that the execution went on after, and 0 when that was before it', async () => {
  expect((await ended({ deniedAt: '2026-01-31T13:00:01.000Z' })).code).toBe(1);
  expect((await ended({ deniedAt: '2026-01-31T12:59:59.000Z' })).code).toBe(0);
});

test('an execution that did not succeed is an error', async () => {
  for (const [status, code] of Object.entries({
    FAILED: 'EXECUTION_FAILED',
    TIMED_OUT: 'EXECUTION_FAILED',
    ABORTED: 'ABORTED',
  })) {
    await expect(ended({ status: status as 'FAILED' })).rejects.toMatchObject({ code });
  }
});

test('a service that dies ends the execution, and is told with its log', async () => {
  const service = spawn('sleep', ['600'], { stdio: 'ignore' });
  await expect(ended({ service })).rejects.toMatchObject({
    code: 'SERVICE_DIED',
    message: expect.stringMatching(/^The schema registry ended while a pipeline ran: .*registry\/log\.txt$/),
  });
});

test('nothing is counted after an action that sends no rows', async () => {
  expect(await ended({ input: { action: 'start' } })).toEqual(wellCounted(0));
  expect(await ended({ input: { job: 'tellAll' } })).toEqual(wellCounted(0));
});

test('each run forgets the oldest executions', async () => {
  expect(await ended({ earlier: 52 })).toEqual({ code: 0, counts: 1, remembered: 50 });
});
