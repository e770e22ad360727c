/** The schedules of a pipeline: EventBridge Scheduler starts its state machine with one job, and keeps in a queue what it could not start. */
import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Pipeline } from '../../declaration/pipeline.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';

export interface SchedulesProps {
  readonly pipeline: Pipeline;
  /** Name of the group that its schedules are in. */
  readonly groupName: string;
  readonly stateMachine: StateMachine;
}

/** A start that does not succeed is tried again for an hour: later its time is over. */
const RETRY = { maximumRetryAttempts: 30, maximumEventAgeInSeconds: 3_600 };

/** All of them, in a group of their own. */
export class Schedules extends Construct {
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, { pipeline, groupName, stateMachine }: SchedulesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { stateMachineArn } = stateMachine;
    const group = new CfnScheduleGroup(this, 'Group', { name: groupName });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnEquals: {
            'aws:SourceArn': stack.formatArn({
              service: 'scheduler',
              resource: 'schedule-group',
              resourceName: groupName,
            }),
          },
        },
      }),
    });
    const missed = new sqs.Queue(this, 'Missed', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const itself = 'It is a dead-letter queue itself.';
    acknowledge(missed, { 'AwsSolutions-SQS3': itself, 'Serverless-SQSRedrivePolicy': itself });
    allow(role, ['states:StartExecution'], [stateMachineArn]);
    allow(role, ['sqs:SendMessage'], [missed.queueArn]);
    for (const [alias, schedule] of Object.entries(pipeline.schedules ?? {})) {
      const { cron, timeZone } = schedule.props;
      const made = new CfnSchedule(this, `Schedule-${alias}`, {
        name: schedule.name,
        groupName: group.ref,
        description: `Schedule ${schedule.name} of pipeline ${pipeline.name}`,
        scheduleExpression: `cron(${cron})`,
        scheduleExpressionTimezone: timeZone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: stateMachineArn,
          roleArn: role.roleArn,
          input: JSON.stringify(schedule.input(pipeline)),
          retryPolicy: RETRY,
          deadLetterConfig: { arn: missed.queueArn },
        },
      });
      made.node.addDependency(role);
    }
    this.alarm = missed
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' })
      .createAlarm(this, 'Late', {
        alarmDescription: `Pipeline ${pipeline.name}: an execution was not started at its time. See docs/runbook.md.`,
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
  }
}
