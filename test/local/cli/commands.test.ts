/** The table of commands: help with examples, errors that point to it, and what completes it in a shell. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
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
