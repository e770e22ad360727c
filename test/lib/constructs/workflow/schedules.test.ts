/** What a pipeline with a schedule has on AWS. */
import { expect, test } from 'vitest';
import { schedule } from '../../../../lib/declaration/index.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const nightly = schedule('nightly', {
  ...{ cron: '0 2 * * ? *', timeZone: 'Asia/Kolkata' },
  job: readings.jobs.show as never,
});
const { readings: template } = templatesOf({ pipelines: [{ ...readings, schedules: { nightly } }] });
const [machine = ''] = Object.entries(resourcesOf(template, 'AWS::StepFunctions::StateMachine'))
  .filter(([, { StateMachineName: name }]) => name)
  .map(([id]) => id);
const [[queue = ''] = []] = Object.entries(resourcesOf(template, 'AWS::SQS::Queue')).filter(([id]) =>
  id.startsWith('Schedules'),
);

test('a schedule starts the state machine with its job by the clock of its zone, to the minute, and is tried for an hour', () => {
  const [made] = Object.values(resourcesOf(template, 'AWS::Scheduler::Schedule'));
  expect(made).toMatchObject({
    Name: 'nightly',
    ...{ ScheduleExpression: 'cron(0 2 * * ? *)', ScheduleExpressionTimezone: 'Asia/Kolkata' },
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      ...{ Arn: { Ref: machine }, Input: '{"job":"show"}' },
      RetryPolicy: { MaximumRetryAttempts: 30, MaximumEventAgeInSeconds: 3_600 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue, 'Arn'] } },
    },
  });
  expect(Object.values(resourcesOf(template, 'AWS::Scheduler::ScheduleGroup'))).toMatchObject([
    { Name: 'millrace-dev-readings' },
  ]);
});

test('its role may start this machine and fill its queue, and is for Scheduler alone, for this group', () => {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) =>
    id.startsWith('Schedules'),
  );
  expect(policies.map(([, { PolicyDocument: document }]) => document)).toMatchObject([
    {
      Statement: [
        { Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: machine } },
        { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': [queue, 'Arn'] } },
      ],
    },
  ]);
  const [, role] =
    Object.entries(resourcesOf(template, 'AWS::IAM::Role')).find(([id]) => id.startsWith('Schedules')) ?? [];
  const trust = JSON.stringify(role?.AssumeRolePolicyDocument);
  expect(trust).toContain('"Service":"scheduler.amazonaws.com"');
  expect(trust).toContain(':schedule-group/millrace-dev-readings"');
});

test('somebody hears of an execution that was not started', () => {
  const alarms = Object.entries(resourcesOf(template, 'AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.startsWith('Schedules'),
  );
  expect(alarms).toMatchObject([
    [expect.anything(), { MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 }],
  ]);
  for (const [, { AlarmActions: actions }] of alarms) expect(actions).toHaveLength(1);
});

test('a pipeline without schedules has none of it', () => {
  const { readings: without } = templatesOf({ pipelines: [readings] });
  expect(Object.keys(without?.toJSON().Resources ?? {}).filter((id) => id.startsWith('Schedules'))).toEqual([]);
});
