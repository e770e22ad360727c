/** When a bucket is emptied, by the handler's own client against a server that answers like S3. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { onEvent } from '../../../lambda/empty-bucket/handler.ts';

const LISTED =
  '<ListVersionsResult>' +
  '<Version><Key>a</Key><VersionId>1</VersionId></Version>' +
  '<DeleteMarker><Key>gone</Key><VersionId>2</VersionId></DeleteMarker>' +
  '</ListVersionsResult>';
let server: Server;
let asked: string[];
let deleted: string[];
let isGone: boolean;

beforeEach(async () => {
  isGone = false;
  asked = [];
  deleted = [];
  server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (isGone) return response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>');
    if (request.method === 'POST') {
      deleted = [...(await bodyOf(request)).matchAll(/<Key>(\w+)<\/Key>/g)].map(([, key = '']) => key);
      return response.end('<DeleteResult/>');
    }
    return response.end(deleted.length > 0 ? '<ListVersionsResult/>' : LISTED);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const event = (RequestType: 'Create' | 'Update' | 'Delete') => ({
  RequestType,
  PhysicalResourceId: 'data',
  ResourceProperties: { BucketName: 'data' },
});

describe('a bucket', () => {
  test.each(['Create', 'Update'] as const)('is left alone at %s', async (type) => {
    expect(await onEvent(event(type))).toEqual({ PhysicalResourceId: 'data' });
    expect(asked).toEqual([]);
  });

  test('is emptied at Delete, of versions and of the marks of deleted objects', async () => {
    expect(await onEvent(event('Delete'))).toEqual({ PhysicalResourceId: 'data' });
    expect(deleted).toEqual(['a', 'gone']);
    expect(asked.map((question) => question.split(' ')[0])).toEqual(['GET', 'POST', 'GET']);
  });

  test('that is gone already has nothing to be emptied of', async () => {
    isGone = true;
    expect(await onEvent(event('Delete'))).toEqual({ PhysicalResourceId: 'data' });
    expect(asked).toHaveLength(1);
  });

  test('has its name for an id, so that the one before is emptied when it is replaced', async () => {
    const replaced = { ...event('Update'), ResourceProperties: { BucketName: 'other' } };
    expect(await onEvent(replaced)).toEqual({ PhysicalResourceId: 'other' });
  });
});
