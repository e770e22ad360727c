/** A service counts as working when it answers itself, and not when another program answers in its place. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { launch, waitUntilReady } from '../../../local/services/launch.ts';
import { identityOf } from '../../../local/services/process.ts';
import { serviceFiles } from '../../../local/services/service-files.ts';
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

test('nothing in the shell of a person changes what a service does, and the log of the run before is kept', async () => {
  const home = millraceHome(join(temporaryFolder(), 'home'));
  const { folder, log, previousLog } = serviceFiles(home, 'kafka');
  const definition = {
    name: 'kafka',
    title: 'the broker',
    prepare: async () => {},
    command: () => ({ program: process.execPath, arguments: ['-p', 'JSON.stringify(process.env)'] }),
  } as unknown as ServiceDefinition;
  const toolchain = {} as Parameters<typeof launch>[1];
  const ports = { iam: {}, kafka: {}, postgres: {}, registry: {}, s3: {}, dynamodb: {} };
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const [name, value] of Object.entries({ JAVA_TOOL_OPTIONS: '-Xmx1m', QUARKUS_HTTP_PORT: '1', LC_ALL: 'C' })) {
    vi.stubEnv(name, value);
  }
  const run = async () => {
    const { ending } = await launch(home, toolchain, definition, {}, ports, new AbortController().signal);
    await expect.poll(() => ending?.(), { timeout: 20_000 }).toBe('exit code 0');
    return readFileSync(log, 'utf8');
  };
  const first = await run();
  const { LC_ALL, MILLRACE_STARTED_IN, JAVA_TOOL_OPTIONS, QUARKUS_HTTP_PORT } = JSON.parse(first);
  expect({ LC_ALL, MILLRACE_STARTED_IN }).toEqual({ LC_ALL: 'C.UTF-8', MILLRACE_STARTED_IN: `${folder}/` });
  expect([JAVA_TOOL_OPTIONS, QUARKUS_HTTP_PORT]).toEqual([undefined, undefined]);
  await run();
  expect(readFileSync(previousLog, 'utf8')).toBe(first);
});
