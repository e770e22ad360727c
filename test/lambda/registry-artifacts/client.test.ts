/** How the handler says who it is. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../../../lambda/registry-artifacts/client.ts';

/** The credentials of each request to a registry, called with these. */
async function credentialsOf(...passwords: (string | undefined)[]): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{}');
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const password of passwords) await connectTo(url, 0, password)('GET', '/groups');
  return seen;
}

test('it is the user writer where there is a password, and nobody where there is none', async () => {
  const basic = `Basic ${Buffer.from('writer:secret').toString('base64')}`;
  expect(await credentialsOf('secret', undefined, '')).toEqual([basic, undefined, undefined]);
});
