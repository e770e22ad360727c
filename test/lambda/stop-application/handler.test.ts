/** When the handler stops what, by the events that CloudFormation sends, against a server that answers for AWS. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { onEvent } from '../../../lambda/stop-application/handler.ts';

const calls: string[] = [];
let parameter: string | undefined = '00app';
/** Runs of the application, which is started while it has some or is asked to stop. */
let runs: { id: string; state: string }[] = [];
let state = 'STOPPED';
/** Why a run is not cancelled. */
let refusal: string | undefined;
let server: Server;

beforeEach(async () => {
  calls.length = 0;
  server = createServer((request, response) => {
    const target = request.headers['x-amz-target'];
    calls.push(target === undefined ? `${request.method} ${request.url}` : String(target));
    if (request.method === 'DELETE' && refusal !== undefined) {
      response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': refusal }).end('{}');
      return;
    }
    const found = target === undefined || parameter !== undefined;
    response.writeHead(found ? 200 : 400, { 'content-type': 'application/json' });
    const [path] = String(request.url).split('?');
    if (path?.endsWith('/stop')) state = 'STOPPED';
    const ofApplication = path?.endsWith('/jobruns') ? { jobRuns: runs } : { application: { state } };
    const answer = target === undefined ? ofApplication : { Parameter: { Value: parameter } };
    if (request.method === 'DELETE') runs = [];
    response.end(JSON.stringify(found ? answer : { __type: 'ParameterNotFound' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ENDPOINT_URL_EMR_SERVERLESS', url);
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  parameter = '00app';
  runs = [];
  state = 'STOPPED';
  refusal = undefined;
  await new Promise((resolve) => server.close(resolve));
});

const beforeUpdate = { Phase: 'update', ApplicationParameter: '/millrace/applications/test', Settings: '{}' };
const beforeDelete = { Phase: 'delete', ApplicationId: '00app' };
const send = (RequestType: 'Create' | 'Update' | 'Delete', ResourceProperties: object, PhysicalResourceId?: string) =>
  onEvent({ RequestType, ResourceProperties: { ...ResourceProperties }, PhysicalResourceId });

test.each([
  ['Create', beforeUpdate],
  ['Delete', beforeUpdate],
  ['Create', beforeDelete],
  ['Update', beforeDelete],
] as const)('%s of the other phase calls nothing', async (type, properties) => {
  await send(type, properties);
  expect(calls).toEqual([]);
});

test('before an Update it stops the application that the parameter names', async () => {
  expect(await send('Update', beforeUpdate)).toEqual({ PhysicalResourceId: 'stopped-before-update' });
  expect(calls).toEqual(['AmazonSSM.GetParameter', 'GET /applications/00app']);
});

test('before an Update without a parameter there is nothing to stop', async () => {
  parameter = undefined;
  await send('Update', beforeUpdate);
  expect(calls).toEqual(['AmazonSSM.GetParameter']);
});

test('before its deletion it stops the application that it was given, under the same physical id', async () => {
  const id = 'stopped-before-delete/00app';
  expect((await send('Create', beforeDelete)).PhysicalResourceId).toBe(id);
  expect(await send('Delete', beforeDelete, id)).toEqual({ PhysicalResourceId: id });
  expect(calls).toEqual(['GET /applications/00app']);
});

test('its runs are cancelled first, whatever state they are in but those that end already', async () => {
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void) => setImmediate(done)) as never);
  onTestFinished(() => void vi.restoreAllMocks());
  state = 'STARTED';
  runs = [
    { id: 'ending', state: 'CANCELLING' },
    { id: 'running', state: 'RUNNING' },
  ];
  await send('Delete', beforeDelete, 'as-before');
  const [, listed, ...rest] = calls;
  const states = new URL(`http://aws${listed?.split(' ')[1]}`).searchParams.getAll('states');
  expect(states).toEqual(['SUBMITTED', 'PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'CANCELLING']);
  expect(rest.map((call) => call.split('?')[0])).toEqual([
    'DELETE /applications/00app/jobruns/running',
    'GET /applications/00app',
    'GET /applications/00app/jobruns',
    'POST /applications/00app/stop',
    'GET /applications/00app',
  ]);
});

test.each([
  ['ValidationException', /Application 00app is still STARTED with 1 job runs after 13 minutes/],
  ['AccessDeniedException', /AccessDenied|UnknownError|Unknown/],
])(
  'a run that is not cancelled for a %s is waited for as long as the function runs, or fails it',
  async (name, told) => {
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void) => setImmediate(done)) as never);
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
    onTestFinished(() => void vi.restoreAllMocks());
    [state, refusal, runs] = ['STARTED', name, [{ id: 'running', state: 'RUNNING' }]];
    await expect(send('Delete', beforeDelete, 'as-before')).rejects.toThrow(told);
  },
);

test('another application is another physical id', async () => {
  const { PhysicalResourceId } = await send('Update', { ...beforeDelete, ApplicationId: '00other' }, 'before');
  expect(PhysicalResourceId).toBe('stopped-before-delete/00other');
});
