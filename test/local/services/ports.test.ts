/** Free ports are found whoever holds the others, and a taken one is named with its holder. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isPortFree, listens, nextFreePort, requireFreePort } from '../../../local/services/ports.ts';
import { writeServiceFile } from '../../../local/services/service-files.ts';
import { refuseMoved } from '../../../local/services/services.ts';
import { temporaryHome } from '../support/deployed-words.ts';

const servers: Server[] = [];

/** Takes a port that was free a moment ago, on one address or all. */
async function listen(host: string, port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

test('a port is taken when somebody listens on the loopback address, or on all addresses', async () => {
  const port = await listen('127.0.0.1');
  expect(await isPortFree(port)).toBe(false);
  expect(await isPortFree(await listen('0.0.0.0'))).toBe(false);
});

test('the wanted port is given when it is free, and the next free one when it is not', async () => {
  const port = await listen('127.0.0.1');
  const next = await nextFreePort(port, new Set());
  expect(next).toBeGreaterThan(port);
  expect(await nextFreePort(next, new Set())).toBe(next);
  expect(await nextFreePort(next, new Set([next]))).toBeGreaterThan(next);
});

test('there is no port behind the last one', async () => {
  await expect(nextFreePort(65_535, new Set([65_535]))).rejects.toMatchObject({ code: 'NO_FREE_PORT' });
});

test('who listens on a port is told apart from who does not', async () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    const port = await listen(host);
    expect(listens(process.pid, port)).toBe(true);
    expect(listens(process.ppid, port)).toBe(false);
  }
});

test('a port that was asked for and is taken is refused, with the option that chooses another one', async () => {
  const port = await listen('127.0.0.1');
  const refused = requireFreePort(port, '--kafka-port');
  await expect(refused).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  await expect(refused).rejects.toThrow(`Port ${port} is in use`);
  await expect(refused).rejects.toThrow('--kafka-port');
});

test('a worker that answers elsewhere than its functions were told is asked nothing', () => {
  const home = temporaryHome();
  mkdirSync(join(home.services, 'connect-shop'), { recursive: true });
  writeServiceFile(home, 'connect-shop', { ports: { rest: 8084 } });
  expect(() => refuseMoved(home, 'connect-shop', 8084)).not.toThrow();
  expect(() => refuseMoved(home, 'connect-shop', 8083)).toThrow(
    /^Port 8083, at which Kafka Connect of shop .* answers at 8084\. .*millrace up/,
  );
});
