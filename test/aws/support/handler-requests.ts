/**
 * Requests that handlers make of AWS: every command that they send while doing each of their tasks. Nothing leaves the machine: what a
 * client sends is taken down and answered here.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { vi } from 'vitest';
import type { LifecycleEvent } from '../../../lambda/custom-resource/lifecycle.ts';
import type { Request } from './requests.ts';

/** Clients that handlers use. One that is missing here would find nobody at its endpoint, and fail. */
const CLIENTS = [DynamoDBClient, ECSClient, EMRServerlessClient, S3Client, SecretsManagerClient, SFNClient, SSMClient];

const APPLICATION = '00fabcdefghij09';

/** What the services answer, by operation: first there is something to do, then it is done. */
function answers(): (operation: string) => unknown {
  const asked = new Map<string, number>();
  return (operation) => {
    const before = asked.get(operation) ?? 0;
    asked.set(operation, before + 1);
    const alive = { id: '00f1', name: 'readings/average/run-1', state: 'RUNNING' };
    const byOperation: Record<string, unknown> = {
      GetSecretValue: { SecretString: '{"token":"t"}' },
      DescribeSecret: { LastRotatedDate: new Date() },
      DescribeServices: { services: [{ deployments: [{ status: 'PRIMARY', createdAt: new Date(0) }] }] },
      GetApplication: { application: { state: asked.has('StopApplication') ? 'STOPPED' : 'STARTED' } },
      GetParameter: { Parameter: { Value: APPLICATION } },
      ListExecutions: { executions: [{ name: 'run-1', status: 'SUCCEEDED', startDate: new Date(0) }] },
      ListObjectsV2: { Contents: [{ Key: 'results/readings/run-1/json/part-0.json', Size: 1 }] },
      ListJobRuns: before === 0 ? { jobRuns: [alive], nextToken: 'more' } : { jobRuns: [] },
      ListObjectVersions: { Versions: before === 0 ? [{ Key: 'results/part-0', VersionId: '1' }] : [] },
    };
    return byOperation[operation] ?? {};
  };
}

/** Runs each handler that calls AWS with an event of each kind, and gives the requests. */
export async function handlerRequests(): Promise<Request[]> {
  const requests: Request[] = [];
  let answer = answers();
  let handler = '';
  const send = async function (this: { config: { serviceId?: string } }, command: unknown) {
    const sent = command as { input: unknown; constructor: { name: string } };
    const operation = sent.constructor.name.replace(/Command$/, '');
    requests.push({
      place: handler,
      service: String(this.config.serviceId).replaceAll(' ', '').toLowerCase(),
      operation,
      parameters: sent.input,
    });
    return answer(operation);
  };
  for (const { prototype } of CLIENTS) Object.assign(prototype, { send });
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
  try {
    for (const [name, run] of Object.entries(RUNS)) {
      handler = name;
      answer = answers();
      const running = run();
      let ended = false;
      void running.finally(() => {
        ended = true;
      });
      while (!ended) await vi.advanceTimersByTimeAsync(10_000);
      await running;
    }
  } finally {
    // What they inherit is there again.
    for (const { prototype } of CLIENTS) Reflect.deleteProperty(prototype, 'send');
    vi.useRealTimers();
    vi.unstubAllEnvs();
  }
  return requests;
}

const lifecycle = (RequestType: LifecycleEvent['RequestType'], properties: Record<string, unknown>): LifecycleEvent =>
  ({ RequestType, PhysicalResourceId: 'made', ResourceProperties: properties }) as LifecycleEvent;

/** Every handler that has a client of AWS's SDK, doing its work. */
const RUNS: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'lambda/clean-up'() {
    vi.stubEnv('APPLICATION_ID', APPLICATION);
    vi.stubEnv('LOCK_TABLE', 'locks');
    vi.stubEnv('PIPELINE', 'readings');
    const { handler } = await import('../../../lambda/clean-up/handler.ts');
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:millrace-dev-readings:run-1';
    return handler({ detail: { executionArn, name: 'run-1', status: 'FAILED' } });
  },
  async 'lambda/empty-bucket'() {
    const { onEvent } = await import('../../../lambda/empty-bucket/handler.ts');
    return onEvent(lifecycle('Delete', { BucketName: 'millrace-dev-data' }));
  },
  async 'lambda/restart-registry'() {
    const { handler } = await import('../../../lambda/restart-registry/handler.ts');
    const secret = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db-1-AbCdEf';
    return handler({ cluster: 'registry', service: 'registry', secret });
  },
  async 'lambda/results-table'() {
    vi.stubEnv('BUCKET', 'millrace-dev-data');
    vi.stubEnv('PREFIX', 'results/readings');
    vi.stubEnv('STATE_MACHINE', 'arn:aws:states:us-east-1:000000000000:stateMachine:millrace-dev-readings');
    const { handler } = await import('../../../lambda/results-table/handler.ts');
    return handler({});
  },
  async 'lambda/source'() {
    const { secretsOf } = await import('../../../lambda/source/secrets.ts');
    return secretsOf({ token: { name: 'networks/mastodon', key: 'token' } })('token');
  },
  async 'lambda/stop-application before an update'() {
    const { onEvent } = await import('../../../lambda/stop-application/handler.ts');
    return onEvent(lifecycle('Update', { Phase: 'update', ApplicationParameter: '/millrace/dev/application' }));
  },
  async 'lambda/stop-application before its deletion'() {
    const { onEvent } = await import('../../../lambda/stop-application/handler.ts');
    return onEvent(lifecycle('Delete', { Phase: 'delete', ApplicationId: APPLICATION }));
  },
};
