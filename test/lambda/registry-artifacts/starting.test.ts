/** A registry that is still starting. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../../../lambda/registry-artifacts/client.ts';

async function answers(...statuses: number[]): Promise<string> {
  const server = createServer((_, response) => {
    response.statusCode = statuses.shift() ?? 200;
    response.end('{}');
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([429, 502, 503, 504])('with status %d is asked again', async (status) => {
  const url = await answers(status);
  expect(await connectTo(url, 10_000)('GET', '/groups')).toMatchObject({ status: 200 });
});

test('is told of when it stays away', async () => {
  const url = await answers(503);
  await expect(connectTo(url, 0)('GET', '/groups')).rejects.toThrow(/did not answer within 0 s: HTTP 503/);
});

test.each([400, 404, 500])('a refusal with status %d is its answer', async (status) => {
  const url = await answers(status);
  expect(await connectTo(url, 10_000)('GET', '/groups')).toMatchObject({ status });
});
