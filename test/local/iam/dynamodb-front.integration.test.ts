/** DynamoDB as a job reaches it in strict runs, by AWS's own client: what role and endpoint allow is done in DynamoDB Local, all else is refused as DynamoDB refuses it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as aws from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { Account } from '../../../local/iam/decide.ts';
import { dynamodbFront } from '../../../local/iam/dynamodb-front.ts';
import { askDynamodb, dynamodbUrl } from '../../../local/services/dynamodb.ts';

const credentials = { accessKeyId: 'ASIAFRONT', secretAccessKey: 'secret', sessionToken: 'a/+=' };
const arn = 'arn:aws:iam::123456789012:role/writer';
const region = 'eu-west-1';
const table = 'words-of-front-test';
const tableArn = (name: string) => `arn:aws:dynamodb:${region}:123456789012:table/${name}`;
const everything = { Effect: 'Allow', Principal: '*', Action: 'dynamodb:*', Resource: '*' };

const url = dynamodbUrl(millraceHome(inject('home')));
let server: Server;
let account: Account;

/** What is deployed: what the role may do to the one table, and what passes the endpoint. */
function deploy(actions: readonly string[] = ['PutItem', 'Scan', 'BatchGetItem'], endpoint: object = everything) {
  const policy = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });
  const Action = actions.map((action) => `dynamodb:${action}`);
  const own = policy({ Effect: 'Allow', Action, Resource: tableArn(table) });
  const trust = policy({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'emr-serverless.amazonaws.com' },
  });
  const role = { arn, name: 'writer', stack: 'dev/tiny', logicalId: 'Writer', job: 'tiny/write', ...credentials };
  account = new Account({
    roles: [{ ...role, trust, policies: [{ name: 'Own', document: own }] }],
    resources: [],
    endpoints: [{ service: 'dynamodb', policy: policy(endpoint) }],
  });
}

function connect(changes: Partial<typeof credentials> = {}) {
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return new aws.DynamoDBClient({ endpoint, region, maxAttempts: 1, credentials: { ...credentials, ...changes } });
}

/** The error that a request ends with: status, name and words. */
const errorOf = (request: Promise<unknown>) =>
  request.then(
    () => 'none',
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`,
  );

const put = (word: string, TableName = table, client = connect()) =>
  client.send(new aws.PutItemCommand({ TableName, Item: { word: { S: word } } }));
const words = async () => {
  const { Items = [] } = (await askDynamodb(url, 'Scan', { TableName: table })) as {
    Items?: { word: { S: string } }[];
  };
  return Items.map(({ word }) => word.S).sort();
};

beforeAll(async () => {
  const front = dynamodbFront({
    signer: (accessKeyId) => account.roles.find((role) => role.accessKeyId === accessKeyId),
    decide: (request) => account.decide(request),
    server: () => url,
  });
  server = createServer(front).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  deploy();
  await askDynamodb(url, 'DeleteTable', { TableName: table }).catch(() => {});
  await askDynamodb(url, 'CreateTable', {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'word', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'word', AttributeType: 'S' }],
  });
});

describe('what a role may do', () => {
  test("is done, by the name of the table or its ARN, and answered in DynamoDB's words", async () => {
    await put('mill');
    await put('race', tableArn(table));
    expect(await words()).toEqual(['mill', 'race']);
    const { Count } = await connect().send(new aws.ScanCommand({ TableName: table }));
    expect(Count).toBe(2);
    const Keys = [{ word: { S: 'mill' } }];
    const { Responses } = await connect().send(new aws.BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
    expect(Responses?.[table]).toEqual([{ word: { S: 'mill' } }]);
    expect(await errorOf(put(''))).toMatch(/^400 ValidationException: One or more parameter values are not valid/);
  });
});

describe('what is refused, and changes nothing', () => {
  test.each([
    [
      'another action',
      () => connect().send(new aws.DeleteItemCommand({ TableName: table, Key: { word: { S: 'a' } } })),
    ],
    ['another table', () => put('a', `${table}-2`)],
    ['a table of another Region', () => put('a', tableArn(table).replace(region, 'us-east-1'))],
    [
      'one of several tables',
      () => {
        const Keys = [{ word: { S: 'a' } }];
        const RequestItems = { [table]: { Keys }, [`${table}-2`]: { Keys } };
        return connect().send(new aws.BatchGetItemCommand({ RequestItems }));
      },
    ],
  ] satisfies [string, () => Promise<unknown>][])('%s', async (_what, request) => {
    expect(await errorOf(request())).toMatch(/^400 AccessDeniedException: writer may not dynamodb:\w+ on /);
    expect(await words()).toEqual([]);
  });

  test('what the endpoint does not let through', async () => {
    deploy(undefined, { ...everything, Resource: tableArn('millrace-dev-*') });
    expect(await errorOf(put('a'))).toContain('no statement of the policy of the dynamodb endpoint allows it');
    expect(await words()).toEqual([]);
  });

  test.each([
    [{ secretAccessKey: 'other' }, '400 InvalidSignatureException'],
    [{ sessionToken: 'other' }, '400 UnrecognizedClientException'],
    [{ accessKeyId: 'OTHER' }, '400 UnrecognizedClientException'],
  ])('who signs with %o', async (changes, told) => {
    expect(await errorOf(put('a', table, connect(changes)))).toContain(told);
    expect(await words()).toEqual([]);
  });

  test('an operation of which nobody has said what it asks for', async () => {
    expect(await errorOf(connect().send(new aws.ListTablesCommand({})))).toContain('400 UnknownOperationException');
  });
});
