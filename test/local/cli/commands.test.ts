/** The table of commands: help with examples, errors that point to it, and what completes it in a shell. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../../local/cli/commands.ts';
import { completionOf } from '../../../local/cli/completion.ts';

/** The table, whose commands do nothing; what it writes is kept. */
function table() {
  const told: string[] = [];
  const program = commandLine(() => async () => undefined);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => told.push(text), writeErr: (text) => told.push(text) });
  }
  return { program, told };
}

const { program } = table();
const commands = program.commands.map((command) => [command.name(), command] as const);

test.each(commands)('%s has help with examples of its own words and options', (name, command: Command) => {
  const { program: own, told } = table();
  expect(() => own.parse([name, '--help'], { from: 'user' })).toThrow();
  const [, examples = ''] = told.join('').split('Examples:\n');
  const lines = examples.trim().split('\n');
  for (const line of lines) expect(line.trim()).toMatch(new RegExp(`^npx millrace ${name}\\b`));
  const flags = lines.join(' ').match(/--[a-z-]+/g) ?? [];
  for (const flag of flags) expect(command.options.map(({ long }) => long)).toContain(flag);
});

test.each(commands.map(([name]) => name))('a mistake in %s points to its own help', (name) => {
  const { program: own, told } = table();
  expect(() => own.parse([name, '--no-such-option'], { from: 'user' })).toThrow();
  expect(told.join('')).toContain(`(see: npx millrace ${name} --help)`);
});

test.each(commands.filter(([name]) => name !== 'completion'))(
  '%s answers programs in JSON',
  (_name, command: Command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  },
);

describe('in bash', () => {
  /** What is offered for the last of these words, in a checkout with one pipeline. */
  function offered(...words: string[]): string[] {
    const checkout = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
    mkdirSync(join(checkout, 'pipelines', 'weather'), { recursive: true });
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `${completionOf(program, 'bash')}\n${ask}`], {
      cwd: checkout,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  }

  test('every command is offered, behind npx too', () => {
    const all = [...commands.map(([name]) => name), '--help', '--version'].sort();
    expect(offered('millrace', '').sort()).toEqual(all);
    expect(offered('npx', 'millrace', '').sort()).toEqual(all);
    expect(offered('npx', 'mill')).toEqual(['millrace']);
    expect(offered('millrace', 'exec')).toEqual(['executions']);
  });

  test.each(commands)('of %s its options are', (name, command: Command) => {
    const flags = command.options.flatMap(({ long }) => long ?? []);
    expect(offered('millrace', name, '--').sort()).toEqual([...flags, '--help'].sort());
  });

  test('pipelines and fixed words are where they belong', () => {
    expect(offered('npx', 'millrace', 'run', 'wea')).toEqual(['weather']);
    expect(offered('millrace', 'executions', 'st')).toEqual(['stop']);
    expect(offered('millrace', 'completion', 'b')).toEqual(['bash']);
    expect(offered('npx', 'vitest', '')).toEqual(['']);
  });
});

/** Tests of a shell that a machine need not have: where it is missing there are none, and so none is skipped. */
function inShell(shell: 'zsh' | 'fish', tests: () => void): void {
  if (spawnSync(shell, ['-c', 'true']).status === 0) describe(`in ${shell}`, tests);
}

/** A folder with what completes in a shell, and one pipeline. */
function checkoutFor(shell: 'zsh' | 'fish'): string {
  const checkout = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
  mkdirSync(join(checkout, 'pipelines', 'weather'), { recursive: true });
  writeFileSync(join(checkout, 'completion'), completionOf(program, shell));
  return checkout;
}

const typed: readonly (readonly [typed: string, completed: string])[] = [
  ['millrace execu', 'millrace executions'],
  ['millrace run wea', 'millrace run weather'],
  ['millrace run --sam', 'millrace run --sample-data'],
  ['millrace executions sto', 'millrace executions stop'],
  ['npx mill', 'npx millrace'],
  ['npx millrace compl', 'npx millrace completion'],
  ['npx millrace run wea', 'npx millrace run weather'],
];

inShell('fish', () => {
  test.each(typed)('%j becomes %j', (words, completed) => {
    const ask = `source completion; complete -C '${words}'`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', ask], {
      cwd: checkoutFor('fish'),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const offered = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(offered).toContain(completed.split(' ').at(-1));
  });
});

inShell('zsh', () => {
  // Completion works in a terminal alone: one is made, in which somebody types.
  const inTerminal = [
    'zmodload zsh/zpty',
    'zpty typed zsh -f -i',
    `zpty -w typed 'PS1=; source completion; setopt nobeep; unsetopt zle_bracketed_paste 2>/dev/null; echo READY'`,
    `zpty -r typed line '*READY*READY*'`,
    `zpty -n -w typed "$1"$'\\t'`,
    // Goes to the beginning of the line, and prints what stands there by now.
    `zpty -n -w typed $'\\C-a''print -r "=" '$'\\n'`,
    `zpty -w typed exit`,
    'while zpty -r typed line; do print -rn -- $line; done',
  ].join('\n');

  test.each(typed)('%j becomes %j', (words, completed) => {
    const { stdout } = spawnSync('zsh', ['-f', '-c', inTerminal, 'zsh', words], {
      cwd: checkoutFor('zsh'),
      encoding: 'utf8',
      env: { ...process.env, TERM: 'dumb', HOME: tmpdir() },
      timeout: 20_000,
    });
    expect(stdout.split(/[\r\n]+/).map((line) => line.trim())).toContain(`= ${completed}`);
  });
});

test('zsh reads what bash does, and fish has every command and option', () => {
  expect(completionOf(program, 'zsh')).toContain('bashcompinit');
  expect(completionOf(program, 'zsh')).toContain(completionOf(program, 'bash'));
  const fish = completionOf(program, 'fish');
  for (const [name, command] of commands) {
    expect(fish).toContain(`-n __fish_use_subcommand -a ${name} -d `);
    for (const { long = '' } of command.options) {
      expect(fish).toMatch(new RegExp(`__fish_seen_subcommand_from ${name}'.* -l ${long.slice(2)}( -r)? -d `));
    }
  }
});
