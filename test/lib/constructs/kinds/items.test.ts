/** What items are on AWS: how they are found, what forgets them, and what becomes of them with their stack. */
import { expect, test } from 'vitest';
import type { Environment } from '../../../../config/environment.ts';
import { batch, items, pipeline } from '../../../../lib/declaration/index.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { templatesOf } from '../../support/templates.ts';

function tableOf(environment: Partial<Environment>, ttl?: string) {
  const latest = items('latest', { partitionKey: 'station', sortKey: 'hour', version: 'number', ...(ttl && { ttl }) });
  const jobs = { write: batch('send.py', { reads: {}, writes: { latest } }) };
  const declared = { ...pipeline(import.meta.url, { description: 'Items.', jobs }), name: 'readings' };
  const { readings: stack } = templatesOf({
    environment,
    pipelines: [{ ...declared, folders: readings.folders }],
  });
  const [table] = Object.values(stack?.findResources('AWS::DynamoDB::GlobalTable') ?? {});
  return table;
}

test('they have their two keys, are billed by what is asked, and can be put back to any second', () => {
  expect(tableOf({})).toMatchObject({
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'station', AttributeType: 'S' },
        { AttributeName: 'hour', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'station', KeyType: 'HASH' },
        { AttributeName: 'hour', KeyType: 'RANGE' },
      ],
      Replicas: [
        {
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: false,
        },
      ],
    },
  });
});

test('they outlive their stack where data is kept, and no first deployment that fails', () => {
  expect(tableOf({ removal: 'retain', alarmEmail: 'alarms@example.com' })).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { Replicas: [{ DeletionProtectionEnabled: true }] },
  });
});

test('they are forgotten by an attribute only where one is declared', () => {
  expect(tableOf({})?.Properties).not.toHaveProperty('TimeToLiveSpecification');
  expect(tableOf({}, 'until')?.Properties.TimeToLiveSpecification).toEqual({ Enabled: true, AttributeName: 'until' });
});
