/** The endpoint of the clean-up function, asked by the AWS clients that the function uses, and by the function itself with a grant removed. */
import { ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CancelJobRunCommand,
  EMRServerlessClient,
  ListJobRunsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../../lambda/clean-up/handler.ts';
import { Account } from '../../../local/iam/decide.ts';
import { type CleanUpEndpoint, startCleanUpEndpoint } from '../../../local/stepfunctions/clean-up-endpoint.ts';
import { type JsonObject, TaskError } from '../../../local/stepfunctions/task.ts';
import { fakeJobRuns, fakeRequest } from '../emr/fake-job.ts';

const beside = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;
const execution = beside('states', 'execution:readings:one');
const tags = { 'millrace:pipeline': 'readings' };
const ours = { StringEquals: { 'aws:ResourceTag/millrace:pipeline': 'readings' } };
const applications = beside('emr-serverless', '/applications/app');

/** What the construct grants the clean-up of a pipeline. */
const grants: Readonly<Record<string, object>> = {
  'emr-serverless:ListJobRuns': { Resource: applications },
  'emr-serverless:CancelJobRun': { Resource: `${applications}/jobruns/*`, Condition: ours },
  'dynamodb:DeleteItem': {
    Resource: beside('dynamodb', 'table/locks'),
    Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['readings'] } },
  },
};

function pointWithout(removed?: string) {
  const kept = Object.entries(grants).filter(([action]) => action !== removed);
  const Statement = kept.map(([Action, rest]) => ({ Effect: 'Allow', Action, ...rest }));
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  const role = {
    arn: 'arn:aws:iam::000000000000:role/clean-up',
    name: 'clean-up',
    stack: 'dev/readings',
    logicalId: 'CleanUpRole',
    accessKeyId: 'ASIACLEANUP',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    trust: { Version: '2012-10-17', Statement: [trust] },
    policies: [{ name: 'CleanUpPolicy', document: { Version: '2012-10-17', Statement } }],
  };
  const account = new Account({ roles: [role], resources: [], endpoints: [] });
  return {
    decide: (request: Parameters<typeof account.decide>[0]) => account.decide(request),
    roleOfKey: (key: string) => (key === role.accessKeyId ? role : undefined),
  };
}

describe('the endpoint', () => {
  const jobRuns = fakeJobRuns();
  const deleted: JsonObject[] = [];
  let removed: string | undefined;
  let endpoint: CleanUpEndpoint;
  const client = (accessKeyId = 'ASIACLEANUP') => ({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'secret', sessionToken: 'token' },
  });
  const list = { applicationId: 'app', states: ['SUBMITTED', 'PENDING', 'RUNNING'] } as const;

  beforeEach(() => {
    removed = undefined;
    deleted.length = 0;
  });
  beforeAll(async () => {
    endpoint = await startCleanUpEndpoint({
      point: {
        decide: (request) => pointWithout(removed).decide(request),
        roleOfKey: (key) => pointWithout().roleOfKey(key),
      },
      jobRuns,
      async deleteItem(request) {
        if (deleted.push(request) > 1) throw new TaskError('DynamoDB.ConditionalCheckFailedException', 'not yours');
        return {};
      },
      partitionKey: (_table, key) => String(Object.values(Object(key.pipeline))[0]),
      near: execution,
    });
  });
  afterAll(() => endpoint.close());

  const startStream = () => jobRuns.start(fakeRequest('stream', { mode: 'STREAMING', tags }));

  test('lists and cancels job runs', async () => {
    const emr = new EMRServerlessClient(client());
    const { id } = startStream();
    const listed = await emr.send(new ListJobRunsCommand({ ...list, states: [...list.states] }));
    expect(listed.jobRuns).toEqual([expect.objectContaining({ id, createdAt: expect.any(Date), mode: 'STREAMING' })]);
    await emr.send(new CancelJobRunCommand({ applicationId: 'app', jobRunId: id, shutdownGracePeriodInSeconds: 15 }));
    await jobRuns.wait(id);
    expect(jobRuns.get(id)?.state).toBe('CANCELLED');
    const rest = await emr.send(new ListJobRunsCommand({ applicationId: 'app', states: ['RUNNING'] }));
    expect(rest.jobRuns).toEqual([]);
  });

  test('answers with the error that the client knows', async () => {
    removed = 'emr-serverless:CancelJobRun';
    const emr = new EMRServerlessClient(client());
    const { id } = startStream();
    const asked = (jobRunId: string) => emr.send(new CancelJobRunCommand({ applicationId: 'app', jobRunId }));
    await expect(asked(id)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    jobRuns.cancel(id, 0);
    await jobRuns.wait(id);
    removed = undefined;
    // Nobody's tags meet the condition: who may ask about the runs of one pipeline learns nothing of others.
    await expect(asked('nobody')).rejects.not.toBeInstanceOf(ResourceNotFoundException);
  });

  test('refuses who is no role', async () => {
    const stranger = new EMRServerlessClient(client('ASIASTRANGER'));
    const refused = stranger.send(new ListJobRunsCommand({ ...list, states: [...list.states] }));
    await expect(refused).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('deletes the lock under its condition', async () => {
    const dynamo = new DynamoDBClient(client());
    const request = new DeleteItemCommand({ TableName: 'locks', Key: { pipeline: { S: 'readings' } } });
    await dynamo.send(request);
    expect(deleted[0]).toMatchObject({ TableName: 'locks', Key: { pipeline: { S: 'readings' } } });
    await expect(dynamo.send(request)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    const another = new DeleteItemCommand({ TableName: 'locks', Key: { pipeline: { S: 'another' } } });
    await expect(dynamo.send(another)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test.each(['emr-serverless:ListJobRuns', 'emr-serverless:CancelJobRun', 'dynamodb:DeleteItem'])(
    'without %s the clean-up fails, and says so',
    async (action) => {
      removed = action;
      const { id } = jobRuns.start(fakeRequest('stream', { mode: 'STREAMING', tags, name: 'readings/average/one' }));
      vi.stubEnv('APPLICATION_ID', 'app');
      vi.stubEnv('LOCK_TABLE', 'locks');
      vi.stubEnv('PIPELINE', 'readings');
      vi.stubEnv('AWS_REGION', 'us-east-1');
      vi.stubEnv('AWS_ENDPOINT_URL', endpoint.url);
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIACLEANUP');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
      vi.stubEnv('AWS_SESSION_TOKEN', 'token');
      try {
        const detail = { executionArn: execution, name: 'one', status: 'FAILED' };
        await expect(handler({ detail })).rejects.toThrow(`clean-up may not ${action} on arn:`);
      } finally {
        vi.unstubAllEnvs();
        jobRuns.cancel(id, 0);
        await jobRuns.wait(id);
      }
    },
  );
});
