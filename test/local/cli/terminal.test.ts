/** Progress on a terminal and elsewhere. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Terminal } from '../../../local/cli/terminal.ts';

function terminalOn(tty: boolean, environment: NodeJS.ProcessEnv = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY: tty, columns: 60 });
  return { terminal: new Terminal(stream, environment), written: () => String(stream.read() ?? '') };
}

test('elsewhere: a line for each stage, counters now and then, no escape codes', () => {
  const { terminal, written } = terminalOn(false);
  terminal.line('cdk.out is up to date');
  terminal.count('1 of 3 rows sent');
  terminal.count('2 of 3 rows sent');
  terminal.plain(terminal.bad('error'));
  terminal.close();
  expect(written()).toMatch(/^ +0\.0 s {2}cdk\.out is up to date\n +0\.0 s {2}1 of 3 rows sent\nerror\n$/);
});

test('on a terminal: counters stand below the lines and go away at the end', async () => {
  const { terminal, written } = terminalOn(true);
  terminal.count('1 of 3 rows sent');
  await expect.poll(written).toContain('1 of 3 rows sent');
  terminal.close();
  expect(written()).toBe('\r\u001b[2K');
  expect(terminal.bad('error')).toBe('\u001b[31merror\u001b[0m');
});

test('NO_COLOR is honoured', () => {
  expect(terminalOn(true, { NO_COLOR: '1' }).terminal.bad('error')).toBe('error');
});
