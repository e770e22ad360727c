/** An environment with a key of its own: what it encrypts, who may use it and for what. */
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../../../config/environment.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const stacks = templatesOf({ environment: { keys: 'customer' } });
const own = templatesOf();
const all = (type: string, of = stacks) =>
  Object.values(of).flatMap((stack) => Object.values(resourcesOf(stack, type)));
const [key = {}] = all('AWS::KMS::Key');
const isKey = expect.objectContaining({});

describe('the key of an environment', () => {
  test('is made only where it is asked for', () => {
    expect(all('AWS::KMS::Key')).toHaveLength(1);
    expect(key).toMatchObject({ EnableKeyRotation: true });
    expect(all('AWS::KMS::Key', own)).toEqual([]);
    expect(JSON.stringify(Object.values(own).map((stack) => stack.toJSON()))).not.toContain('kms:');
  });

  test('encrypts every log group, the objects, the lock, items, the database and its password', () => {
    const groups = all('AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(10);
    for (const group of groups) expect(group).toHaveProperty('KmsKeyId', isKey);
    const encryptions = all('AWS::S3::Bucket').map(
      ({ BucketEncryption: encryption }) =>
        (encryption as { ServerSideEncryptionConfiguration: object[] }).ServerSideEncryptionConfiguration[0],
    );
    expect(encryptions).toEqual([
      // Load balancers cannot write with a key.
      { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
      { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: isKey } },
    ]);
    expect(all('AWS::DynamoDB::Table')).toMatchObject([
      { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: isKey } },
    ]);
    const items = all('AWS::DynamoDB::GlobalTable');
    expect(items.length).toBeGreaterThan(0);
    for (const table of items) {
      expect(table).toMatchObject({
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        Replicas: [{ SSESpecification: { KMSMasterKeyId: isKey } }],
      });
    }
    const ofRegistry = all('AWS::RDS::DBInstance').filter(({ DBClusterIdentifier: cluster }) => cluster === undefined);
    expect(ofRegistry).toMatchObject([{ KmsKeyId: isKey, MasterUserSecret: { KmsKeyId: isKey } }]);
    // Those of pipelines have no password.
    const clusters = all('AWS::RDS::DBCluster');
    expect(clusters.length).toBeGreaterThan(0);
    for (const cluster of clusters) expect(cluster).toMatchObject({ KmsKeyId: isKey });
  });

  test('goes with the data that only it can read', () => {
    const kept: Partial<Environment> = { keys: 'customer', removal: 'retain', alarmEmail: 'alarms@example.com' };
    const policiesOf = (of: typeof stacks) =>
      Object.values(of).flatMap((stack) =>
        Object.values(stack.findResources('AWS::KMS::Key')).map(({ DeletionPolicy: policy }) => policy),
      );
    expect(policiesOf(stacks)).toEqual(['Delete']);
    expect(policiesOf(templatesOf({ environment: kept, pipelines: [] }))).toEqual(['RetainExceptOnCreate']);
  });

  test('serves the logs of this account and nobody else but who is granted it', () => {
    const { Statement: statements } = key.KeyPolicy as { Statement: Record<string, unknown>[] };
    const [account, logs, ...others] = statements;
    expect(account?.Principal).toEqual({ AWS: expect.objectContaining({}) });
    expect(logs?.Action).toEqual([
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey*',
      'kms:ReEncrypt*',
    ]);
    expect(logs?.Condition).toEqual({ ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } });
    expect(others).toEqual([]);
  });

  test('is granted to roles through one service each, for reading or also for writing', () => {
    const granted = Object.values(stacks).flatMap((stack) =>
      Object.entries(resourcesOf(stack, 'AWS::IAM::Policy')).flatMap(([id, { PolicyDocument: document }]) =>
        (document as { Statement: { Action: string | string[]; Condition?: object }[] }).Statement.filter(
          ({ Action: actions }) => JSON.stringify(actions).includes('kms:'),
        ).map(({ Action: actions, Condition: condition }) => {
          const service = /"kms:ViaService":.*?(dynamodb|s3|secretsmanager)\./.exec(JSON.stringify(condition))?.[1];
          const role = id
            .replace(/(Role)?DefaultPolicy.*/, '')
            .replace(/[0-9A-F]{8}$/, '')
            .replace(/^Job.*/, 'each job');
          return `${role}: ${service} ${[actions].flat().join(' ')}`;
        }),
      ),
    );
    const lock = 'kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey* kms:ReEncrypt*';
    const write = 's3 kms:Decrypt kms:GenerateDataKey';
    expect([...new Set(granted)].sort()).toEqual([
      'ConnectWorkerExecution: secretsmanager kms:Decrypt',
      // It reads the changes of items.
      'ContractsFeedalertingFunction: dynamodb kms:Decrypt',
      'MonitoringResultsFunction: s3 kms:Decrypt',
      'RegistryExecution: secretsmanager kms:Decrypt',
      `Workflow: dynamodb ${lock}`,
      `WorkflowCleanUp: dynamodb ${lock}`,
      // Those that use items.
      `each job: dynamodb ${lock}`,
      `each job: ${write}`,
    ]);
  });

  test('does not reach the brokers: no property of MSK Serverless takes one', () => {
    expect(all('AWS::MSK::ServerlessCluster')).toEqual(all('AWS::MSK::ServerlessCluster', own));
  });
});
