/** What a pipeline's jobs have to find, and what each kind of thing grants them. */
import { describe, expect, test } from 'vitest';
import { kindOf } from '../../../../lib/constructs/kinds/index.ts';
import { batch, latest, pipeline, standingFolder, topic } from '../../../../lib/declaration/index.ts';
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

describe('a kind', () => {
  const state = topic('plant.state', { partitions: 1, cleanup: 'compact' });
  const shelf = standingFolder('shelf');
  const declared = {
    ...pipeline(import.meta.url, {
      description: 'A lookup and a standing folder.',
      jobs: {
        write: batch('send.py', { reads: {}, writes: { state, shelf } }),
        look: batch('show.py', { reads: { state: latest(state), shelf }, writes: {} }),
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

  test('without a construct is told with the file that is missing', () => {
    expect(() => kindOf('table')).toThrow(
      'Kind "table" has no construct. Known are file, folder, lookup, topic; write lib/constructs/kinds/table.ts.',
    );
  });
});
