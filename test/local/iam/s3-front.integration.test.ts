/** S3 as a job reaches it, by AWS's own client: what role, bucket and endpoint allow is done on plain files, all else is refused as S3 refuses it. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as aws from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { Account } from '../../../local/iam/decide.ts';
import { s3Front } from '../../../local/iam/s3-front.ts';
import { signatureOf } from '../../../local/iam/s3-signature.ts';
import { s3ServerOf } from '../../../local/services/s3.ts';

const bucket = 'data-of-front-test';
const credentials = { accessKeyId: 'ASIAFRONT', secretAccessKey: 'secret', sessionToken: 'a/+=' };
const arn = 'arn:aws:iam::123456789012:role/writer';
const objects = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'];
const everything = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };

const home = millraceHome(inject('home'));
const folder = join(home.buckets, bucket);
let server: Server;
let client: aws.S3Client;
let account: Account;
let counted: string[] = [];

interface Policies {
  /** Actions that the role has on objects below `mine/`. */
  readonly actions?: readonly string[];
  /** What it may list. */
  readonly listed?: readonly string[];
  readonly endpoint?: object;
  readonly ofBucket?: readonly object[];
}

/** What is deployed; everything that a writer of the folder `mine` needs, unless something is said. */
function deploy({
  actions = objects,
  listed = ['mine', 'mine/*'],
  endpoint = everything,
  ofBucket = [],
}: Policies = {}) {
  const policy = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });
  const own = policy(
    { Effect: 'Allow', Action: actions, Resource: `arn:aws:s3:::${bucket}/mine/*` },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${bucket}`,
      Condition: { StringLike: { 's3:prefix': listed } },
    },
  );
  const role = { arn, name: 'writer', stack: 'dev/tiny', logicalId: 'Writer', job: 'tiny/write', ...credentials };
  const trust = policy({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'emr-serverless.amazonaws.com' },
  });
  account = new Account({
    roles: [{ ...role, trust, policies: [{ name: 'Own', document: own }] }],
    resources: ofBucket.length === 0 ? [] : [{ arn: `arn:aws:s3:::${bucket}`, policy: policy(...ofBucket) }],
    endpoints: [{ service: 's3', policy: policy(endpoint) }],
  });
}

/** The error that a request ends with: code and message. */
const errorOf = (request: Promise<unknown>) =>
  request.then(
    () => 'none',
    (error: Error & { $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`,
  );

const put = (Key: string, Body = 'text') =>
  client.send(new aws.PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength: Body.length }));
const get = (Key: string) => client.send(new aws.GetObjectCommand({ Bucket: bucket, Key }));
const head = (Key: string) => client.send(new aws.HeadObjectCommand({ Bucket: bucket, Key }));
const remove = (Key: string) => client.send(new aws.DeleteObjectCommand({ Bucket: bucket, Key }));
const list = (Prefix: string) => client.send(new aws.ListObjectsV2Command({ Bucket: bucket, Prefix, Delimiter: '/' }));
const copy = (from: string, Key: string) =>
  client.send(new aws.CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/${from}` }));

function connect(changes: Partial<typeof credentials> = {}) {
  const { port } = server.address() as AddressInfo;
  return new aws.S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { ...credentials, ...changes },
  });
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const front = s3Front({
    signer: (accessKeyId) => account.roles.find((role) => role.accessKeyId === accessKeyId),
    decide: (request) => account.decide(request),
    count: (_, operation) => counted.push(operation),
    server: () => s3ServerOf(home),
  });
  server = createServer(front).on('checkContinue', front).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  client = connect();
});
afterAll(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  deploy();
  counted = [];
});

describe('what a role may do', () => {
  test('is done on files that keep their names, and counted by operation', async () => {
    await put('mine/a b/ä=1.txt', 'first');
    expect(readFileSync(join(folder, 'mine', 'a b', 'ä=1.txt'), 'utf8')).toBe('first');
    await copy('mine/a%20b/%C3%A4%3D1.txt', 'mine/copy.txt');
    expect(await (await get('mine/copy.txt')).Body?.transformToString()).toBe('first');
    expect((await head('mine/copy.txt')).ContentLength).toBe(5);
    const { Contents = [], CommonPrefixes = [] } = await list('mine/');
    expect([...Contents, ...CommonPrefixes]).toMatchObject([{ Key: 'mine/copy.txt' }, { Prefix: 'mine/a b/' }]);
    await remove('mine/a b/ä=1.txt');
    expect(existsSync(join(folder, 'mine', 'a b'))).toBe(false);
    expect(counted).toEqual(['PutObject', 'CopyObject', 'GetObject', 'HeadObject', 'ListObjectsV2', 'DeleteObject']);
  });

  test('is seen by who reads the folder, and what the deployment put there is seen by who reads S3', async () => {
    mkdirSync(join(folder, 'mine'), { recursive: true });
    writeFileSync(join(folder, 'mine', 'plain.txt'), 'plain');
    expect(await (await get('mine/plain.txt')).Body?.transformToString()).toBe('plain');
    expect((await list('mine/plain')).Contents).toMatchObject([{ Key: 'mine/plain.txt', Size: 5 }]);
  });

  test('is a folder that holds nothing, as S3A makes it: an object whose name ends with a slash', async () => {
    await put('mine/empty/', '');
    expect(await list('mine/empty/')).toMatchObject({ KeyCount: 1, Contents: [{ Key: 'mine/empty/', Size: 0 }] });
    expect((await list('mine/none/')).KeyCount).toBe(0);
    const all = await client.send(new aws.ListObjectsV2Command({ Bucket: bucket, Prefix: 'mine/' }));
    const listed = all.Contents?.find(({ Key }) => Key === 'mine/empty/');
    expect(listed).toMatchObject({ Size: 0, LastModified: expect.any(Date) });
    await put('mine/empty/x.txt');
    expect((await list('mine/empty/')).Contents).toMatchObject([{ Key: 'mine/empty/' }, { Key: 'mine/empty/x.txt' }]);
    await remove('mine/empty/x.txt');
    expect((await list('mine/empty/')).KeyCount).toBe(1);
    await remove('mine/empty/');
    expect((await list('mine/empty/')).KeyCount).toBe(0);
  });

  test('is a file of which S3A asks whether it is a folder, before it writes another in its place', async () => {
    await put('mine/rules.json');
    expect(await list('mine/rules.json/')).toMatchObject({ KeyCount: 0 });
    expect((await list('mine/rules.json/')).Contents).toBeUndefined();
  });

  test('is to delete a folder with all that it holds, in any order', async () => {
    const keys = ['mine/a/', 'mine/a/b/', 'mine/a/b/x.txt', 'mine/a/y.txt'];
    for (const key of keys) await put(key, '');
    const Objects = keys.map((Key) => ({ Key }));
    const answer = await client.send(
      new aws.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    expect(answer.Errors ?? []).toEqual([]);
    expect(existsSync(join(folder, 'mine', 'a'))).toBe(false);
  });

  test('is an upload in parts, whose parts are put as objects are', async () => {
    const target = { Bucket: bucket, Key: 'mine/large.bin' };
    const { UploadId } = await client.send(new aws.CreateMultipartUploadCommand(target));
    const Body = Buffer.alloc(5 * 1024 * 1024, 'x');
    const { ETag } = await client.send(new aws.UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await client.send(new aws.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
    expect((await head('mine/large.bin')).ContentLength).toBe(Body.length);
    const again = await client.send(new aws.CreateMultipartUploadCommand(target));
    const abort = () => client.send(new aws.AbortMultipartUploadCommand({ ...target, UploadId: again.UploadId }));
    deploy({ actions: objects.filter((action) => !action.startsWith('s3:Abort')) });
    expect(await errorOf(abort())).toContain('writer may not s3:AbortMultipartUpload on');
    deploy();
    expect(await errorOf(abort())).toBe('none');
  });
});

describe('without one right', () => {
  test.each([
    ['s3:GetObject', 'mine/x.txt', () => get('mine/x.txt')],
    ['s3:PutObject', 'mine/y.txt', () => put('mine/y.txt')],
    ['s3:DeleteObject', 'mine/x.txt', () => remove('mine/x.txt')],
    ['s3:GetObject', 'mine/x.txt', () => copy('mine/x.txt', 'mine/y.txt')],
    ['s3:PutObject', 'mine/y.txt', () => copy('mine/x.txt', 'mine/y.txt')],
  ])(
    'to %s, a request for %s is refused in words that name role, action and resource',
    async (action, key, request) => {
      await put('mine/x.txt');
      deploy({ actions: objects.filter((other) => other !== action) });
      const error = await errorOf(request());
      expect(error).toContain(`403 AccessDenied: writer may not ${action} on arn:aws:s3:::${bucket}/${key}`);
      expect(existsSync(join(folder, 'mine', 'x.txt'))).toBe(true);
      expect(existsSync(join(folder, 'mine', 'y.txt'))).toBe(false);
    },
  );

  test('to list below a prefix, another one is refused, and so is the whole bucket', async () => {
    expect(await errorOf(list('mine/'))).toBe('none');
    expect(await errorOf(list('theirs/'))).toContain(`writer may not s3:ListBucket on arn:aws:s3:::${bucket}`);
    expect(await errorOf(client.send(new aws.ListObjectsV2Command({ Bucket: bucket })))).toContain('403 AccessDenied');
  });

  test('to list, nobody is told that an object is not there', async () => {
    expect(await errorOf(get('mine/none'))).toContain('404 NoSuchKey');
    expect(await errorOf(head('mine/none'))).toContain('404');
    deploy({ listed: ['other'] });
    expect(await errorOf(get('mine/none'))).toContain('403 AccessDenied: writer may not s3:ListBucket');
    expect(await errorOf(head('mine/none'))).toContain('403');
  });

  test('for some of many objects, the others are deleted', async () => {
    await put('mine/1&2.txt');
    writeFileSync(join(folder, 'theirs.txt'), 'theirs');
    const Objects = [{ Key: 'mine/1&2.txt' }, { Key: 'theirs.txt' }];
    const answer = await client.send(new aws.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(answer.Deleted).toMatchObject([{ Key: 'mine/1&2.txt' }]);
    expect(answer.Errors).toMatchObject([{ Key: 'theirs.txt', Code: 'AccessDenied' }]);
    expect(existsSync(join(folder, 'mine', '1&2.txt'))).toBe(false);
    expect(existsSync(join(folder, 'theirs.txt'))).toBe(true);
  });
});

test('what the endpoint does not let through, or the bucket denies, is refused whatever the role may do', async () => {
  const get = { ...everything, Action: 's3:GetObject' };
  deploy({ endpoint: get });
  expect(await errorOf(put('mine/x.txt'))).toContain('403 AccessDenied: writer may not s3:PutObject');
  const deny = { ...everything, Effect: 'Deny', Action: 's3:PutObject', Sid: 'NoWriting' };
  deploy({ ofBucket: [deny] });
  expect(await errorOf(put('mine/x.txt'))).toMatch(/403 AccessDenied: .*NoWriting/);
  const plain = { ...everything, Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
  deploy({ ofBucket: [plain] });
  expect(await errorOf(put('mine/x.txt'))).toBe('none');
});

test('who is not known, or cannot sign, is refused before anything is decided', async () => {
  const failing = async (changes: Partial<typeof credentials>) =>
    errorOf(connect(changes).send(new aws.ListObjectsV2Command({ Bucket: bucket })));
  expect(await failing({ accessKeyId: 'ASIAOTHER' })).toContain('403 InvalidAccessKeyId');
  expect(await failing({ secretAccessKey: 'other' })).toContain('403 SignatureDoesNotMatch');
  expect(await failing({ sessionToken: 'other' })).toContain('400 InvalidToken');
  const { port } = server.address() as AddressInfo;
  expect((await fetch(`http://127.0.0.1:${port}/${bucket}`)).status).toBe(403);
  const kept = `http://127.0.0.1:${s3ServerOf(home).port}`;
  for (const path of ['', `/${bucket}`, `/0/${bucket}`]) expect((await fetch(`${kept}${path}`)).status, path).toBe(404);
  expect(counted).toEqual([]);
});

test('what jobs never ask for is refused', async () => {
  const object = { Bucket: bucket, Key: 'mine/x.txt' };
  const acl = client.send(new aws.GetObjectAclCommand(object));
  expect(await errorOf(acl)).toContain('501 NotImplemented');
  const tagged = client.send(new aws.PutObjectCommand({ ...object, Body: 'x', ContentLength: 1, Tagging: 'a=b' }));
  expect(await errorOf(tagged)).toContain('501 NotImplemented');
  const version = { ...object, CopySource: `${bucket}/mine/x.txt?versionId=1` };
  expect(await errorOf(client.send(new aws.CopyObjectCommand(version)))).toContain('501 NotImplemented');
  expect(counted).toEqual(['other', 'other', 'other']);
});

describe('what a server of files would read otherwise than S3 does is refused', () => {
  const key = (path: string) => `/${bucket}/${path}`;
  beforeEach(() => writeFileSync(join(folder, 'theirs.txt'), 'theirs'));

  /** A request whose address and body are sent as they are written here. */
  async function ask(method: string, target: string, { body = '', headers = {} as Record<string, string> } = {}) {
    const { port } = server.address() as AddressInfo;
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const all = {
      host: `127.0.0.1:${port}`,
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-date': date,
      'x-amz-security-token': credentials.sessionToken,
      ...headers,
    };
    const signedHeaders = Object.keys(all).sort().join(';');
    const signature = signatureOf({ method, target, headers: all }, { scope, signedHeaders }, credentials);
    const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    const asked = request({
      port,
      method,
      path: target,
      headers: { ...all, authorization, 'content-length': Buffer.byteLength(body) },
    });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, body: await text(answer) };
  }

  test.each([
    ['GET', 'mine/../theirs.txt'],
    ['GET', 'mine/%2e%2e/theirs.txt'],
    ['GET', 'mine/..%2ftheirs.txt'],
    ['GET', 'mine/./x.txt'],
    ['GET', 'mine//x.txt'],
    ['PUT', 'mine/../planted.txt'],
    ['DELETE', 'mine/../theirs.txt'],
  ])('%s %s', async (method, path) => {
    expect((await ask(method, key(path))).status).toBe(501);
    expect(existsSync(join(folder, 'theirs.txt'))).toBe(true);
    expect(existsSync(join(folder, 'planted.txt'))).toBe(false);
  });

  test.each(['mine/../theirs.txt', 'mine/%2e%2e/theirs.txt'])('a copy of %s', async (source) => {
    const headers = { 'x-amz-copy-source': key(source) };
    expect((await ask('PUT', key('mine/stolen.txt'), { headers })).status).toBe(501);
    expect(existsSync(join(folder, 'mine', 'stolen.txt'))).toBe(false);
  });

  test('a parameter that is there twice, of which the server takes the first', async () => {
    const { status, body } = await ask('GET', `/${bucket}?list-type=2&prefix=&prefix=mine/`);
    expect(status).toBe(501);
    expect(body).not.toContain('theirs.txt');
  });

  test('the name of an upload that leads elsewhere', async () => {
    const target = `${key('mine/x.txt')}?partNumber=1&uploadId=..%2f..%2fx`;
    expect((await ask('PUT', target, { body: 'part' })).status).toBe(501);
  });

  test.each([
    '<Object><Key>mine/x</Key><Key>theirs.txt</Key></Object>',
    '<Object><!--<Key>mine/x</Key>--><Key>theirs.txt</Key></Object>',
    '<Object><Key>mine/x</Key></Object><Object><Key><![CDATA[theirs.txt]]></Key></Object>',
    '<Object><Key>mine/../theirs.txt</Key></Object>',
  ])('deleting %s', async (objects) => {
    const { status, body } = await ask('POST', `/${bucket}?delete`, { body: `<Delete>${objects}</Delete>` });
    expect(status).toBe(400);
    expect(body).toContain('MalformedXML');
    expect(existsSync(join(folder, 'theirs.txt'))).toBe(true);
  });

  test.each(['mine/a%00b', 'mine/..;a/x', 'mine/%'])(
    'the server’s path is told to nobody who asks for %s',
    async (path) => {
      const { status, body } = await ask('GET', key(path)).catch((error) => ({ status: 0, body: String(error) }));
      expect(status).not.toBe(200);
      expect(body).not.toContain(s3ServerOf(home).path);
    },
  );
});
