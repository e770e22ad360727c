/** The list of what stays on AWS is closed, and what must run here is not in it. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../../local/cloudformation/index.ts';
import { awsOnly } from '../../../local/cloudformation/providers/aws-only.ts';
import { isLocal } from '../../../local/cloudformation/providers/index.ts';
import { localParameters, temporaryFolder, writeAssembly } from './support.ts';

const types = Object.entries(awsOnly);

describe('the list of what stays on AWS', () => {
  test.each(types)('gives a reason in words for %s', (_type, { reason }) => {
    expect(reason.split(' ').length).toBeGreaterThanOrEqual(5);
  });

  test('names whole types: no pattern, no custom resource', () => {
    for (const [type] of types) expect(type).toMatch(/^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$/);
  });

  test.each([
    /^AWS::Lambda::/,
    /^AWS::CloudFormation::/,
    /^Custom::/,
    /^AWS::StepFunctions::/,
    /^AWS::SSM::/,
    /^AWS::Serverless::/,
  ])('has nothing like %s', (forbidden) => {
    expect(types.filter(([type]) => forbidden.test(type))).toEqual([]);
  });

  test('has nothing that exists on this machine', () => {
    expect(types.filter(([type]) => isLocal(type))).toEqual([]);
  });
});

describe('explain', () => {
  const assembly = (types: string[]) => {
    const Resources = Object.fromEntries(types.map((Type, index) => [`R${index}`, { Type }]));
    return writeAssembly(temporaryFolder(), [{ name: 'one', template: { Parameters: localParameters, Resources } }]);
  };

  test('counts every type and says what it is here, or why it is not', () => {
    const explained = explain(
      assembly(['AWS::EC2::Subnet', 'Custom::KafkaTopics', 'AWS::EC2::Subnet', 'AWS::SSM::Parameter']),
      'dev',
    );
    expect(explained.map(({ type, count, where }) => [type, count, where])).toEqual([
      ['AWS::SSM::Parameter', 1, 'local'],
      ['Custom::KafkaTopics', 1, 'local'],
      ['AWS::EC2::Subnet', 2, 'aws-only'],
    ]);
    for (const { reason } of explained) expect(reason).not.toBe('');
  });

  test('refuses a type of which nobody has decided', () => {
    expect(() => explain(assembly(['AWS::Kinesis::Stream']), 'dev')).toThrow('dev/one R0 (AWS::Kinesis::Stream)');
  });

  test('names the environments that there are', () => {
    expect(() => explain(assembly([]), 'prod')).toThrow(/has no environment "prod". It has: dev\./);
  });

  test('asks for an assembly where there is none', () => {
    expect(() => explain(temporaryFolder(), 'dev')).toThrow(/holds no cloud assembly. Synthesize it first/);
  });
});
