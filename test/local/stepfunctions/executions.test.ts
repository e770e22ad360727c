/** Records of executions, also of those whose command was killed. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ExecutionRecord, Executions, forgetOld } from '../../../local/stepfunctions/executions.ts';
import { fakeJobRuns, fakeRequest } from '../emr/fake-job.ts';

const arn = 'arn:aws:states:us-east-1:000000000000:execution:readings:one';

function started(): { executions: Executions; record: ExecutionRecord } {
  const executions = new Executions(mkdtempSync(join(tmpdir(), 'millrace-executions-')));
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:readings';
  const execution = { arn, name: 'one', pipeline: 'readings', stateMachineArn, input: { rate: 1 } };
  return { executions, record: executions.create(execution, '{}') };
}

/** As if the command that runs it had been killed. */
function orphan(executions: Executions, record: ExecutionRecord): void {
  const file = join(executions.folderOf(record), 'execution.json');
  const stored = JSON.parse(readFileSync(file, 'utf8')) as ExecutionRecord;
  writeFileSync(file, JSON.stringify({ ...stored, process: { pid: process.pid, startTime: 'another' } }));
}

describe('an execution', () => {
  test('is found by its ARN while it runs and when it has ended', () => {
    const { executions, record } = started();
    expect(executions.find(arn)).toMatchObject({ status: 'RUNNING', input: { rate: 1 } });
    expect(executions.running().map(({ name }) => name)).toEqual(['one']);
    executions.append(record, { at: '2026-01-01T00:00:00Z', event: 'StateEntered', state: 'A' });
    executions.finish(record, { status: 'SUCCEEDED', output: { rows: 2 } });
    expect(executions.find(arn)).toMatchObject({ status: 'SUCCEEDED', output: { rows: 2 } });
    expect(executions.running()).toEqual([]);
    expect(executions.abandoned()).toEqual([]);
  });

  test('whose command is gone was aborted, until somebody cleaned up after it', () => {
    const { executions, record } = started();
    orphan(executions, record);
    expect(executions.find(arn)).toMatchObject({ status: 'ABORTED' });
    expect(executions.running()).toEqual([]);
    expect(executions.abandoned().map(({ name }) => name)).toEqual(['one']);
    executions.finish(record, { status: 'ABORTED' });
    expect(executions.abandoned()).toEqual([]);
  });

  test('of another name is not found', () => {
    expect(started().executions.find(`${arn}-other`)).toBeUndefined();
  });

  test('is forgotten with its job runs when there are many younger ones, but not while one of these runs', async () => {
    const { executions, record } = started();
    const jobRuns = fakeJobRuns();
    for (const name of ['two', 'three']) {
      executions.finish(executions.create({ ...record, arn: `${arn}-${name}`, name }, '{}'), { status: 'SUCCEEDED' });
    }
    executions.finish(record, { status: 'SUCCEEDED' });
    const run = (behaviour: string, execution: string) =>
      jobRuns.start(fakeRequest(behaviour, { name: `readings/count/${execution}` })).id;
    const [stream, other, ended] = [run('stream', 'one'), run('succeed', 'two'), run('succeed', 'three')];
    await Promise.all([jobRuns.wait(other), jobRuns.wait(ended)]);
    const left = () => [executions.list('readings').map(({ name }) => name), jobRuns.records.all().length];
    forgetOld(executions, jobRuns, 'readings', 3);
    expect(left()).toEqual([['one', 'three', 'two'], 3]);
    // By their names, which begin with their times, `two` is the youngest.
    forgetOld(executions, jobRuns, 'readings', 1);
    expect(left()).toEqual([['one', 'two'], 2]);
    jobRuns.cancel(stream, 0);
    await jobRuns.wait(stream);
    forgetOld(executions, jobRuns, 'readings', 1);
    expect(left()).toEqual([['two'], 1]);
  });

  test('that runs is not forgotten, and of those that ended fifty are remembered', () => {
    const { executions, record } = started();
    const jobRuns = fakeJobRuns();
    for (let count = 10; count < 62; count += 1) {
      const name = `two-${count}`;
      executions.finish(executions.create({ ...record, arn: `${arn}-${name}`, name }, '{}'), { status: 'SUCCEEDED' });
    }
    forgetOld(executions, jobRuns, 'readings');
    const names = executions.list('readings').map(({ name }) => name);
    expect([names.length, names[0], names[1]]).toEqual([51, 'one', 'two-12']);
  });
});
