/** What commands do with a stream that goes on: `down` ends it, `up` refuses to take its pipeline away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commandGraceMs, down } from '../../../local/cli/down.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { refuseRemovalOfLive } from '../../../local/cli/up.ts';
import { liveStreams } from '../../../local/emr/streams.ts';
import { millraceHome } from '../../../local/home.ts';
import { identityOf } from '../../../local/services/process.ts';
import { Executions } from '../../../local/stepfunctions/executions.ts';
import { fakeJobRuns, fakeRequest } from '../emr/fake-job.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

/** A home in which a stream of `readings` goes on that nobody watches. */
async function homeWithStream(secondsToFinish = '0.1') {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const jobRuns = fakeJobRuns({ folder: home.jobRuns });
  const words = ['finish', secondsToFinish];
  const { id } = jobRuns.start(
    fakeRequest('finish', { name: 'readings/sumByWindow/one', mode: 'STREAMING', entryPointArguments: words }),
  );
  while (jobRuns.get(id)?.state !== 'RUNNING') await sleep(20);
  await jobRuns.release();
  return { home, id, records: jobRuns.records };
}

/** A process that stands in for a command. */
async function start() {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

/** What a command that is given this home tells on stderr. */
async function told(home: ReturnType<typeof millraceHome>, purge: boolean): Promise<string> {
  const stream = new PassThrough();
  const terminal = new Terminal(stream, {});
  const { signal } = new AbortController();
  expect(await down({ home, terminal, json: false, signal, onForce: [], print: () => {} }, { purge })).toBe(0);
  return String(stream.read() ?? '');
}

describe('down', () => {
  test('gives a command that runs an execution half a minute to end its jobs', () => {
    expect(commandGraceMs).toBe(30_000);
  });

  test('lets a stream finish its batch, and says so', async () => {
    // Longer than what every job gets.
    const { home, id, records } = await homeWithStream('2.5');
    const lines = await told(home, false);
    expect(lines).toContain('ending stream sum-by-window of readings, which finishes its batch (30 s at most)');
    expect(lines).toContain('ended job run readings/sumByWindow/one');
    expect(records.read(id)?.state).toBe('CANCELLED');
    expect(readFileSync(records.stdout(id), 'utf8')).toContain('"batch":7');
    expect(liveStreams(home, undefined)).toEqual([]);
  });

  test('ends the command that runs an execution, which cleans up after itself, and no other', async () => {
    const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
    const executions = new Executions(home.executions);
    const [running, ended] = await Promise.all([start(), start()]);
    for (const [name, { pid }] of Object.entries({ running, ended })) {
      const arn = `arn:aws:states:us-east-1:000000000000:execution:readings:${name}`;
      const record = executions.create({ arn, name, pipeline: 'readings', stateMachineArn: '', input: {} }, '{}');
      const stored = { ...record, process: identityOf(pid), ...(name === 'ended' && { status: 'SUCCEEDED' }) };
      writeFileSync(join(executions.folderOf(record), 'execution.json'), JSON.stringify(stored));
    }
    expect(await told(home, false)).toContain(`stopping execution running (pid ${running.pid})`);
    await expect.poll(() => running.signalCode).toBe('SIGTERM');
    expect(identityOf(ended.pid)).toBeDefined();
  });

  test('does not speak of a batch that is about to be purged', async () => {
    const { home } = await homeWithStream();
    expect(await told(home, true)).toContain('ending stream sum-by-window of readings\n');
  });
});

describe('up', () => {
  test('refuses to remove a stream that goes on, and says what to do', async () => {
    const { home } = await homeWithStream();
    const { pipeline, jobs } = wordsPipeline();
    const readings = { ...pipeline, name: 'readings', jobs: { sumByWindow: jobs.count } };
    expect(() => refuseRemovalOfLive(home, [readings])).not.toThrow();
    const refused = /stream sum-by-window of readings, which runs since.*Nothing was deployed.*millrace down/;
    expect(() => refuseRemovalOfLive(home, [])).toThrow(refused);
    // Its pipeline stays, and it does not.
    expect(() => refuseRemovalOfLive(home, [{ ...readings, jobs: {} }])).toThrow(refused);
    await told(home, false);
    expect(() => refuseRemovalOfLive(home, [])).not.toThrow();
  });
});
