/** What a pipeline with a feed has on AWS. */
import { describe, expect, test } from 'vitest';
import { batch, feed, items, pipeline, topic } from '../../../../lib/declaration/index.ts';
import clients from '../../../clients/pipelines/clients/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const told = topic('clients.told', { partitions: 1, external: 'read' });
const latest = items('latest', { partitionKey: 'id', version: 'number' });
const others = items('others', { partitionKey: 'id', version: 'number' });
const declared = {
  ...pipeline(import.meta.url, {
    description: 'A feed.',
    jobs: { keep: batch('count.py', { reads: {}, writes: { latest, others } }) },
    feeds: {
      telling: feed('telling', {
        ...{ of: latest, code: 'source/calls.ts', writes: { told } },
        ...{ batchSize: 7, retries: 3, maxAgeMinutes: 30 },
      }),
    },
  }),
  name: 'clients',
  folders: clients.folders,
};
const { clients: template } = templatesOf({ pipelines: [declared] });
const ofFeed = (type: string) =>
  Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith('ContractsFeedtelling'));
const [[, tell = {}] = []] = ofFeed('AWS::Lambda::Function');
const [[queue = ''] = []] = ofFeed('AWS::SQS::Queue');
const [[mappingId = '', mapping = {}] = []] = ofFeed('AWS::Lambda::EventSourceMapping');
const [table = ''] = Object.keys(resourcesOf(template, 'AWS::DynamoDB::GlobalTable'));

test('changes are kept of the items that are told of, and of no others', () => {
  const tables = Object.values(resourcesOf(template, 'AWS::DynamoDB::GlobalTable'));
  expect(tables.map(({ StreamSpecification: changes }) => changes)).toEqual([
    { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    undefined,
  ]);
});

test('the function may wait for brokers for minutes, and is told its topics', () => {
  expect(tell.Timeout).toBe(300);
  const { Variables: variables } = tell.Environment as { Variables: Record<string, string> };
  expect(JSON.parse(variables.FEED ?? '')).toEqual({
    ...{ pipeline: 'clients', feed: 'telling', topics: { told: 'clients.told' } },
  });
});

describe('Lambda', () => {
  test('tells it all changes from the first on, divides what fails, tries it again, and leaves a message of what it gives up', () => {
    expect(mapping).toMatchObject({
      ...{ FunctionName: { Ref: expect.stringMatching(/^ContractsFeedtelling/) } },
      ...{ EventSourceArn: { 'Fn::GetAtt': [table, 'StreamArn'] }, StartingPosition: 'TRIM_HORIZON' },
      ...{ BatchSize: 7, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 3, MaximumRecordAgeInSeconds: 1_800 },
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue, 'Arn'] } } },
    });
  });

  test('begins behind all topics, when the role may read', () => {
    const { DependsOn: before } = template?.findResources('AWS::Lambda::EventSourceMapping')[mappingId] ?? {};
    expect(before).toContain(Object.keys(resourcesOf(template, 'Custom::KafkaTopics'))[0]);
    expect(before).toContainEqual(expect.stringMatching(/^ContractsFeedtellingFunctionRoleDefaultPolicy/));
  });
});

test('somebody hears of changes that were given up, and of a feed that is behind', () => {
  const alarms = Object.fromEntries(
    ofFeed('AWS::CloudWatch::Alarm').map(([id, alarm]) => [
      id.replace(/^ContractsFeedtelling|[0-9A-F]{8}$/g, ''),
      [alarm.Statistic, alarm.MetricName, alarm.Threshold, alarm.EvaluationPeriods, alarm.TreatMissingData],
    ]),
  );
  expect(alarms).toEqual({
    Lost: ['Maximum', 'ApproximateNumberOfMessagesVisible', 1, 1, 'notBreaching'],
    Old: ['Maximum', 'IteratorAge', 600_000, 3, 'notBreaching'],
  });
  for (const [, { AlarmActions: actions }] of ofFeed('AWS::CloudWatch::Alarm')) expect(actions).toHaveLength(1);
});

test('a pipeline with items and without feeds keeps no changes', () => {
  const { clients: without } = templatesOf({
    pipelines: [
      { ...declared, feeds: {}, topics: { told: topic('clients.told', { partitions: 1, external: 'both' }) } },
    ],
  });
  expect(Object.keys(resourcesOf(without, 'AWS::Lambda::EventSourceMapping'))).toEqual([]);
  expect(JSON.stringify(resourcesOf(without, 'AWS::DynamoDB::GlobalTable'))).not.toContain('StreamSpecification');
});
