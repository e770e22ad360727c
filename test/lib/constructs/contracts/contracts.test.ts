/** What a pipeline's jobs have to find, and what each kind of thing grants them. */
import { describe, expect, test } from 'vitest';
import { kindOf } from '../../../../lib/constructs/kinds/index.ts';
import {
  batch,
  dataset,
  jsonSchema,
  latest,
  pipeline,
  standingFolder,
  topic,
} from '../../../../lib/declaration/index.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const { readings: template } = templatesOf({ pipelines: [readings] });

describe('schemas', () => {
  test('are one custom resource, however many there are, before the topics', () => {
    const [[id, registered] = [], ...others] = Object.entries(resourcesOf(template, 'Custom::RegistryArtifacts'));
    expect(others).toEqual([]);
    const artifacts = (registered?.Artifacts ?? []) as { Key: string }[];
    expect(artifacts.map(({ Key: key }) => key)).toEqual(['readingsFile', 'readingsTopicKey', 'readingsTopicValue']);
    const [topics] = Object.values(template?.findResources('Custom::KafkaTopics') ?? {});
    expect(topics?.DependsOn).toContain(id);
  });

  test('fit every version before them, are never deleted, and those of keys never change', () => {
    const [registered] = Object.values(resourcesOf(template, 'Custom::RegistryArtifacts'));
    const artifacts = (registered?.Artifacts ?? []) as Record<string, string>[];
    const rules = artifacts.map(({ Key, Compatibility, Immutable, OnRemoval }) => [
      Key,
      `${Compatibility} ${Immutable} ${OnRemoval}`,
    ]);
    expect(Object.fromEntries(rules)).toEqual({
      readingsFile: 'FULL_TRANSITIVE false retain',
      readingsTopicKey: 'FULL_TRANSITIVE true retain',
      readingsTopicValue: 'FULL_TRANSITIVE false retain',
    });
  });

  test('and files are parts of the parameter: ids of Avro, addresses of JSON Schemas and samples', () => {
    const [parameter] = Object.values(resourcesOf(template, 'AWS::SSM::Parameter'));
    const text = JSON.stringify(parameter?.Value).replaceAll('\\"', '"');
    expect(text).toMatch(/"readingsTopicKey":"",{"Fn::GetAtt":\["ContractsSchemas\w+","readingsTopicKey"\]}/);
    expect(text).toMatch(/"stationsFile":"",{"Fn::Sub":"s3:\/\/cdk-[^"]*\/millrace\/dev\/readings\/\w+\.json"}/);
    expect(text).toMatch(
      /"files":{"readings":"",{"Fn::Sub":"s3:\/\/cdk-[^"]*\.csv"}.*"stations":"",{"Fn::Sub":"[^"]*\.jsonl"}/,
    );
  });
});

test('topics have an hour to be made, for which they are asked every 20 seconds, and each call ten minutes', () => {
  const functions = Object.entries(resourcesOf(template, 'AWS::Lambda::Function'));
  const ours = functions.filter(([id]) => /^Contracts\w+Handler(OnEvent|IsComplete)/.test(id));
  expect(ours.map(([, { Timeout }]) => Timeout)).toEqual([600, 600, 600]);
  const machines = Object.entries(resourcesOf(template, 'AWS::StepFunctions::StateMachine'));
  const [, waiter] = machines.find(([id]) => id.startsWith('ContractsTopicsHandler')) ?? [];
  expect(JSON.stringify(waiter?.DefinitionString).replaceAll('\\', '')).toContain(
    '"IntervalSeconds":20,"MaxAttempts":180',
  );
});

describe('a kind', () => {
  const state = topic('plant.state', { partitions: 1, cleanup: 'compact' });
  const shelf = standingFolder('shelf');
  const kept = dataset('kept', { schema: jsonSchema('station.schema.json'), partitionBy: ['days(since)'] });
  const declared = {
    ...pipeline(import.meta.url, {
      description: 'A lookup and a standing folder.',
      jobs: {
        write: batch('send.py', { reads: {}, writes: { state, shelf, kept } }),
        look: batch('show.py', { reads: { state: latest(state), shelf, kept }, writes: {} }),
        other: batch('average.py', { reads: { shelf }, writes: {} }),
      },
    }),
    name: 'readings',
    folders: readings.folders,
  };
  const policyOf = (job: string): string => {
    const policies = resourcesOf(templatesOf({ pipelines: [declared] }).readings, 'AWS::IAM::Policy');
    return JSON.stringify(Object.entries(policies).find(([id]) => id.startsWith(`Job${job}`))?.[1]);
  };

  test('grants what each way to use it needs: a lookup reads in groups of its job, a folder is read or written', () => {
    const [write, look] = [policyOf('write'), policyOf('look')];
    expect(write).toContain('kafka-cluster:WriteData');
    expect(write).toContain('s3:PutObject');
    expect(look).toContain('kafka-cluster:ReadData');
    expect(look).toContain('/millrace.readings.look-*');
    expect(look).toContain('/shelf/readings/*');
    expect(look).not.toMatch(/kafka-cluster:WriteData|s3:PutObject/);
  });

  test('grants one table and its files to who writes or reads a dataset', () => {
    const [write, look] = [policyOf('write'), policyOf('look')];
    for (const policy of [write, look]) {
      expect(policy).toMatch(/:glue:[^\]]*:table\/millrace_dev\/readings_kept"/);
      expect(policy).toContain('/datasets/readings/kept/*');
      expect(policy).not.toMatch(/glue:\*|glue:Delete/);
    }
    expect(write).toContain('["glue:CreateTable","glue:GetTable","glue:UpdateTable"]');
    expect(look).toContain('"glue:GetTable"');
    expect(look).not.toContain('glue:UpdateTable');
    expect(policyOf('other')).not.toMatch(/glue|datasets/);
  });

  test('has Java archives of its own for the jobs that use it, and for no others', () => {
    const machines = resourcesOf(templatesOf({ pipelines: [declared] }).readings, 'AWS::StepFunctions::StateMachine');
    const shipped = [...JSON.stringify(machines).matchAll(/--jars(.*?)--conf/g)].map(
      ([, jars = '']) => jars.match(/\.jar/g)?.length,
    );
    const [write = 0] = shipped;
    expect(write).toBeGreaterThan(1);
    expect(shipped).toEqual([write, write, write - 1]);
  });

  test('without a construct is told with the file that is missing', () => {
    expect(() => kindOf('index')).toThrow(
      'Kind "index" has no construct. Known are dataset, feed, file, folder, items, lookup, source, table, topic; write lib/constructs/kinds/index.ts.',
    );
  });
});
