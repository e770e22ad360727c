/** What of the policy language is known, and that the rest is refused. That what is known is decided as on AWS is tested with the synthesized policies. */
import { describe, expect, test } from 'vitest';
import { type PolicyKind, readPolicy } from '../../../local/iam/policy.ts';

const Version = '2012-10-17';
const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
const condition = (Condition: unknown) => ({ ...statement, Condition });
const standing = (Principal: unknown) => ({ ...statement, Principal });
const read = (one: unknown, kind: PolicyKind = 'identity') => readPolicy('P', { Version, Statement: [one] }, kind);

describe('an error at load, never an allow', () => {
  const cases: readonly [string, unknown, PolicyKind?][] = [
    ['NotAction', { ...statement, NotAction: 's3:PutObject' }],
    ['NotResource', { Effect: 'Allow', Action: '*', NotResource: '*' }],
    ['a principal in a policy of an identity', standing('*')],
    ['an effect of its own', { ...statement, Effect: 'Permit' }],
    ['no action', { Effect: 'Allow', Resource: '*' }],
    ['an action without a service', { ...statement, Action: 'GetObject' }],
    ['a resource that is no ARN', { ...statement, Resource: 'data/*' }],
    ['a policy variable in a resource', { ...statement, Resource: `arn:aws:s3:::data/\${aws:username}/*` }],
    ['an operator', condition({ NumericLessThan: { 's3:prefix': '1' } })],
    ['IfExists', condition({ StringEqualsIfExists: { 's3:prefix': 'a' } })],
    ['ForAnyValue', condition({ 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': 'a' } })],
    ['a condition key that no request carries', condition({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } })],
    ['a policy variable in a condition', condition({ StringLike: { 's3:prefix': `\${aws:username}` } })],
    ['a resource of a trust policy', standing('*'), 'trust'],
    ['no principal', statement, 'resource'],
    ['NotPrincipal', { ...statement, NotPrincipal: '*' }, 'resource'],
    ['a whole account', standing({ AWS: '111111111111' }), 'resource'],
    ['roles by a wildcard', standing({ AWS: 'arn:aws:iam::111111111111:role/*' }), 'resource'],
    ['somebody federated', standing({ Federated: 'idp' }), 'resource'],
  ];
  test.each(cases)('%s', (_, one, kind) => {
    expect(() => read(one, kind)).toThrow(expect.objectContaining({ code: 'ACCESS_POLICY' }));
  });

  test('another version, another element of the document', () => {
    for (const document of [{ Statement: [statement] }, { Version, Statement: [], Rule: [] }, undefined]) {
      expect(() => readPolicy('P', document, 'identity')).toThrow(expect.objectContaining({ code: 'ACCESS_POLICY' }));
    }
  });

  test('says where, what and what is allowed', () => {
    const refused = () => read(condition({ StringEquals: { 'aws:SourceIp': '10.0.0.0/8' } }));
    expect(refused).toThrow(
      /^P statement 0: the condition key "aws:SourceIp" cannot be decided on this machine. Allowed: /,
    );
  });
});

test('a role of an environment with a key of its own is read, and may use the key in no other way', () => {
  const use = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: 'arn:aws:kms:us-east-1:000000000000:key/1' };
  const [statement] = read({ ...use, Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } } });
  expect(statement?.conditions.map(({ holds }) => holds({}))).toEqual([false]);
});

test('what only AWS has a name for is matched by nothing', () => {
  const [one] = read({ ...statement, Resource: 'arn:aws:s3:::⟦only on AWS: Arn of B⟧' });
  expect(one?.resources[0]?.matches('arn:aws:s3:::⟦only on AWS: Arn of B⟧')).toBe(false);
});
