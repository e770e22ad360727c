/** S3, CloudWatch Logs and Step Functions as servers of this machine, by moto. They decide nothing: who may do what is not asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readToolchain } from '../../tools/setup/toolchain.mjs';

export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts them, empty, and waits until they answer. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const server = spawn(readToolchain().python, words, { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const stop = async () => {
    server.kill();
    await ended;
  };
  const answers = () =>
    fetch(`${url}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (server.exitCode !== null) throw new Error(`moto ended with ${server.exitCode}.`);
    await sleep(100);
  }
  return { url, stop };
}
