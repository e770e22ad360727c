/** What was granted beside what was asked for, and what a person is shown of it. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { textOf } from '../../../local/cli/access.ts';
import { millraceHome } from '../../../local/home.ts';
import { accessFile, credentialVariables, readAccess, tokenOf, writeAccess } from '../../../local/iam/access.ts';
import { DecisionLog, readDecisions } from '../../../local/iam/decision-log.ts';
import { DecisionPoint } from '../../../local/iam/decision-point.ts';
import { accessOf } from '../../../local/iam/deployed-access.ts';
import { usageOf } from '../../../local/iam/usage.ts';

const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
const roleArn = 'arn:aws:iam::000000000000:role/Jobcount';
const topic = 'arn:aws:kafka:us-east-1:000000000000:topic/dev/1/tiny.words';
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });

const deployed = (statements: object[]) => [
  {
    stack: 'dev/tiny',
    logicalId: 'Role',
    type: 'AWS::IAM::Role',
    physicalId: 'Jobcount',
    attributes: { Arn: roleArn },
    properties: {
      AssumeRolePolicyDocument: policy({
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'emr-serverless.amazonaws.com' },
      }),
    },
  },
  {
    stack: 'dev/tiny',
    logicalId: 'Policy',
    type: 'AWS::IAM::Policy',
    physicalId: 'Policy',
    attributes: {},
    properties: { Roles: ['Jobcount'], PolicyDocument: policy(...statements) },
  },
  {
    stack: 'dev/tiny',
    logicalId: 'Machine',
    type: 'AWS::StepFunctions::StateMachine',
    physicalId: 'machine',
    attributes: {},
    properties: {
      DefinitionString: JSON.stringify({
        States: {
          Prepare: { Parameters: { Payload: { plan: { pipeline: 'tiny' }, starts: { count: { roleArn } } } } },
        },
      }),
    },
  },
  {
    stack: 'dev/tiny',
    logicalId: 'Gateway',
    type: 'AWS::EC2::VPCEndpoint',
    physicalId: 'vpce',
    attributes: {},
    properties: {
      ServiceName: 'com.amazonaws.us-east-1.s3',
      PolicyDocument: policy({
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::data/*',
        Principal: { AWS: '*' },
      }),
    },
  },
];
const reads = { Effect: 'Allow', Action: ['kafka-cluster:ReadData', 'kafka-cluster:DescribeTopic'], Resource: topic };
const objects = { Effect: 'Allow', Action: 's3:GetObject', Resource: ['arn:aws:s3:::data/*', 'arn:aws:s3:::other/*'] };
const logs = { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' };

const deploy = (...statements: object[]) => writeAccess(home, accessOf(deployed(statements), readAccess(home)));
const usage = () => usageOf(readAccess(home), readDecisions(home), () => true);
const ask = (action: string, resource: string) =>
  new DecisionPoint(home).decide({ principal: roleArn, action, resource });

beforeAll(() => deploy(reads, objects, logs));
afterAll(() => rmSync(home.root, { recursive: true }));

test('credentials are random, readable for nobody else, and kept as long as the role is there', () => {
  const before = credentialVariables(home, roleArn);
  expect(before.AWS_ACCESS_KEY_ID).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(statSync(accessFile(home)).mode & 0o777).toBe(0o600);
  expect(statSync(home.iam).mode & 0o777).toBe(0o700);
  deploy(reads, objects, logs);
  expect(credentialVariables(home, roleArn)).toEqual(before);
  expect(credentialVariables(home, `${roleArn}-gone`)).toEqual({});
  expect(before.AWS_SECRET_ACCESS_KEY).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(before.AWS_SESSION_TOKEN).toMatch(/^[A-Za-z0-9+/]{120}$/);
  expect(tokenOf(home)).toMatch(/^[0-9a-f]{64}$/);
});

test('of denials the first thousand that differ are kept, for nobody else to read', () => {
  const other = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
  const log = new DecisionLog(other);
  const denied = { allowed: false, decision: 'implicitDeny', reason: 'no', statements: [] } as const;
  for (let index = 0; index <= 1_000; index += 1) {
    log.note(
      'Jobcount',
      { principal: roleArn, action: 's3:GetObject', resource: `arn:aws:s3:::data/${index}` },
      denied,
    );
  }
  expect(readDecisions(other)).toHaveLength(1_000);
  expect(statSync(join(other.iam, 'decisions.jsonl')).mode & 0o777).toBe(0o600);
  rmSync(other.root, { recursive: true });
});

test('how often a request came again is told within five seconds', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const other = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
  const log = new DecisionLog(other);
  const request = { principal: roleArn, action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' };
  const allowed = { allowed: true, decision: 'allowed', reason: 'allowed', statements: [] } as const;
  for (let times = 0; times < 3; times += 1) log.note('Jobcount', request, allowed);
  expect(readDecisions(other).map(({ count }) => count)).toEqual([1]);
  vi.advanceTimersByTime(5_000);
  expect(readDecisions(other).map(({ count }) => count)).toEqual([1, 2]);
  rmSync(other.root, { recursive: true });
});

describe('access', () => {
  test('counts as exercised what allowed a request, and says of the rest whether it can be', () => {
    expect(ask('kafka-cluster:ReadData', topic).allowed).toBe(true);
    expect(ask('s3:GetObject', 'arn:aws:s3:::data/a').allowed).toBe(true);
    expect(ask('s3:GetObject', 'arn:aws:s3:::data/b').allowed).toBe(true);
    const [role] = usage().roles;
    expect(role?.exercised.map(({ action }) => action)).toEqual(['kafka-cluster:ReadData', 's3:GetObject']);
    expect(role?.granted).toHaveLength(5);
    expect(role?.unused.map(({ action, onlyOnAws }) => [action, onlyOnAws !== undefined])).toEqual([
      ['kafka-cluster:DescribeTopic', false],
      ['s3:GetObject', false],
      ['logs:PutLogEvents', true],
    ]);
    expect(usage().ratio).toBe(0.4);
  });

  test('of a role that nothing took says so', () => {
    const [role] = usageOf(readAccess(home), [], () => true).roles;
    expect(role?.unused.map(({ onlyOnAws }) => onlyOnAws)).toContain('nothing on this machine has taken this role');
  });

  test('of groups says that Spark asks for none', () => {
    const grant = { ...reads, Action: ['kafka-cluster:AlterGroup', 'kafka-cluster:ReadData'] };
    const [role] = usageOf(accessOf(deployed([grant]), readAccess(home)), readDecisions(home), () => true).roles;
    expect(role?.exercised.map(({ action }) => action)).toEqual(['kafka-cluster:ReadData']);
    expect(role?.unused.map(({ onlyOnAws }) => onlyOnAws)).toEqual([expect.stringContaining('Spark')]);
  });

  test('lists denials first, with what would grant them, until they are granted', () => {
    const refused = ask('kafka-cluster:WriteData', topic);
    expect(refused).toMatchObject({ allowed: false, decision: 'implicitDeny' });
    expect(refused.reason).toBe(
      `Jobcount may not kafka-cluster:WriteData on ${topic}: no statement of Policy allows it. ` +
        `Declared by tiny's job count (pipelines/tiny/pipeline.ts): add the topic "tiny.words" to its writes.`,
    );
    // The role would allow it, and the way there does not.
    expect(ask('s3:GetObject', 'arn:aws:s3:::other/a').reason).toContain(
      'no statement of the policy of the s3 endpoint',
    );
    expect(usage().denied.map(({ action }) => action)).toEqual(['kafka-cluster:WriteData', 's3:GetObject']);
    expect(textOf(usage())).toMatch(/^Denied\n {2}\S+ \S+ UTC\n {4}Jobcount may not kafka-cluster:WriteData/);
    deploy(reads, objects, logs, { ...reads, Action: 'kafka-cluster:WriteData' });
    expect(usage().denied.map(({ action }) => action)).toEqual(['s3:GetObject']);
  });

  test('is one line for a role, its count and what was unused', () => {
    const text = textOf(usage());
    expect(text).toContain('Jobcount (job count of tiny): 2 of 6\n  not asked for so far\n');
    expect(text).toContain('    kafka-cluster: DescribeTopic, WriteData on topic/dev/1/tiny.words\n');
    expect(text).toMatch(
      /\n2 of 6 grants were exercised here \(33 %\); 3 could have been; 1 are asked for on AWS alone/,
    );
  });
});

test('a point whose home was purged decides nothing and writes nothing', () => {
  const purged = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
  rmSync(purged.root, { recursive: true });
  const point = new DecisionPoint(purged);
  expect(point.decide({ principal: roleArn, action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' }).allowed).toBe(
    false,
  );
  expect(existsSync(purged.root)).toBe(false);
});
