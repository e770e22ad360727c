/** Commands that are ended at any moment: cases of `npm run test:faults`. Nothing is waited for but what they print. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, python } from '../../../../../test/e2e/cli.ts';
import type { Case, Hit, Suite } from '../../../../../test/faults/cases.ts';
import type { Random } from '../../../../../test/faults/random.ts';
import { must, type Stack } from '../../../../../test/faults/stack.ts';
import { hasErrorCode } from '../../../../../tools/errors.mjs';
import { filesBelow } from '../../../../../tools/files.mjs';
import { ask, startedIn } from '../../../../../tools/processes.mjs';

const PIPELINE = 'orders';
const oracle = new URL('../../oracle.py', import.meta.url);

interface Ran {
  readonly accounts: readonly { readonly line: string; readonly addsUp: boolean }[];
}

/** What the topics hold is what an oracle makes of the source; gives how many records that has. */
export function exact({ bootstrapServers }: Stack): number {
  const { records, problems } = python<{ records: number; problems: string[] }>(
    oracle,
    '--bootstrap',
    bootstrapServers,
  );
  must(problems.length === 0, `totals are exact: ${problems.slice(0, 3).join('; ')}`);
  return records;
}

/** Runs the pipeline to its end, and compares. */
export async function runs(stack: Stack): Promise<number> {
  const { accounts } = await stack.json<Ran>('run', PIPELINE, '--input', '{"rate": 0}');
  must(accounts.length > 0 && accounts.every(({ addsUp }) => addsUp), `the account adds up: ${accounts[0]?.line}`);
  return exact(stack);
}

/** Ends a command: as Ctrl-C does, or both of its processes without a word. */
function end({ child }: Command, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const all = signal === 'SIGKILL' ? (ask('ps', ['-A', '-o', 'pid=,ppid='])?.split('\n') ?? []) : [];
  const pairs = all.map((line) => line.trim().split(/\s+/).map(Number));
  for (const [pid = 0] of pairs.filter(([, parent]) => parent === child.pid)) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!hasErrorCode(error, 'ESRCH')) throw error;
    }
  }
  child.kill(signal);
}

/** What a purge left behind on this machine. */
function left({ home }: Stack, scratch: string): string[] {
  const beside = readdirSync(dirname(home)).filter(
    (name) => name.startsWith(basename(home)) && name !== basename(home),
  );
  return [
    ...startedIn(home).map(({ pid }) => `process ${pid}`),
    ...(ask('ps', ['-A', '-o', 'args='])?.split('\n') ?? []).filter((line) => line.includes(home)),
    ...beside.map((name) => join(dirname(home), name)),
    ...filesBelow(home).filter((file) => basename(file) !== '.millrace-home'),
    ...readdirSync(scratch).map((name) => join(scratch, name)),
  ];
}

/**
 * Protected by `endUnrecorded` for what was started and not yet written down, `settleAbandoned` for executions without a command, the lock's takeover, and
 * `purgeHome`, which moves all aside first.
 */
async function commandsEnded(stack: Stack, random: Random): Promise<Hit> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-faults-scratch-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = scratch;
  try {
    return await hits(stack, random, scratch);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function hits(stack: Stack, random: Random, scratch: string): Promise<Hit> {
  const usualMs = new Map<string, number>();
  const measured = async (name: string, work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    usualMs.set(name, performance.now() - began);
  };
  let [hit, recoveredMs] = [0, 0];
  /** Begins a command and ends it at a moment of its usual time. */
  const interrupted = async (name: string, ...words: string[]) => {
    const signal = random.pick(['SIGINT', 'SIGKILL'] as const);
    const command = stack.start(...words);
    await sleep(random.next() * (usualMs.get(name) ?? 0));
    end(command, signal);
    const { code, stderr } = await command.ended;
    if (code !== 0) hit += 1;
    // Who asks for the end waits for it: no job runs on.
    if (signal === 'SIGINT' && code === 130) must(stack.jobProcesses().length === 0, 'no job is left by Ctrl-C');
    must(!/\n\s+at .*\d+:\d+\)?/.test(stderr), `${name} says nothing in a stack trace: ${stderr}`);
  };
  const again = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    recoveredMs = Math.max(recoveredMs, performance.now() - began);
  };
  const purge = async () => {
    await stack.json('down', '--purge');
    const found = left(stack, scratch);
    must(found.length === 0, `nothing is left behind by a purge: ${found.join(', ')}`);
  };
  // The first `up` also makes the assembly, which none of the others does.
  await stack.up();
  await measured('down', () => stack.json('down'));
  await purge();
  await measured('up', () => stack.up());
  await measured('run', () => runs(stack));
  await measured('purge', purge);
  for (let round = 0; round < 5; round += 1) {
    await interrupted('up', 'up', ...stack.pipelines);
    await again(() => stack.up());
    await interrupted('run', 'run', PIPELINE, '--input', '{"rate": 0}');
    let records = 0;
    await again(async () => {
      records = await runs(stack);
    });
    await interrupted('down', 'down');
    if (round % 2 === 0) {
      await again(async () => {
        await stack.json('down');
        await stack.up();
      });
      must(exact(stack) === records, 'a stop keeps everything');
    }
    await interrupted('purge', 'down', '--purge');
    await again(purge);
  }
  must(hit >= 10, `commands were ended in the middle: ${hit} of 20`);
  return { what: `up, run, down and purge at 20 moments, ${hit} of them before their end`, recoveredMs };
}

const cases: Case[] = [{ number: 18, title: 'Ctrl-C and kill -9 of commands', run: commandsEnded, isAlone: true }];

export default { cases, check: async () => [] } satisfies Suite;
