/** What the handler asks of ECS and Secrets Manager, against a server that answers for them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { handler } from '../../../lambda/restart-registry/handler.ts';

const noon = 1_790_000_000;
const watched = { cluster: 'arn:cluster', service: 'arn:service', secret: 'arn:secret' };

/** Calls the handler, with a password that was rotated at noon; gives its answer, and what it had done to the service. */
async function called(deployments: readonly { status: string; createdAt: number }[]) {
  const updates: unknown[] = [];
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    const [, action = ''] = String(request.headers['x-amz-target']).split('.');
    const body: unknown = JSON.parse(await text(request));
    const answers: Record<string, unknown> = {
      DescribeSecret: { LastRotatedDate: noon },
      DescribeServices: { services: [{ deployments }] },
    };
    (action === 'UpdateService' ? updates : asked).push(body);
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answers[action] ?? {}));
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    vi.unstubAllEnvs();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL_ECS: url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })) {
    vi.stubEnv(name, value);
  }
  return { answer: await handler(watched), asked, updates };
}

test('tasks that are older than the password are replaced by new ones of the same definition', async () => {
  const { answer, asked, updates } = await called([{ status: 'PRIMARY', createdAt: noon - 1 }]);
  expect(asked).toHaveLength(2);
  expect(asked).toEqual(
    expect.arrayContaining([{ SecretId: 'arn:secret' }, { cluster: 'arn:cluster', services: ['arn:service'] }]),
  );
  expect(updates).toEqual([{ cluster: 'arn:cluster', service: 'arn:service', forceNewDeployment: true }]);
  expect(answer).toEqual({ restarted: true });
});

test('tasks that are being started count, not those that they replace', async () => {
  const starting = [
    { status: 'ACTIVE', createdAt: noon - 100 },
    { status: 'PRIMARY', createdAt: noon + 1 },
  ];
  const { answer, updates } = await called(starting);
  expect([answer, updates]).toEqual([{ restarted: false }, []]);
});
