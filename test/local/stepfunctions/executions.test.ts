/** Records of executions, also of those whose command was killed. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ExecutionRecord, Executions } from '../../../local/stepfunctions/executions.ts';

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
});
