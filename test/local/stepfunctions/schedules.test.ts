/** Deployed schedules: when they come next, and what they may start. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { Deployment } from '../../../local/cloudformation/index.ts';
import type { Home } from '../../../local/home.ts';
import { writeAccess } from '../../../local/iam/access.ts';
import { scheduledInput, schedulesOf } from '../../../local/stepfunctions/schedules.ts';
import { temporaryHome } from '../support/deployed-words.ts';

const ROLE = 'arn:aws:iam::000000000000:role/start';
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:millrace-dev-tiny';
const GROUP = 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/millrace-dev-tiny';

const resource = (type: string, physicalId: string, properties: object, attributes: object = {}) => ({
  ...{ stack: 'dev/tiny', logicalId: physicalId, type, physicalId },
  ...{ properties: { ...properties }, attributes: { ...attributes } },
});
const deployment: Deployment = {
  ...{ environment: 'dev', deployedAt: '2026-01-31T13:00:00.000Z', outputs: {} },
  resources: [
    resource('AWS::Scheduler::ScheduleGroup', 'millrace-dev-tiny', { Name: 'millrace-dev-tiny' }, { Arn: GROUP }),
    resource('AWS::Scheduler::Schedule', 'nightly', {
      ...{ Name: 'nightly', GroupName: 'millrace-dev-tiny' },
      ...{ ScheduleExpression: 'cron(30 2 * * ? *)', ScheduleExpressionTimezone: 'Asia/Kolkata' },
      Target: { Arn: MACHINE, RoleArn: ROLE, Input: '{"job":"show"}' },
    }),
  ],
};

let home: Home;
beforeEach(() => {
  home = temporaryHome();
});

function allow(action: string, group = GROUP): void {
  const Version = '2012-10-17';
  const statement = { Effect: 'Allow', Action: action, Resource: MACHINE };
  const trusted = {
    ...{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'scheduler.amazonaws.com' } },
    Condition: { ArnEquals: { 'aws:SourceArn': group } },
  };
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' };
  const role = {
    ...{ ...credentials, arn: ROLE, name: 'start', stack: 'dev/tiny', logicalId: 'Role' },
    trust: { Version, Statement: [trusted] },
    policies: [{ name: 'own', document: { Version, Statement: [statement] } }],
  };
  writeAccess(home, { roles: [role], resources: [], endpoints: [] });
}

test('a schedule starts what its target says, if its role may', () => {
  allow('states:StartExecution');
  expect(scheduledInput(home, deployment, 'tiny', 'nightly')).toEqual({ job: 'show' });
});

test.each([
  ['a role that may not start the machine', 'states:DescribeExecution', GROUP, 'start may not states:StartExecution'],
  ['a role that is for another group', 'states:StartExecution', `${GROUP}-other`, 'may not sts:AssumeRole'],
])('%s starts nothing', (_, action, group, reason) => {
  allow(action, group);
  expect(() => scheduledInput(home, deployment, 'tiny', 'nightly')).toThrow(reason);
});

test('one that is not deployed is asked for', () => {
  expect(() => scheduledInput(home, deployment, 'tiny', 'weekly')).toThrow(
    'Schedule "weekly" of tiny is not deployed here. Run "npx millrace up" first.',
  );
});

test('people see when it comes next', () => {
  vi.useFakeTimers({ now: Date.parse('2026-05-21T20:00:00Z'), toFake: ['Date'] });
  expect(schedulesOf(deployment, 'tiny', 2)).toEqual([
    { name: 'nightly', next: ['2026-05-22 02:30 Asia/Kolkata', '2026-05-23 02:30 Asia/Kolkata'] },
  ]);
  expect(schedulesOf(deployment, 'other', 2)).toEqual([]);
  vi.useRealTimers();
});
