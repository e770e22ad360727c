/** The endpoint of the clean-up function, asked by the AWS clients that the function uses. */
import { ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetJobRunCommand,
  ListJobRunsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-emr-serverless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CleanUpEndpoint, startCleanUpEndpoint } from '../../../local/stepfunctions/clean-up-endpoint.ts';
import { type JsonObject, TaskError } from '../../../local/stepfunctions/task.ts';
import { fakeJobRuns, fakeRequest } from '../emr/fake-job.ts';

const client = (endpoint: CleanUpEndpoint) => ({
  endpoint: endpoint.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

describe('the endpoint', () => {
  const jobRuns = fakeJobRuns();
  const deleted: JsonObject[] = [];
  let endpoint: CleanUpEndpoint;
  let emr: EMRServerlessClient;

  beforeAll(async () => {
    endpoint = await startCleanUpEndpoint(jobRuns, async (request) => {
      if (deleted.push(request) > 1) throw new TaskError('DynamoDB.ConditionalCheckFailedException', 'not yours');
      return {};
    });
    emr = new EMRServerlessClient(client(endpoint));
  });
  afterAll(() => endpoint.close());

  test('lists, shows and cancels job runs', async () => {
    const { id } = jobRuns.start(fakeRequest('stream', { mode: 'STREAMING' }));
    const listed = await emr.send(
      new ListJobRunsCommand({ applicationId: 'app', states: ['SUBMITTED', 'PENDING', 'RUNNING'] }),
    );
    expect(listed.jobRuns).toEqual([expect.objectContaining({ id, createdAt: expect.any(Date), mode: 'STREAMING' })]);
    await emr.send(new CancelJobRunCommand({ applicationId: 'app', jobRunId: id, shutdownGracePeriodInSeconds: 15 }));
    await jobRuns.wait(id);
    const shown = await emr.send(new GetJobRunCommand({ applicationId: 'app', jobRunId: id }));
    expect(shown.jobRun?.state).toBe('CANCELLED');
    const rest = await emr.send(new ListJobRunsCommand({ applicationId: 'app', states: ['RUNNING'] }));
    expect(rest.jobRuns).toEqual([]);
  });

  test('answers with the error that the client knows', async () => {
    const missing = emr.send(new GetJobRunCommand({ applicationId: 'app', jobRunId: 'nobody' }));
    await expect(missing).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  test('deletes the lock under its condition', async () => {
    const dynamo = new DynamoDBClient(client(endpoint));
    const request = new DeleteItemCommand({ TableName: 'locks', Key: { pipeline: { S: 'readings' } } });
    await dynamo.send(request);
    expect(deleted[0]).toMatchObject({ TableName: 'locks', Key: { pipeline: { S: 'readings' } } });
    await expect(dynamo.send(request)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  });
});
