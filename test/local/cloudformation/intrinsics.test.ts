/** Each intrinsic function on values of its own. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation writes substitutions so.
import { describe, expect, test } from 'vitest';
import { noValue, resolve, type Scope } from '../../../local/cloudformation/intrinsics.ts';
import { marker, requireKnown } from '../../../local/cloudformation/markers.ts';
import { dependenciesOf, inDependencyOrder } from '../../../local/cloudformation/template.ts';

const groupId = marker('GroupId of dev/network Workers (AWS::EC2::SecurityGroup)');

const scope: Scope = {
  user: 'dev/test Subject (Custom::Thing)',
  mappings: { Sizes: { dev: { workers: 2, zones: ['a', 'b'] } } },
  reference: (name) =>
    ({ 'AWS::Region': 'eu-west-1', 'AWS::Partition': 'aws', Topic: 'readings', Group: groupId, Names: ['a', 'b'] })[
      name
    ] ?? `ref-${name}`,
  attribute: (logicalId, attribute) => (logicalId === 'Group' ? groupId : `${logicalId}/${attribute}`),
  imported: (name) => `imported-${name}`,
  stackOutput: (stack, output) => `${stack}:${output}`,
  condition: (name) => name === 'IsDev',
};

const value = (template: unknown) => resolve(template, scope);

describe('a value is resolved', () => {
  test.each<[string, unknown, unknown]>([
    ['what holds no function, unchanged', { A: [1, true, null, { B: 'x' }] }, { A: [1, true, null, { B: 'x' }] }],
    ['Ref', { Ref: 'Topic' }, 'readings'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Cluster', 'Arn'] }, 'Cluster/Arn'],
    ['GetAtt as a text with a nested attribute', { 'Fn::GetAtt': 'Brokers.Out.Deep' }, 'Brokers/Out.Deep'],
    ['Join with numbers', { 'Fn::Join': ['-', ['a', 1, { Ref: 'Topic' }]] }, 'a-1-readings'],
    ['Join over a list that is referred to', { 'Fn::Join': [',', { Ref: 'Names' }] }, 'a,b'],
    [
      'Sub of references, attributes and literals',
      { 'Fn::Sub': 'arn:${AWS::Partition}:${Cluster.Arn}:${!Kept}' },
      'arn:aws:Cluster/Arn:${Kept}',
    ],
    [
      'Sub with values of its own',
      { 'Fn::Sub': ['${Here}/${Topic}', { Here: { Ref: 'AWS::Region' } }] },
      'eu-west-1/readings',
    ],
    ['Select from Split', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['Select with a position given as text', { 'Fn::Select': ['0', ['x', 'y']] }, 'x'],
    ['ImportValue of a Sub', { 'Fn::ImportValue': { 'Fn::Sub': '${Topic}-arn' } }, 'imported-readings-arn'],
    ['GetStackOutput', { 'Fn::GetStackOutput': { StackName: 'dev-a', OutputName: 'Out', Region: 'x' } }, 'dev-a:Out'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'dev', 'zones'] }, ['a', 'b']],
    ['If that holds', { 'Fn::If': ['IsDev', { Ref: 'Topic' }, 'no'] }, 'readings'],
    ['If that does not hold', { 'Fn::If': ['IsProd', 'yes', 'no'] }, 'no'],
    ['Equals of a number and its text', { 'Fn::Equals': [1, '1'] }, true],
    [
      'And, Or, Not over conditions',
      {
        'Fn::And': [
          { Condition: 'IsDev' },
          { 'Fn::Not': [{ 'Fn::Or': [{ Condition: 'IsProd' }, { 'Fn::Equals': ['a', 'b'] }] }] },
        ],
      },
      true,
    ],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['Length', { 'Fn::Length': { 'Fn::Split': [',', 'a,b,c'] } }, 3],
    ['ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'Topic' } } }, '{"a":"readings"}'],
    ['GetAZs of the own Region', { 'Fn::GetAZs': '' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
    [
      'a policy whose only key is Condition, unchanged',
      { Condition: { Bool: { Secure: 'true' } } },
      { Condition: { Bool: { Secure: 'true' } } },
    ],
  ])('%s', (_name, template, expected) => {
    expect(value(template)).toEqual(expected);
  });

  test('NoValue leaves out properties and list items', () => {
    expect(
      value({ A: { Ref: 'AWS::NoValue' }, B: ['x', { 'Fn::If': ['IsProd', 'y', { Ref: 'AWS::NoValue' }] }] }),
    ).toEqual({ B: ['x'] });
    expect(value({ Ref: 'AWS::NoValue' })).toBe(noValue);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'an unknown function',
      { 'Fn::Cidr': ['10.0.0.0/16', 2, 8] },
      /Fn::Cidr is not a function that the local deployment knows/,
    ],
    ['Select behind the end', { 'Fn::Select': [2, ['a']] }, /Fn::Select asks for item 2 of a list of 1/],
    ['Join of an object', { 'Fn::Join': ['', [{ a: 1, b: 2 }]] }, /Fn::Join needs a text, got {"a":1,"b":2}/],
    [
      'FindInMap without an entry',
      { 'Fn::FindInMap': ['Sizes', 'prod', 'workers'] },
      /finds nothing under Sizes, prod, workers/,
    ],
  ])('but not %s', (_name, template, message) => {
    expect(() => value(template)).toThrow(message);
    expect(() => value(template)).toThrow(/^dev\/test Subject \(Custom::Thing\): /);
  });
});

describe('what has a value only on AWS', () => {
  test.each<[string, unknown]>([
    ['a reference', { Ref: 'Group' }],
    ['a Join around it', { 'Fn::Join': ['', ['arn:', { 'Fn::GetAtt': ['Group', 'GroupId'] }, '/x']] }],
    ['a piece of it', { 'Fn::Select': [4, { 'Fn::Split': [':', { 'Fn::Sub': 'a:${Group.Arn}' }] }] }],
    ['its encoding', { Deep: [{ 'Fn::Base64': { Ref: 'Group' } }] }],
    ['JSON around it', { 'Fn::ToJsonString': { a: { Ref: 'Group' } } }],
  ])('travels as a marker through %s, and is refused where it is used', (_name, template) => {
    const resolved = value(template);
    expect(() => requireKnown(resolved, 'dev/test Subject (Custom::Thing)', 'Properties.X')).toThrow(
      /^dev\/test Subject \(Custom::Thing\): Properties\.X\S* needs GroupId of dev\/network Workers \(AWS::EC2::SecurityGroup\), which has a value only on AWS/,
    );
  });

  test('names the path to it', () => {
    expect(() => requireKnown({ a: [{ b: groupId }] }, 'user', 'Properties.P')).toThrow(
      'user: Properties.P.a[0].b needs GroupId',
    );
  });
});

test('a dynamic reference is refused where it is used, also inside a longer text', () => {
  const resolved = value({
    'Fn::Join': ['', ['postgres://u:{{resolve:secretsmanager:', { Ref: 'Topic' }, ':SecretString}}@host']],
  });
  expect(() => requireKnown(resolved, 'user', 'Properties.P')).toThrow(
    /holds the dynamic reference {{resolve:secretsmanager:readings:SecretString}}/,
  );
});

describe('the order of resources', () => {
  test('finds references in lists, texts and substitutions', () => {
    const resource = {
      Type: 'Custom::Thing',
      DependsOn: ['D'],
      Properties: {
        a: [{ Ref: 'A' }],
        b: { 'Fn::Sub': 'x${B.Arn}${!No}' },
        c: { 'Fn::GetAtt': 'C.Arn' },
        e: { Ref: 'AWS::Region' },
      },
    };
    const Resources = Object.fromEntries(['A', 'B', 'C', 'D', 'No'].map((name) => [name, { Type: 'Custom::Thing' }]));
    expect(dependenciesOf(resource, { Resources }).sort()).toEqual(['A', 'B', 'C', 'D']);
  });

  /** `c: a b` is a resource c that depends on a and b. */
  const inOrder = (...resources: string[]) =>
    inDependencyOrder(
      resources.map((text) => {
        const [logicalId = '', ...dependsOn] = text.split(/:? /);
        return { logicalId, dependsOn };
      }),
      'dev/test',
    ).map(({ logicalId }) => logicalId);

  test('keeps the given order otherwise', () => {
    expect(inOrder('c: a', 'b', 'a')).toEqual(['a', 'c', 'b']);
  });

  test('names a circle', () => {
    expect(() => inOrder('a: b', 'b: c', 'c: a')).toThrow(
      'dev/test: resources depend on each other in a circle: a -> b -> c -> a.',
    );
  });
});
