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
  terminal.bad('error', ' NOT_UP');
  terminal.close();
  expect(written()).toMatch(/^ +0\.0 s {2}cdk\.out is up to date\n +0\.0 s {2}1 of 3 rows sent\nerror NOT_UP\n$/);
});

test('on a terminal: counters stand below the lines and go away at the end', async () => {
  const { terminal, written } = terminalOn(true);
  terminal.count('1 of 3 rows sent');
  await expect.poll(written).toContain('1 of 3 rows sent');
  terminal.close();
  terminal.bad('error', ' NOT_UP');
  expect(written()).toBe('\r\u001b[2K\u001b[31merror\u001b[0m NOT_UP\n');
});

test('NO_COLOR is honoured', () => {
  const { terminal, written } = terminalOn(true, { NO_COLOR: '1' });
  terminal.bad('error');
  expect(written()).toBe('error\n');
});

test.each<[string, (terminal: Terminal, text: string) => void]>([
  ['a line', (terminal, text) => terminal.line(text)],
  ['a counter', (terminal, text) => terminal.count(text)],
  ['plain text', (terminal, text) => terminal.plain(text)],
  ['an error', (terminal, text) => terminal.bad('error ', text)],
  ['bad words', (terminal, text) => terminal.bad(text)],
])('what a record says in %s drives no terminal', (_, write) => {
  const { terminal, written } = terminalOn(false);
  write(terminal, 'region \u001b]0;title\u0007\u009b2J is unknown');
  expect(written()).toContain('region ␛]0;title␇⟨U+009B⟩2J is unknown');
});
