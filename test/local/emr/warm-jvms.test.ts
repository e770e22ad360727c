/** A warm JVM belongs to one job at a time, survives only a job that gives it back, and never outlives whoever keeps it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endWarmJvms, warmLaunch } from '../../../local/emr/warm-jvms.ts';
import { identityOf, isSameProcess, type ProcessIdentity } from '../../../local/services/process.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { temporaryFolder } from '../../tools/setup/temporary.ts';

const keeper = fileURLToPath(new URL('../../../local/emr/warm_jvm.py', import.meta.url));
const fakeJvm = fileURLToPath(new URL('fake-jvm.sh', import.meta.url));

let folder: string;
const keepers: ChildProcess[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  for (const { pid } of keepers.splice(0)) if (pid !== undefined && identityOf(pid)) process.kill(pid, 'SIGTERM');
});

test('a JVM waits five minutes for its next job', () => {
  const launch = { command: 'spark-submit', arguments: ['job.py'], jvm: ['--conf', 'a=b'], environment: {} };
  const [, given = '', ...rest] = warmLaunch(launch, folder, '/run').arguments;
  expect(JSON.parse(given)).toMatchObject({ folder, idleSeconds: 300, command: ['spark-submit', '--conf', 'a=b'] });
  expect(rest).toEqual(['spark-submit', 'job.py']);
});

async function eventually(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !holds(); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`waited in vain; left in ${folder}: ${readdirSync(folder)}`);
  }
}

/** A new warm JVM, with the process that keeps it and the connection of the job that has it. */
async function start(name = 'k-1', idleSeconds = 600) {
  const record = join(folder, `${name}.json`);
  const child = spawn(readToolchain().python, [keeper, record, String(idleSeconds), '3', fakeJvm], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  keepers.push(child);
  const socket = child.stdio[3] as Socket;
  expect(await answerOn(socket)).toBe('7 abc\n');
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  const [jvm] = processes.map((line) => line.trim().split(/\s+/).map(Number)).filter(([, of]) => of === child.pid);
  const identities = { keeper: identityOf(child.pid), jvm: identityOf(jvm?.[0]) };
  return { record, socket, ...(identities as Record<'keeper' | 'jvm', ProcessIdentity>) };
}

/** One that its first job gave back. */
async function keep(name?: string, idleSeconds?: number) {
  const { socket, ...jvm } = await start(name, idleSeconds);
  socket.end('clean\n');
  await once(socket, 'close');
  return jvm;
}

/** What a job is told of its JVM; nothing when it cannot have it. */
async function answerOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes)));
    socket.once('close', () => resolve(''));
  });
}

async function borrow(record: string, secret?: string): Promise<{ answer: string; socket: Socket }> {
  const known = JSON.parse(readFileSync(record, 'utf8')) as { port: number; secret: string };
  const socket = connect(known.port, '127.0.0.1', () => socket.write(`${secret ?? known.secret} lend`));
  return { answer: await answerOn(socket), socket };
}

describe('a warm JVM', () => {
  test('is lent to one job at a time, and again once it was given back', async () => {
    const { record, jvm } = await keep();
    const first = await borrow(record);
    expect(first.answer).toBe('7 abc\n');
    expect((await borrow(record)).answer).toBe('');
    first.socket.end('clean\n');
    await eventually(() => first.socket.closed);
    const second = await borrow(record);
    expect(second.answer).toBe('7 abc\n');
    expect(isSameProcess(jvm)).toBe(true);
    second.socket.destroy();
  });

  test('belongs from its start to the job that started it', async () => {
    const { record, socket, jvm } = await start();
    expect((await borrow(record)).answer).toBe('');
    socket.destroy();
    await eventually(() => !isSameProcess(jvm) && readdirSync(folder).length === 0);
  });

  test('is lent to nobody who cannot read its record', async () => {
    const { record } = await keep();
    expect((await borrow(record, 'guessed')).answer).toBe('');
  });

  test('dies with a job that ends without giving it back', async () => {
    const { record, jvm, keeper } = await keep();
    const { socket } = await borrow(record);
    socket.destroy();
    await eventually(() => !isSameProcess(keeper));
    expect(isSameProcess(jvm)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('dies when nobody has wanted it for a while', async () => {
    const { jvm, keeper } = await keep('k-1', 0.2);
    await eventually(() => !isSameProcess(keeper));
    expect(isSameProcess(jvm)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('dies with the process that keeps it, and when its home is removed', async () => {
    const [killed, forgotten] = [await keep('k-1'), await keep('k-2')];
    process.kill(killed.keeper.pid, 'SIGKILL');
    rmSync(forgotten.record);
    await eventually(() =>
      [killed, forgotten].every(({ jvm, keeper }) => !isSameProcess(jvm) && !isSameProcess(keeper)),
    );
  });

  test('is one of three at most', async () => {
    const [first] = [await keep('k-1'), await keep('k-2'), await keep('k-3'), await start('k-4')];
    const { socket } = await borrow(first.record);
    socket.end('clean\n');
    await eventually(() => !isSameProcess(first.keeper));
    expect(isSameProcess(first.jvm)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual(['k-2.json', 'k-3.json', 'k-4.json']);
  });
});

describe('the end of all warm JVMs', () => {
  test('has left nothing when it returns', async () => {
    const jvms = [await keep('k-1'), await keep('k-2')];
    expect(await endWarmJvms(folder)).toBe(2);
    expect(jvms.filter(({ jvm }) => isSameProcess(jvm))).toEqual([]);
    expect(execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })).not.toContain(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('spares one that a job has, or waits for that job', async () => {
    const { record, jvm } = await keep();
    const { socket } = await borrow(record);
    expect(await endWarmJvms(folder)).toBe(0);
    expect(isSameProcess(jvm)).toBe(true);
    const ending = endWarmJvms(folder, 20_000);
    socket.end('clean\n');
    expect(await ending).toBe(1);
    expect(isSameProcess(jvm)).toBe(false);
  });

  test('forgets one that was killed', async () => {
    const { keeper } = await keep();
    process.kill(keeper.pid, 'SIGKILL');
    await eventually(() => !isSameProcess(keeper));
    expect(await endWarmJvms(folder)).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});
