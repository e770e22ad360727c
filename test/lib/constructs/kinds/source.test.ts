/** What a pipeline with a source has on AWS. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleHandlerOf } from '../../../../lib/constructs/functions/handler-bundle.ts';
import clients from '../../../clients/pipelines/clients/pipeline.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { clients: template } = templatesOf({ pipelines: [clients] });
const ofSource = (type: string) =>
  Object.entries(resourcesOf(template, type)).filter(([id]) => id.startsWith('ContractsSourcelistenToCalls'));
const [[, listen = {}] = []] = ofSource('AWS::Lambda::Function');
const variables = (listen.Environment as { Variables: Record<string, string> }).Variables;

describe('the function', () => {
  test('may run for a quarter of an hour, and others may run beside it: who begins takes over', () => {
    expect(listen.Timeout).toBe(900);
    expect(listen).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('is told its topics, parameters and the names of its secrets, and no secret', () => {
    expect(JSON.parse(variables.SOURCE ?? '')).toEqual({
      pipeline: 'clients',
      source: 'listenToCalls',
      topics: { calls: 'clients.calls' },
      parameters: { city: 'Ulm' },
      secrets: { exchange: { name: 'shop/exchange', key: 'token' } },
    });
    expect(Object.keys(variables).sort()).toEqual(['BOOTSTRAP_SERVERS', 'SOURCE']);
    expect(JSON.stringify(listen)).not.toContain('resolve:secretsmanager');
  });

  test('has the code of the pipeline and that of all sources in one file', () => {
    const bundle = bundleHandlerOf('source-test', 'source', join(clients.folders.declaration, 'source/calls.ts'));
    const text = readFileSync(join(bundle, 'index.js'), 'utf8');
    expect(text).toContain('exchange');
    expect(text).toContain('another run took over');
  });
});

test('its turns come every five minutes, behind all topics, and a failed one is not called again by the rule', () => {
  const [[id = '', rule = {}] = []] = ofSource('AWS::Events::Rule');
  expect(rule.ScheduleExpression).toBe('rate(5 minutes)');
  expect(rule.Targets).toMatchObject([{ Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } }]);
  const [topics] = Object.keys(resourcesOf(template, 'Custom::KafkaTopics'));
  expect(template?.findResources('AWS::Events::Rule')[id]?.DependsOn).toContain(topics);
});

test('somebody hears of a topic that is quiet, of a source that is behind, and of turns that fail', () => {
  const alarms = Object.fromEntries(
    ofSource('AWS::CloudWatch::Alarm').map(([id, alarm]) => [
      id.replace(/^ContractsSourcelistenToCalls|[0-9A-F]{8}$/g, ''),
      [alarm.Statistic, alarm.MetricName, alarm.Threshold, alarm.EvaluationPeriods, alarm.TreatMissingData],
    ]),
  );
  expect(alarms).toEqual({
    Quietcalls: ['Sum', 'clients.listenToCalls.calls.written', 1, 6, 'breaching'],
    Old: ['Maximum', 'clients.listenToCalls.behind', 600, 3, 'notBreaching'],
    Failing: ['Sum', 'Errors', 1, 3, 'notBreaching'],
  });
  for (const [, { AlarmActions: actions }] of ofSource('AWS::CloudWatch::Alarm')) expect(actions).toHaveLength(1);
  const filters = ofSource('AWS::Logs::MetricFilter').map(([, { FilterPattern: pattern }]) => pattern);
  expect(filters).toEqual(['{ ($.event = "listening") && ($.topic = "calls") }', '{ $.event = "listening" }']);
});

test('a pipeline without sources has none of it', () => {
  const { readings: without } = templatesOf({ pipelines: [readings] });
  expect(Object.keys(without?.toJSON().Resources ?? {}).filter((id) => id.startsWith('ContractsSource'))).toEqual([]);
});
