/** The decision service as a process, asked over HTTP as the broker asks it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { type AccessFile, tokenOf, writeAccess } from '../../../local/iam/access.ts';
import { readDecisions } from '../../../local/iam/decision-log.ts';
import { iam } from '../../../local/services/iam.ts';
import { nextFreePort } from '../../../local/services/ports.ts';

const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
const key = 'ASIACOUNT';
let service: ChildProcess;
let url = '';

const accessTo = (bucket: string): AccessFile => {
  const policy = (statement: object) => ({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } });
  const role = {
    arn: 'arn:aws:iam::000000000000:role/count',
    name: 'count',
    stack: 'dev/tiny',
    logicalId: 'Role',
    accessKeyId: key,
    secretAccessKey: 'secret',
    sessionToken: 'session',
    trust: policy({ Action: 'sts:AssumeRole', Principal: { Service: 'emr-serverless.amazonaws.com' } }),
    policies: [
      {
        name: 'P',
        document: policy({
          Action: 's3:ListBucket',
          Resource: `arn:aws:s3:::${bucket}`,
          Condition: { StringLike: { 's3:prefix': 'input/*' } },
        }),
      },
    ],
  };
  return { roles: [role], resources: [], endpoints: [] };
};

beforeAll(async () => {
  writeAccess(home, accessTo('data'));
  // Any free port for what stands for S3.
  const ports = {
    decisions: await nextFreePort(20_000 + Math.floor(Math.random() * 10_000), new Set()),
    s3: 0,
    dynamodb: 0,
  };
  const allPorts = { iam: ports, kafka: {}, registry: {}, s3: {}, postgres: {}, dynamodb: {} };
  const { program, arguments: words } = iam.command({
    home,
    folder: '',
    data: '',
    scratch: '',
    ports,
    allPorts,
    toolchain: {} as never,
  });
  service = spawn(program, words, { stdio: 'ignore' });
  url = iam.address(ports).url ?? '';
  for (let works = false; !works; await sleep(50))
    works = await iam.probe(ports).then(
      () => true,
      () => false,
    );
});
afterAll(async () => {
  service.kill();
  await once(service, 'exit');
  rmSync(home.root, { recursive: true });
});

async function ask(path: string, body?: unknown, token = tokenOf(home)) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const listing = (prefix: string, more = {}) => ({
  accessKeyId: key,
  action: 's3:ListBucket',
  resource: 'arn:aws:s3:::data',
  context: { 's3:prefix': prefix },
  ...more,
});

test('decides what an access key may do, and says why not', async () => {
  expect((await ask('/decide', listing('input/a'))).body).toEqual({ allowed: true, reason: 'allowed' });
  const { body } = await ask('/decide', listing('other'));
  expect(body.allowed).toBe(false);
  expect(body.reason).toContain(
    'count may not s3:ListBucket on arn:aws:s3:::data: no statement of P allows it (only where',
  );
  expect((await ask('/decide', listing('input/a', { accessKeyId: 'ASIANOBODY' }))).body.allowed).toBe(false);
});

test('notes what it decided, but no quiet denial', async () => {
  await ask('/decide', { ...listing('a'), action: 's3:PutObject', quiet: true });
  await ask('/decide', { ...listing('a'), action: 's3:DeleteObject' });
  const noted = readDecisions(home).map(({ action, allowed }) => `${action} ${allowed}`);
  expect(noted).toContain('s3:ListBucket true');
  expect(noted).toContain('s3:DeleteObject false');
  expect(noted).not.toContain('s3:PutObject false');
});

test('gives the secret of a key to who has to verify signatures', async () => {
  const role = 'arn:aws:iam::000000000000:role/count';
  expect((await ask(`/keys/${key}`)).body).toEqual({ secretAccessKey: 'secret', sessionToken: 'session', role });
  expect((await ask('/keys/ASIANOBODY')).status).toBe(404);
});

test('answers nobody without the token, and nothing that it does not understand', async () => {
  expect((await ask(`/keys/${key}`, undefined, 'guess')).status).toBe(401);
  expect((await ask('/decide', listing('input/a'), '')).status).toBe(401);
  const asLong = tokenOf(home).replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
  expect((await ask(`/keys/${key}`, undefined, asLong)).status).toBe(401);
  for (const body of [{}, listing('a', { resource: 7 }), listing('a', { context: { 's3:prefix': 7 } }), 'text']) {
    expect((await ask('/decide', body)).status).toBe(400);
  }
  expect((await ask('/roles')).status).toBe(400);
});

test('decides by what is deployed now', async () => {
  writeAccess(home, accessTo('elsewhere'));
  expect((await ask('/decide', listing('input/a'))).body.allowed).toBe(false);
});
