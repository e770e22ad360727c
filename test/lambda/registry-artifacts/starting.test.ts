/** A registry that is still starting. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pausesMs } from '../../../lambda/custom-resource/rest.ts';
import { connectTo } from '../../../lambda/registry-artifacts/client.ts';
import { startingMs } from '../../../lambda/registry-artifacts/handler.ts';

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

test('is waited for as long as the function, which has ten minutes, can still tell why it gives up', () => {
  expect(startingMs).toBe(480_000);
});

test('is asked again after a quarter of a second, and every five seconds at least', () => {
  expect(pausesMs).toEqual([250, 5_000]);
});

test('that takes a request and never answers is asked again after 20 seconds', async () => {
  const waits: number[] = [];
  const { timeout } = AbortSignal;
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    waits.push(ms);
    return waits.length === 1 ? AbortSignal.abort(new Error('took too long')) : timeout(ms);
  });
  onTestFinished(() => spy.mockRestore());
  const url = await answers();
  expect(await connectTo(url, 10_000)('GET', '/groups')).toMatchObject({ status: 200 });
  expect(waits).toEqual([20_000, 20_000]);
});

test.each([400, 404, 500])('a refusal with status %d is its answer', async (status) => {
  const url = await answers(status);
  expect(await connectTo(url, 10_000)('GET', '/groups')).toMatchObject({ status });
});
