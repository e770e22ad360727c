/** The program behind `millrace` gets each signal once, its exit code becomes ours, and it does not outlive us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';
import { kill } from '../../support/kill.ts';
import { temporaryFolder, write } from './temporary.ts';

/** Counts the signals it gets; ends half a second after the first, so that a second one would be seen. */
const COUNTING = `
import { appendFileSync, writeFileSync } from 'node:fs';
const folder = process.argv[2];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    appendFileSync(folder + '/signals', signal + '\\n');
    setTimeout(() => process.exit(7), 500);
  });
}
writeFileSync(folder + '/pid', String(process.pid));
setInterval(() => undefined, 1000);
console.log('ready');
`;

function wrapper(program: string, folder: string): ChildProcess {
  const file = write(join(folder, 'program.ts'), program);
  const module = pathToFileURL(join(root, 'tools', 'setup', 'hand-over.mjs')).href;
  const code = `
    const { handOver } = await import(${JSON.stringify(module)});
    process.exitCode = await handOver(process.execPath, ${JSON.stringify(file)}, [${JSON.stringify(folder)}]);`;
  // In a process group of its own, as a shell gives one to each command.
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function counting() {
  const folder = temporaryFolder();
  const child = wrapper(COUNTING, folder);
  if (child.stdout) await once(child.stdout, 'data');
  return {
    child,
    signals: () => (existsSync(join(folder, 'signals')) ? readFileSync(join(folder, 'signals'), 'utf8') : ''),
    pid: Number(readFileSync(join(folder, 'pid'), 'utf8')),
  };
}

test('the exit code of the program becomes ours', async () => {
  const child = wrapper('process.exit(3);', temporaryFolder());
  expect(await once(child, 'exit')).toEqual([3, null]);
});

test('a program that a signal ended gives 128 and its number, as in a shell', async () => {
  const child = wrapper(`process.kill(process.pid, 'SIGKILL');`, temporaryFolder());
  expect(await once(child, 'exit')).toEqual([137, null]);
});

test('Ctrl-C, which the terminal sends to the whole process group, reaches the program once', async () => {
  const { child, signals } = await counting();
  kill(child.pid, { signal: 'SIGINT', group: true });
  expect(await once(child, 'exit')).toEqual([7, null]);
  expect(signals()).toBe('SIGINT\n');
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s, sent to us alone, reaches the program once', async (signal) => {
  const { child, signals } = await counting();
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([7, null]);
  expect(signals()).toBe(`${signal}\n`);
});

test('the program is asked to end when we are killed', async () => {
  const { child, signals, pid } = await counting();
  child.kill('SIGKILL');
  await expect.poll(signals, { timeout: 5000 }).toBe('SIGTERM\n');
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
