/** Brokers of MSK Express: what their topics are told instead of what MSK Serverless is told, and who hears when one is full. */
import { expect, test } from 'vitest';
import type { Environment } from '../../../../config/environment.ts';
import { batch, topic } from '../../../../lib/declaration/index.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const place = { account: '123456789012', region: 'eu-west-1', zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] };
const plain = topic('t.plain', { partitions: 1, retention: 60_000 });
const bounded = topic('t.bounded', {
  partitions: 1,
  timestamps: 'CreateTime',
  configuration: { 'message.timestamp.difference.max.ms': '1000', 'compression.type': 'zstd' },
});
const pipeline = { ...readings, jobs: { send: batch('send.py', { reads: {}, writes: { plain, bounded } }) } };
const templates = (environment: Partial<Environment>) =>
  templatesOf({ environment: { ...place, ...environment }, pipelines: [pipeline] });
const express = templates({ kafka: 'express' });
const serverless = templates({});

const configurations = (all: typeof express) => {
  const [topics] = Object.values(resourcesOf(all.readings, 'Custom::KafkaTopics'));
  const list = topics?.Topics as { Name: string; Configuration: Record<string, string> }[];
  return Object.fromEntries(list.map(({ Name, Configuration }) => [Name, Configuration]));
};

test('they allow any age of a record unless a topic says otherwise, as MSK Serverless does by itself', () => {
  const most = '9223372036854775807';
  expect(configurations(express)).toEqual({
    't.plain': {
      'cleanup.policy': 'delete',
      'retention.ms': '60000',
      'message.timestamp.before.max.ms': most,
      'message.timestamp.after.max.ms': most,
    },
    't.bounded': {
      'cleanup.policy': 'delete',
      'message.timestamp.type': 'CreateTime',
      'compression.type': 'zstd',
      'message.timestamp.before.max.ms': '1000',
      'message.timestamp.after.max.ms': '1000',
    },
  });
  expect(configurations(serverless)['t.bounded']).toEqual({
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'CreateTime',
    'compression.type': 'zstd',
    'message.timestamp.difference.max.ms': '1000',
  });
});

test('an alarm tells when the fullest of them has more than it is sized for', () => {
  const alarms = resourcesOf(express.streaming, 'AWS::CloudWatch::Alarm');
  const ofBrokers = Object.entries(alarms).filter(([id]) => id.startsWith('Kafka'));
  const told = ofBrokers.map(([, alarm]) => {
    const { Threshold, Metrics, AlarmActions } = alarm;
    const metrics = Metrics as {
      Expression?: string;
      MetricStat?: { Metric: { MetricName: string; Dimensions: object[] }; Stat: string; Period: number };
    }[];
    expect(alarm).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 3,
      TreatMissingData: 'missing',
    });
    const measured = metrics.flatMap(({ MetricStat }) =>
      MetricStat ? [`${MetricStat.Stat} of ${MetricStat.Period} s`] : [],
    );
    expect(measured).toEqual(Array(3).fill('Average of 300 s'));
    expect(metrics.flatMap(({ Expression }) => Expression ?? [])).toEqual(['MAX(METRICS())']);
    expect(AlarmActions).toHaveLength(1);
    const looked = metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));
    expect(looked.map(({ Dimensions }) => Dimensions)).toEqual(
      ['1', '2', '3'].map((broker) => [
        { Name: 'Broker ID', Value: broker },
        { Name: 'Cluster Name', Value: 'millrace-dev' },
      ]),
    );
    return [looked[0]?.MetricName, Threshold];
  });
  expect(Object.fromEntries(told)).toEqual({
    BytesInPerSec: 15_600_000,
    BytesOutPerSec: 31_200_000,
    PartitionCount: 1_000,
  });
  expect(Object.keys(resourcesOf(serverless.streaming, 'AWS::CloudWatch::Alarm')).join()).not.toContain('Kafka');
});

test('what they say of themselves is kept', () => {
  const [[, cluster] = []] = Object.entries(resourcesOf(express.streaming, 'AWS::MSK::Cluster'));
  expect(cluster?.LoggingInfo).toEqual({
    BrokerLogs: { CloudWatchLogs: { Enabled: true, LogGroup: { Ref: expect.stringMatching(/^KafkaBrokerLogs/) } } },
  });
  expect(cluster?.EnhancedMonitoring).toBe('DEFAULT');
});

test('what they keep is encrypted with the key of an environment that brings one', () => {
  const atRest = (environment: Partial<Environment>) => {
    const [cluster] = Object.values(
      resourcesOf(templates({ kafka: 'express', ...environment }).streaming, 'AWS::MSK::Cluster'),
    );
    return (cluster?.EncryptionInfo as { EncryptionAtRest?: object } | undefined)?.EncryptionAtRest;
  };
  expect(atRest({})).toBeUndefined();
  expect(atRest({ keys: 'customer' })).toEqual({ DataVolumeKMSKeyId: expect.anything() });
});
