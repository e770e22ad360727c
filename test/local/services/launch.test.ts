/** A service counts as working when it answers itself, and not when another program answers in its place. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntilReady } from '../../../local/services/launch.ts';
import { identityOf } from '../../../local/services/process.ts';
import type { ServiceDefinition } from '../../../local/services/types.ts';
import { temporaryFolder } from '../../tools/setup/temporary.ts';

/** A service whose program is a Node that listens on a port of its choice, or on none. */
async function launched(listening: boolean, readyWithinMs: number) {
  const port = await freePort();
  const script = listening
    ? `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`
    : `console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const definition = {
    title: 'the broker',
    ports: [{ name: 'broker', preferred: port }],
    readyWithinMs,
    probe: async () => {},
    symptoms: [],
  } as unknown as ServiceDefinition;
  const identity = identityOf(child.pid) ?? { pid: 0, startTime: '' };
  const log = join(temporaryFolder(), 'log.txt');
  const wait = () =>
    waitUntilReady(definition, { identity, ports: { broker: port }, log }, new AbortController().signal);
  return { port, wait };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

test('its own answer is enough', async () => {
  const { wait } = await launched(true, 10_000);
  await expect(wait()).resolves.toBeUndefined();
});

test('the answer of a program that was faster on its port is not', async () => {
  const { port, wait } = await launched(false, 300);
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  await expect(wait()).rejects.toMatchObject({
    code: 'SERVICE_NOT_READY',
    message: expect.stringContaining(`another program answers on port ${port}`),
  });
});
