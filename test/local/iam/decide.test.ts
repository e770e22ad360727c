/** What the synthesized policies have no example of; all else is compared with a simulator in `test/aws/decisions.test.ts`. */
import { expect, test } from 'vitest';
import { Account } from '../../../local/iam/decide.ts';

const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const arn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const everything = policy({ Effect: 'Allow', Action: '*', Resource: '*' });

function accountWith(document: object, more: { bucket?: object; trust?: object } = {}) {
  const { trust = policy(), bucket } = more;
  const role = (name: string) => ({
    arn: arn(name),
    name,
    stack: 'dev/tiny',
    logicalId: 'Role',
    accessKeyId: 'ASIA',
    secretAccessKey: '',
    sessionToken: '',
    trust,
    policies: [{ name: 'P', document }],
  });
  const resources = bucket ? [{ arn: 'arn:aws:s3:::data', policy: bucket }] : [];
  const account = new Account({ roles: [role('count'), role('other')], resources, endpoints: [] });
  return (action: string, resource: string, context = {}) =>
    account.decide({ principal: arn('count'), action, resource, context });
}

test('who may be a role is said by its trust policy alone, and who may use a key by that of the key', () => {
  expect(accountWith(everything)('s3:GetObject', 'arn:aws:s3:::data/a').allowed).toBe(true);
  expect(accountWith(everything)('sts:AssumeRole', arn('other')).allowed).toBe(false);
  expect(accountWith(everything)('kms:Decrypt', 'arn:aws:kms:us-east-1:000000000000:key/1').allowed).toBe(false);
  const trust = policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: arn('count') } });
  expect(accountWith(policy(), { trust })('sts:AssumeRole', arn('other')).allowed).toBe(true);
});

test('the policy of a bucket allows alone, and denies whatever a role may', () => {
  const all = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*', Principal: '*' };
  const allowing = accountWith(policy(), { bucket: policy({ Effect: 'Allow', ...all }) });
  expect(allowing('s3:GetObject', 'arn:aws:s3:::data/a').allowed).toBe(true);
  expect(allowing('s3:GetObject', 'arn:aws:s3:::data-too/a').allowed).toBe(false);
  const denying = accountWith(everything, { bucket: policy({ Effect: 'Deny', Sid: 'No', ...all }) });
  expect(denying('s3:GetObject', 'arn:aws:s3:::data/a')).toMatchObject({
    decision: 'explicitDeny',
    reason: 'count may not s3:GetObject on arn:aws:s3:::data/a: denied by policy of arn:aws:s3:::data/No.',
  });
});

test('everybody is services too, however a statement says it', () => {
  const all = { Action: 's3:PutObject', Resource: 'arn:aws:s3:::data/*' };
  const service = 'logging.s3.amazonaws.com';
  const allow = { Effect: 'Allow', Principal: { Service: service }, ...all };
  const request = { principal: service, action: 's3:PutObject', resource: 'arn:aws:s3:::data/a' };
  const decided = [
    [],
    [{ Effect: 'Deny', Principal: '*', ...all }],
    [{ Effect: 'Deny', Principal: { AWS: '*' }, ...all }],
  ].map((denies) => {
    const resources = [{ arn: 'arn:aws:s3:::data', policy: policy(allow, ...denies) }];
    return new Account({ roles: [], resources, endpoints: [] }).decide(request).decision;
  });
  expect(decided).toEqual(['allowed', 'explicitDeny', 'explicitDeny']);
});

test('a list of values meets only an operator over all values, and no value meets it too', () => {
  const keys = (operator: string) =>
    policy({
      Effect: 'Allow',
      Action: '*',
      Resource: '*',
      Condition: { [operator]: { 'dynamodb:LeadingKeys': ['a', 'b'] } },
    });
  const context = (...values: string[]) => ({ 'dynamodb:LeadingKeys': values });
  const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/locks';
  const each = accountWith(keys('ForAllValues:StringEquals'));
  expect(each('dynamodb:GetItem', table, context('a', 'b')).allowed).toBe(true);
  expect(each('dynamodb:GetItem', table, context('a', 'c')).allowed).toBe(false);
  expect(each('dynamodb:GetItem', table).allowed).toBe(true);
  expect(accountWith(keys('StringEquals'))('dynamodb:GetItem', table, context('a', 'b')).allowed).toBe(false);
});

test('somebody who is no role here may nothing', () => {
  const account = new Account({ roles: [], resources: [], endpoints: [] });
  const decision = account.decide({ principal: arn('gone'), action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' });
  expect(decision).toMatchObject({ allowed: false, decision: 'implicitDeny' });
});

test.each([
  ['checkpoints/tiny/count-words/query/commits/1', 'kind "stream" has this checkpoint'],
  ['input/tiny/lines.csv', 'add the file to its reads'],
  ['results/tiny/one/part-0', 'add the folder "results" to its writes'],
])('what would grant a job to write %s is said in words of its declaration', (key, remedy) => {
  const role = { arn: arn('job'), name: 'job', stack: 'dev/tiny', logicalId: 'Role', job: 'tiny/countWords' };
  const signs = { accessKeyId: 'ASIA', secretAccessKey: '', sessionToken: '', trust: policy(), policies: [] };
  const account = new Account({ roles: [{ ...role, ...signs }], resources: [], endpoints: [] });
  const asked = { principal: arn('job'), action: 's3:PutObject', resource: `arn:aws:s3:::data/${key}` };
  expect(account.decide(asked).reason).toContain(remedy);
});
