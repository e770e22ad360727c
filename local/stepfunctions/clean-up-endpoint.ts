/**
 * The AWS calls of the bundled clean-up function, served on loopback while a clean-up runs: three of EMR Serverless
 * (REST JSON) and one of DynamoDB (JSON 1.0), backed by the same job runs and lock as the tasks of the state machine.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../tools/errors.mjs';
import { cancel, list, summarize } from '../emr/emr-serverless.ts';
import type { JobRuns } from '../emr/job-runs.ts';
import { type Asked, callsBeside } from '../iam/calls.ts';
import type { DecisionPoint } from '../iam/decision-point.ts';
import { type Json, type JsonObject, object, type Task, TaskError, text as textOf } from './task.ts';

export interface CleanUpEndpoint {
  /** For `AWS_ENDPOINT_URL_EMR_SERVERLESS` and `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface CleanUpServices {
  readonly point: Pick<DecisionPoint, 'decide' | 'roleOfKey'>;
  readonly jobRuns: JobRuns;
  /** The task of the state machine. */
  readonly deleteItem: Task;
  /** The value of the partition key in a key of a table. */
  readonly partitionKey: (table: string, key: JsonObject) => string;
  /** An ARN in the Region and account of what is cleaned up. */
  readonly near: string;
}

/** Starts the endpoint. Whoever asks is the role whose access key signed the request. */
export async function startCleanUpEndpoint(services: CleanUpServices): Promise<CleanUpEndpoint> {
  const server = createServer((request, response) => {
    answer(request, services).then(
      (body) => send(response, 200, body),
      (error: unknown) => refuse(response, error),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, services: CleanUpServices): Promise<Json> {
  const { jobRuns, deleteItem, partitionKey } = services;
  const calls = callsBeside(services.near);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const body = await text(request);
  const target = request.headers['x-amz-target'];
  if (request.method === 'POST' && target === 'DynamoDB_20120810.DeleteItem') {
    const parameters = JSON.parse(body) as JsonObject;
    const table = textOf(parameters, 'TableName');
    decide(request, services, calls.item('DeleteItem', table, partitionKey(table, object(parameters, 'Key'))));
    return deleteItem(parameters, new AbortController().signal);
  }
  const [, collection, application = '', runs, id, ...rest] = url.pathname.split('/');
  if (collection !== 'applications' || runs !== 'jobruns' || rest.length > 0) throw unknown(request);
  if (id === undefined || id === '') {
    if (request.method !== 'GET') throw unknown(request);
    decide(request, services, calls.listJobRuns(application));
    return restForm({ JobRuns: list(jobRuns, url.searchParams.getAll('states')).map(summarize) });
  }
  if (request.method !== 'DELETE') throw unknown(request);
  const run = jobRuns.get(decodeURIComponent(id));
  decide(request, services, calls.jobRun('CancelJobRun', application, id, run?.request.tags ?? {}));
  if (!run) throw new TaskError('ResourceNotFoundException', `Job run ${id} does not exist.`);
  cancel(jobRuns, run, url.searchParams.get('shutdownGracePeriodInSeconds') ?? undefined);
  return restForm({ ApplicationId: run.request.applicationId, JobRunId: run.id });
}

function decide({ headers }: IncomingMessage, { point }: CleanUpServices, asked: Asked): void {
  const [, key = 'none'] = /Credential=([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const role = point.roleOfKey(key);
  if (!role) throw new TaskError('UnrecognizedClientException', `No role has the access key ${key}.`);
  const { allowed, reason } = point.decide({ ...asked, principal: role.arn });
  if (!allowed) throw new TaskError('AccessDeniedException', reason);
}

function unknown({ method, url }: IncomingMessage): TaskError {
  return new TaskError('ValidationException', `${method} ${url} is not served on this machine.`);
}

/** Step Functions writes names with a capital and times as texts; the service's own protocol writes neither. */
function restForm(value: Json): Json {
  if (Array.isArray(value)) return value.map(restForm);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name.charAt(0).toLowerCase() + name.slice(1),
    name.endsWith('At') ? Date.parse(String(member)) / 1000 : restForm(member),
  ]);
  return Object.fromEntries(members);
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof TaskError;
  const name = known ? error.name.replace(/^.*\./, '') : 'InternalServerException';
  response.setHeader('x-amzn-errortype', name);
  send(response, known ? 400 : 500, { __type: name, message: messageOf(error) });
}

function send(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
