/** The process that stands for Lambda's reading of changes: with DynamoDB Local, a function of its own, and the decisions of a role. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { codeFolder, environmentOf } from '../../../local/cloudformation/providers/lambda.ts';
import { type Home, millraceHome } from '../../../local/home.ts';
import { writeAccess } from '../../../local/iam/access.ts';
import { askDynamodb, dynamodbUrl } from '../../../local/services/dynamodb.ts';
import { feedNameOf, givenUpFile, givenUpOf, positionsFile, writeFeed } from '../../../local/services/feeds.ts';
import { nextFreePort } from '../../../local/services/ports.ts';
import { readServiceFile, writeServiceFile } from '../../../local/services/service-files.ts';
import { readText } from '../../../tools/files.mjs';
import { typescriptOptions } from '../../../tools/setup/hand-over.mjs';
import { temporaryHome } from '../support/deployed-words.ts';

const PROGRAM = fileURLToPath(new URL('../../../local/cloudformation/feed-program.ts', import.meta.url));
const server = millraceHome(inject('home'));
const ask = (operation: string, parameters: object) => askDynamodb(dynamodbUrl(server), operation, parameters);
const ROLE = 'arn:aws:iam::000000000000:role/tell';
const READS = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:given-up';
const name = feedNameOf('tiny', 'telling');

/** Notes what it is told, and fails at a poison. */
const CODE = `
const { appendFileSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  const words = Records.map(({ dynamodb }) => dynamodb.NewImage?.word.S ?? 'gone');
  if (words.includes('poison')) throw new Error('a poison');
  for (const word of words) appendFileSync(process.env.TOLD, word + '\\n');
};`;

let home: Home;
let table: string;
let program: ChildProcess | undefined;

const told = () => (readText(join(home.root, 'told')) ?? '').split('\n').filter(Boolean);
const put = (id: string, word: string) =>
  ask('PutItem', { TableName: table, Item: { id: { S: id }, word: { S: word } } });

/** Deploys the feed into a home of its own, which finds the server of all. */
beforeEach(async () => {
  home = temporaryHome();
  table = `tiny-${Date.now()}`;
  await ask('CreateTable', {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  writeServiceFile(home, 'dynamodb', { ports: readServiceFile(server, 'dynamodb').ports ?? {} });
  const resource = { stack: 'dev/tiny', logicalId: 'X', physicalId: 'tell' };
  const streamArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${table}/stream/x`;
  const tells = {
    ...{ ...resource, type: 'AWS::Lambda::Function' },
    attributes: { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:tell' },
    properties: {
      ...{ Runtime: 'nodejs24.x', Handler: 'index.handler', Role: ROLE, Timeout: 10, Code: { ZipFile: CODE } },
      Environment: { Variables: { TOLD: join(home.root, 'told') } },
    },
  };
  expect(environmentOf(tells)).toHaveProperty('TOLD');
  const mapping = {
    ...{ ...resource, type: 'AWS::Lambda::EventSourceMapping', attributes: {} },
    properties: {
      ...{ FunctionName: 'tell', EventSourceArn: streamArn, BatchSize: 10 },
      ...{ MaximumRetryAttempts: 1, MaximumRecordAgeInSeconds: 3_600 },
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
    },
  };
  const folder = codeFolder(home, tells.properties.Code);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), CODE);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  mkdirSync(join(home.services, name, 'data'), { recursive: true });
  writeFeed(home, name, { tells, mapping });
  mayRead(streamArn);
});

/** Lets the function's role read a stream and fill the queue. */
function mayRead(stream: string): void {
  const allow = (action: string[], resource: string) => ({ Effect: 'Allow', Action: action, Resource: resource });
  const Version = '2012-10-17';
  const Statement = [allow(READS, stream), allow(['sqs:SendMessage'], QUEUE)];
  const trusted = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' };
  writeAccess(home, {
    roles: [
      {
        ...{ ...credentials, arn: ROLE, name: 'tell', stack: 'dev/tiny', logicalId: 'Role' },
        ...{ trust: { Version, Statement: [trusted] }, policies: [{ name: 'own', document: { Version, Statement } }] },
      },
    ],
    ...{ resources: [], endpoints: [] },
  });
}

afterEach(() => end('SIGKILL'));

async function end(signal: NodeJS.Signals): Promise<void> {
  const ending = program;
  program = undefined;
  if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
  ending.kill(signal);
  await once(ending, 'exit');
}

/** Starts the program, and gives what it says of itself on its port. */
async function start(): Promise<() => Promise<readonly [number, string]>> {
  const port = await nextFreePort(19_770, new Set());
  program = spawn(process.execPath, [...typescriptOptions, PROGRAM, home.root, name, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return async () => {
    const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined);
    return response ? [response.status, await response.text()] : [0, ''];
  };
}

const soon = (what: () => unknown) => expect.poll(what, { timeout: 30_000, interval: 100 });

test('tells each change in its order, gives up the one at which the function fails, and goes on where it was when it is killed', async () => {
  for (let at = 1; at <= 25; at += 1) await put(`m-${at % 3}`, String(at));
  const state = await start();
  await soon(told).toHaveLength(25);
  expect(told()).toEqual(Array.from({ length: 25 }, (_, index) => String(index + 1)));
  expect(await state()).toEqual([200, 'it reads\n']);

  await put('m-1', 'before');
  await put('m-1', 'poison');
  await put('m-1', 'behind');
  await ask('DeleteItem', { TableName: table, Key: { id: { S: 'm-1' } } });
  await soon(() => told().slice(25)).toEqual(['before', 'behind', 'gone']);
  expect(givenUpOf(home, 'tiny')).toMatchObject([{ feed: 'telling', messages: 1 }]);
  const { requestContext, DDBStreamBatchInfo: batch } = JSON.parse(readText(givenUpFile(home, name)) ?? '{}');
  expect(requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 });
  expect(batch).toMatchObject({ batchSize: 1, startSequenceNumber: batch.endSequenceNumber });

  await end('SIGKILL');
  await put('m-2', 'meanwhile');
  await start();
  await soon(() => told().slice(28)).toEqual(['meanwhile']);
  expect(Object.values(JSON.parse(readText(positionsFile(home, name)) ?? '{}'))).toHaveLength(1);
  await end('SIGTERM');
}, 120_000);

test('reads nothing that the role may not, and says so', async () => {
  mayRead('arn:aws:dynamodb:us-east-1:000000000000:table/other/stream/x');
  await put('m-1', 'secret');
  const state = await start();
  await soon(async () => (await state())[1]).toMatch(
    /^tell may not dynamodb:DescribeStream on arn:aws:dynamodb:.*:table\/tiny-/,
  );
  expect((await state())[0]).toBe(503);
  expect(told()).toEqual([]);
}, 60_000);
