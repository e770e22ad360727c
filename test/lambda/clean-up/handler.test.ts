/** The clean-up's handler against a small server that stands for EMR Serverless and DynamoDB. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../../lambda/clean-up/handler.ts';

interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** What the two services were asked, each as a line, and the bodies that came with it. */
let asked: string[];
let bodies: Record<string, unknown>[];
/** Answers by the beginning of a question, several used one after the other, the last one again and again. */
let answers: Record<string, Answer[]>;
let server: Server;

const ARN = 'arn:aws:states:us-east-1:000000000000:execution:millrace-dev-readings:first';
const ended = { detail: { executionArn: ARN, name: 'first', status: 'ABORTED' } };

const listing = (...runs: object[]): Answer => ({ body: { jobRuns: runs } });
const failure = (name: string, status = 400): Answer => ({ status, body: { __type: name, code: name, message: name } });

const timer = setTimeout;

beforeEach(async () => {
  // Nothing is waited for between two listings.
  vi.stubGlobal('setTimeout', (done: () => void, milliseconds = 0) =>
    timer(done, milliseconds >= 1_000 ? 0 : milliseconds),
  );
  asked = [];
  bodies = [];
  answers = { 'GET /applications/app/jobruns': [listing()], DeleteItem: [{ body: {} }], 'DELETE ': [{ body: {} }] };
  server = createServer(async (request, response) => {
    const { status = 200, body } = answerTo(await questionOf(request));
    const error = 'code' in body ? { 'x-amzn-errortype': String(body.code) } : {};
    response.writeHead(status, { 'content-type': 'application/json', ...error }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, value] of Object.entries({
    APPLICATION_ID: 'app',
    LOCK_TABLE: 'locks',
    PIPELINE: 'readings',
    AWS_ENDPOINT_URL_EMR_SERVERLESS: url,
    AWS_ENDPOINT_URL_DYNAMODB: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })) {
    vi.stubEnv(name, value);
  }
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The question in a line: the method and path, or the operation of DynamoDB. */
async function questionOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  if (text) bodies.push(JSON.parse(text) as Record<string, unknown>);
  const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1];
  const question = operation ?? `${request.method} ${request.url}`;
  asked.push(question);
  return question;
}

function answerTo(question: string): Answer {
  const key = Object.keys(answers).find((start) => question.startsWith(start)) ?? '';
  const list = answers[key] ?? [failure('ValidationException')];
  return (list.length > 1 ? list.shift() : list[0]) ?? failure('InternalServerException', 500);
}

describe('the handler', () => {
  test('releases the lock of an execution that left nothing, if it holds it', async () => {
    expect(await handler(ended)).toEqual({ cancelled: [] });
    const listed = 'GET /applications/app/jobruns';
    expect(asked.map((question) => question.split('?')[0])).toEqual([listed, listed, 'DeleteItem']);
    expect(bodies).toEqual([
      {
        TableName: 'locks',
        Key: { pipeline: { S: 'readings' } },
        ConditionExpression: 'holder = :holder',
        ExpressionAttributeValues: { ':holder': { S: ARN } },
      },
    ]);
  });

  test('asks for runs in every state in which one is alive', async () => {
    await handler(ended);
    const states = new URL(asked[0]?.slice('GET '.length) ?? '', 'http://server').searchParams.getAll('states');
    expect(states.sort()).toEqual(['CANCELLING', 'PENDING', 'QUEUED', 'RUNNING', 'SCHEDULED', 'SUBMITTED']);
  });

  test('reads every page, and cancels runs of this execution only', async () => {
    answers['GET /applications/app/jobruns'] = [
      { body: { jobRuns: [{ id: '1', name: 'readings/enrich/second', state: 'RUNNING' }], nextToken: 'more' } },
      listing({ id: '2', name: 'readings/enrich/first', state: 'RUNNING' }),
      listing(),
    ];
    expect(await handler(ended)).toEqual({ cancelled: ['readings/enrich/first'] });
    expect(asked[1]).toContain('nextToken=more');
    expect(asked.filter((question) => question.startsWith('DELETE'))).toEqual(['DELETE /applications/app/jobruns/2']);
    expect(asked.at(-1)).toBe('DeleteItem');
  });

  for (const name of ['ValidationException', 'ResourceNotFoundException']) {
    test(`goes on when a run has ended in between (${name})`, async () => {
      answers['GET /applications/app/jobruns'] = [
        listing({ id: '2', name: 'readings/enrich/first', state: 'RUNNING' }),
        listing(),
      ];
      answers['DELETE '] = [failure(name)];
      expect(await handler(ended)).toEqual({ cancelled: ['readings/enrich/first'] });
    });
  }

  test('fails, and keeps the lock, when it may not cancel', async () => {
    answers['GET /applications/app/jobruns'] = [listing({ id: '2', name: 'readings/enrich/first', state: 'RUNNING' })];
    answers['DELETE '] = [failure('AccessDeniedException', 403)];
    await expect(handler(ended)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(asked).not.toContain('DeleteItem');
  });

  test('leaves a lock that another execution holds by now', async () => {
    answers.DeleteItem = [failure('com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException')];
    expect(await handler(ended)).toEqual({ cancelled: [] });
  });

  test('fails when the lock cannot be released for another reason', async () => {
    answers.DeleteItem = [failure('com.amazonaws.dynamodb.v20120810#ResourceNotFoundException')];
    await expect(handler(ended)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  for (const name of ['APPLICATION_ID', 'LOCK_TABLE', 'PIPELINE']) {
    test(`asks nobody without its setting ${name}`, async () => {
      vi.stubEnv(name, '');
      await expect(handler(ended)).rejects.toThrow(`The function has no setting ${name}. Deploy the pipeline again.`);
      expect(asked).toEqual([]);
    });
  }
});
