/** A worker that is still starting, or gone already. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { leavingMs, onEvent, startingMs } from '../../../lambda/connectors/handler.ts';

const gone = (Url: string) =>
  onEvent({ RequestType: 'Delete', PhysicalResourceId: 'as-before', ResourceProperties: { Url } });

test.each([409, 502, 503, 504])('with status %d is asked again', async (status) => {
  const statuses = [status];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.statusCode = statuses.shift() ?? 200;
    response.end('[]');
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await gone(url)).toEqual({ PhysicalResourceId: 'as-before' });
  expect(asked).toEqual(['GET /connectors', 'GET /connectors']);
});

test('is waited for as long as the function, which has ten minutes, can still wait for its tasks', () => {
  expect(startingMs).toBe(360_000);
});

test('is not waited for long where its service goes next', () => {
  expect(leavingMs).toBe(30_000);
});
