/** A feed from its items to its topic: DynamoDB Local, the handler as it is bundled, signed in to a broker that asks what its role may. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import { providers } from '../../../local/cloudformation/providers/items.ts';
import { codeFolder } from '../../../local/cloudformation/providers/lambda.ts';
import { projectRoot } from '../../../local/home.ts';
import { askDynamodb, dynamodb, dynamodbUrl } from '../../../local/services/dynamodb.ts';
import { feedNameOf, givenUpFile, writeFeed } from '../../../local/services/feeds.ts';
import { nextFreePort } from '../../../local/services/ports.ts';
import { readText } from '../../../tools/files.mjs';
import { typescriptOptions } from '../../../tools/setup/hand-over.mjs';
import { arnOf, clusterArn, roleOf, TestBroker } from '../iam/kafka-broker.ts';

const PROGRAM = fileURLToPath(new URL('../../../local/cloudformation/feed-program.ts', import.meta.url));
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:given-up';
const name = feedNameOf('tiny', 'telling');
const topic = 'tiny.words';
const broker = new TestBroker();
let program: ChildProcess;
let table: string;

/** The handler with code that tells each word that is no "quiet", and fails at a poison. */
async function bundle(folder: string): Promise<void> {
  const code = `
    import { handlerOf } from './lambda/feed/handler.ts';
    export const handler = handlerOf({
      words: ({ before, after }) => {
        if (after?.word === 'poison') throw new Error('no such word');
        if (after?.word === 'quiet') return undefined;
        return { key: after.id + ' ' + after.number, value: { word: after.word, before: before?.word ?? null } };
      },
    });`;
  await build({
    ...{ stdin: { contents: code, resolveDir: projectRoot, loader: 'ts' }, absWorkingDir: projectRoot },
    ...{ outfile: join(folder, 'index.js'), bundle: true, platform: 'node', target: 'node22', format: 'cjs' },
    ...{ minify: true, keepNames: true, logLevel: 'error' },
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
}

beforeAll(async () => {
  await broker.start();
  await broker.startMore(dynamodb);
  const admin = broker.plain().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.disconnect();
  const { home } = broker;
  const stack = { name: 'millrace-dev-tiny', path: 'dev/tiny', region: 'us-east-1', account: '000000000000' };
  const request = {
    ...{ stack: stack as never, logicalId: 'ContractsItemsWords', type: 'AWS::DynamoDB::GlobalTable' },
    properties: {
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
  };
  const made = await providers['AWS::DynamoDB::GlobalTable']?.create(request, { home } as never);
  table = made?.physicalId ?? '';
  const streamArn = String(made?.attributes.StreamArn);
  expect(streamArn).toMatch(/:table\/millrace-dev-tiny-ContractsItemsWords-\w+\/stream\/20/);
  const own = roleOf('tell', {
    [clusterArn]: ['Connect', 'WriteDataIdempotently'],
    [arnOf('topic', topic)]: ['DescribeTopic', 'WriteData'],
  });
  const reads = ['DescribeStream', 'GetRecords', 'GetShardIterator'].map((action) => `dynamodb:${action}`);
  const Version = '2012-10-17';
  const Statement = [
    { Effect: 'Allow', Action: reads, Resource: streamArn },
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE },
  ];
  const trusted = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  const role = {
    ...{ ...own, trust: { Version, Statement: [trusted] } },
    policies: [...own.policies, { name: 'Changes', document: { Version, Statement } }],
  };
  broker.deploy(role);
  const Code = { S3Bucket: 'assets', S3Key: 'tell.zip' };
  const folder = codeFolder(home, Code);
  mkdirSync(folder, { recursive: true });
  await bundle(folder);
  const resource = { stack: 'dev/tiny', logicalId: 'X', physicalId: 'tell' };
  const FEED = JSON.stringify({ pipeline: 'tiny', feed: 'telling', topics: { words: topic } });
  mkdirSync(join(home.services, name, 'data'), { recursive: true });
  writeFeed(home, name, {
    tells: {
      ...{ ...resource, type: 'AWS::Lambda::Function' },
      attributes: { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:tell' },
      properties: {
        ...{ Runtime: 'nodejs24.x', Handler: 'index.handler', Role: role.arn, Timeout: 120, MemorySize: 256, Code },
        Environment: { Variables: { FEED, BOOTSTRAP_SERVERS: broker.iamServers } },
      },
    },
    mapping: {
      ...{ ...resource, type: 'AWS::Lambda::EventSourceMapping', attributes: {} },
      properties: {
        ...{ FunctionName: 'tell', EventSourceArn: streamArn, BatchSize: 100 },
        ...{ MaximumRetryAttempts: 1, MaximumRecordAgeInSeconds: 3_600 },
        DestinationConfig: { OnFailure: { Destination: QUEUE } },
      },
    },
  });
  const port = await nextFreePort(19_770, new Set());
  program = spawn(process.execPath, [...typescriptOptions, PROGRAM, home.root, name, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}, 300_000);

afterAll(async () => {
  if (program?.exitCode === null) {
    program.kill('SIGKILL');
    await once(program, 'exit');
  }
  await broker.stop();
}, 60_000);

let number = 0;
async function put(id: string, word: string): Promise<void> {
  number += 1;
  const Item = { id: { S: id }, number: { N: String(number) }, word: { S: word } };
  await askDynamodb(dynamodbUrl(broker.home), 'PutItem', { TableName: table, Item });
}

/** The records of the topic, by their keys in order. */
async function told(): Promise<string[]> {
  const reader = new KafkaReader(broker.plainServers);
  await reader.connect();
  try {
    const found: string[] = [];
    const range = await reader.range(topic);
    await reader.read(topic, range, ({ key, value }) => void found.push(`${key} ${value}`));
    return found.sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  } finally {
    await reader.close();
  }
}

test('what changes is on the topic, once and under its key, also what changed behind something at which the code fails', async () => {
  await put('a', 'one');
  await put('b', 'quiet');
  await put('a', 'two');
  await put('b', 'poison');
  await put('b', 'three');
  await expect
    .poll(told, { timeout: 120_000, interval: 1_000 })
    .toEqual([
      'a 1 {"word":"one","before":null}',
      'a 3 {"word":"two","before":"one"}',
      'b 5 {"word":"three","before":"poison"}',
    ]);
  expect(readText(givenUpFile(broker.home, name))?.trim().split('\n')).toHaveLength(1);
}, 180_000);

test('hundreds of changes are each told once', async () => {
  for (let at = 0; at < 300; at += 1) await put(`m-${at % 50}`, `word ${at}`);
  await expect.poll(async () => (await told()).length, { timeout: 120_000, interval: 1_000 }).toBe(303);
  const keys = (await told()).map((line) => line.split(' ').slice(0, 2).join(' '));
  expect(new Set(keys).size).toBe(303);
}, 240_000);
