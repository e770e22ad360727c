/** Processes are told apart by id and start time, and ended for sure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import {
  commandName,
  endProcess,
  endUnrecorded,
  identityOf,
  isSameProcess,
  type ProcessIdentity,
  residentMemory,
  startedIn,
  startedInVariable,
} from '../../../local/services/process.ts';
import { askPs } from '../../../tools/processes.mjs';

const children: ChildProcess[] = [];

/** A Node process that says when it is ready. */
async function start(
  script: string,
  variables: Record<string, string> = {},
): Promise<ProcessIdentity & { child: ChildProcess }> {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('ready'); setInterval(() => {}, 1000)`], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const identity = identityOf(child.pid);
  if (!identity) throw new Error('the process is not there');
  return { ...identity, child };
}

const processStartTime = (pid: number) => identityOf(pid)?.startTime;
const isAlive = (pid: number) => processStartTime(pid) !== undefined;

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

test('the start time of a process stays the same', async () => {
  const before = processStartTime(process.pid);
  await sleep(1_100);
  expect(before).toBeDefined();
  expect(processStartTime(process.pid)).toBe(before);
});

test('a process that is gone has none, also while nobody has collected it', async () => {
  const { pid, child } = await start('');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processStartTime(pid)).toBeUndefined();
  expect(processStartTime(2 ** 22 + 1)).toBeUndefined();
});

test('another process under a remembered id is not the same, and is never signalled', async () => {
  const { pid } = await start('');
  const stale = { pid, startTime: `${processStartTime(pid)}0` };
  expect(isSameProcess(stale)).toBe(false);
  expect(await endProcess(stale, 100)).toBe('gone');
  expect(isAlive(pid)).toBe(true);
});

test('a process that listens to SIGTERM is ended with it', async () => {
  const identity = await start('');
  expect(await endProcess(identity, 5_000)).toBe('ended');
  expect(isAlive(identity.pid)).toBe(false);
  expect(await endProcess(identity, 5_000)).toBe('gone');
});

test('one that does not is ended after its grace', async () => {
  const identity = await start("process.on('SIGTERM', () => {})");
  const before = performance.now();
  expect(await endProcess(identity, 300)).toBe('killed');
  expect(performance.now() - before).toBeGreaterThanOrEqual(290);
  expect(isAlive(identity.pid)).toBe(false);
});

test('a process that could not be started has no identity, and above all not the one of this process', () => {
  expect(identityOf()).toEqual({ pid: process.pid, startTime: processStartTime(process.pid) });
  expect(identityOf(undefined)).toBeUndefined();
});

test('the moment at which a process started is told in the same words whatever the time zone of who asks', () => {
  vi.stubEnv('TZ', 'Pacific/Chatham');
  const there = askPs('lstart=', process.pid);
  vi.stubEnv('TZ', 'America/New_York');
  expect(askPs('lstart=', process.pid)).toBe(there);
  vi.unstubAllEnvs();
  expect(there).toMatch(/\d\d:\d\d:\d\d/);
});

test('memory and name of a process can be told', () => {
  expect(residentMemory(process.pid)).toBeGreaterThan(10 * 1024 * 1024);
  expect(commandName(process.pid)).toMatch(/node|vitest/);
  expect(residentMemory(2 ** 22 + 1)).toBeUndefined();
});

test('what was started in a folder, or below it, is found and ended without a record; its neighbours are left alone', async () => {
  const folder = `/no/such/folder-${process.pid}`;
  const [below, neighbour] = [`${folder}/services/kafka`, `${folder}-too`];
  const child = `require('node:child_process').spawn('sleep', ['600'])`;
  const { pid } = await start(child, startedInVariable(below));
  const other = await start('', startedInVariable(neighbour));
  const found = startedIn(folder);
  // With what it has started itself.
  expect(found).toHaveLength(2);
  expect(found.map((one) => one.pid)).toContain(pid);
  expect(await endUnrecorded(folder)).toBe(2);
  expect(found.filter((one) => isAlive(one.pid))).toEqual([]);
  expect(isAlive(other.pid)).toBe(true);
});
