/** Commands that are ended from outside: nothing is left running, and the next command goes on with what the topics hold. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Executions } from '../../../local/stepfunctions/executions.ts';
import { type Command, Machine, until } from '../../../test/e2e/cli.ts';
import { makeData } from './data.ts';

const data = makeData(600);
const machine = new Machine();

/** Starts an execution whose producer takes a minute, and waits until rows move. */
async function runUntilRowsMove(): Promise<Command> {
  const command = machine.start('run', 'sales', '--sample-data', data.folder, '--input', '{"rate": 10}');
  await until(
    () => /produce +running/.test(command.stderr()) && /[1-9]\d* of 600 rows sent/.test(command.stderr()),
    command.stderr,
  );
  return command;
}

beforeAll(async () => {
  expect((await machine.run('up')).code).toBe(0);
});
afterAll(() => machine.remove());

describe('an execution', () => {
  test('that is interrupted ends its jobs, not the services that were up before', async () => {
    const services = machine.processes();
    const command = await runUntilRowsMove();
    expect(machine.jobProcesses().length).toBeGreaterThan(0);
    command.child.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
    expect(machine.jobProcesses()).toEqual([]);
    expect(machine.processes()).toEqual(services);
  });

  test('whose command was killed is ended by down, with the services', async () => {
    const command = await runUntilRowsMove();
    const [execution] = new Executions(join(machine.home, 'executions')).running();
    const pid = execution?.process?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    await command.ended;
    expect(machine.jobProcesses().length).toBeGreaterThan(0);
    const down = await machine.run('down');
    expect(down.code).toBe(0);
    expect(machine.processes()).toEqual([]);
    expect(machine.jobProcesses()).toEqual([]);
  });

  test('that follows finds the rows that the others left', async () => {
    const up = await machine.run('up');
    expect(up.code, up.stderr).toBe(0);
    const { code, stdout, stderr } = await machine.run(
      'run',
      'sales',
      '--sample-data',
      data.folder,
      '--input',
      '{"rate": 0}',
    );
    expect(stdout, stderr).toMatch(/600 sent \+ [\d,]+ carried over = [\d,]+ summarized \+ 0 dead letters/);
    expect(code).toBe(0);
  });
});
