/** Which sources a deployment has: functions that say so, with the schedule that calls them. */
import { expect, test } from 'vitest';
import type { DeployedResource } from '../../../local/cloudformation/model.ts';
import { deployedSources } from '../../../local/cloudformation/sources.ts';

const SOURCE = JSON.stringify({
  ...{ pipeline: 'shop', source: 'calls', topics: { calls: 'shop.calls' }, parameters: {} },
  secrets: { exchange: { name: 'shop/exchange', key: 'token' } },
});

const resource = (type: string, properties: object, attributes: object = {}): DeployedResource => ({
  ...{ stack: 'dev/shop', logicalId: 'X', type, physicalId: 'x' },
  attributes: { ...attributes },
  properties: { ...properties },
});
const listens = resource('AWS::Lambda::Function', { Environment: { Variables: { SOURCE } } }, { Arn: 'arn:listen' });
const other = resource('AWS::Lambda::Function', {}, { Arn: 'arn:other' });
const rule = (arn: string, expression: string) =>
  resource('AWS::Events::Rule', { ScheduleExpression: expression, Targets: [{ Arn: arn }] });

test('a source is called as often as its rule says', () => {
  const resources = [other, rule('arn:other', 'rate(1 hour)'), listens, rule('arn:listen', 'rate(5 minutes)')];
  expect(deployedSources({ resources })).toEqual([
    {
      ...{ pipeline: 'shop', source: 'calls', listens, turnMs: 300_000 },
      secrets: [{ name: 'shop/exchange', key: 'token' }],
    },
  ]);
});

test('a function that nobody calls by the minute is none', () => {
  expect(deployedSources({ resources: [listens] })).toEqual([]);
  expect(deployedSources({ resources: [listens, rule('arn:other', 'rate(5 minutes)')] })).toEqual([]);
});
