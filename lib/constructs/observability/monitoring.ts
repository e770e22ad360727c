/**
 * Metrics, alarms and a dashboard of one pipeline, made from the lines that its jobs print: a log group comes in, a
 * dashboard goes out. Called by the pipeline stack.
 */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Pipeline } from '../../declaration/model.ts';
import type { ISparkApplication } from '../spark/spark-application.ts';

export interface MonitoringProps {
  readonly environment: string;
  readonly pipeline: Pipeline;
  readonly jobLogGroup: logs.ILogGroup;
  readonly stateMachine: StateMachine;
  readonly application: ISparkApplication;
  /** Ends of executions after which nobody could clean up. */
  readonly uncleaned: IQueue;
  /** Where alarms publish. */
  readonly alerts: ITopic;
}

/** Fields of a job's progress line, with how values of several micro-batches are put together. */
const PROGRESS = {
  rowsIn: 'Sum',
  rowsOut: 'Sum',
  droppedByWatermark: 'Sum',
  batchSeconds: 'Maximum',
  lag: 'Maximum',
} as const;

/** What a person watches while a pipeline runs, and is woken by. */
export class Monitoring extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { pipeline, environment } = props;
    const metrics = Object.fromEntries(
      Object.entries(PROGRESS).map(([field, statistic]) => {
        const filter = new logs.MetricFilter(this, field, {
          logGroup: props.jobLogGroup,
          filterPattern: logs.FilterPattern.stringValue('$.event', '=', 'progress'),
          metricNamespace: `Millrace/${environment}`,
          metricName: `${pipeline.name}.${field}`,
          metricValue: `$.${field}`,
        });
        return [field, filter.metric({ statistic, period: Duration.minutes(1) })] as const;
      }),
    ) as Record<keyof typeof PROGRESS, cloudwatch.Metric>;

    const jobFailures = new logs.MetricFilter(this, 'jobFailures', {
      logGroup: props.jobLogGroup,
      filterPattern: logs.FilterPattern.stringValue('$.event', '=', 'failed'),
      metricNamespace: `Millrace/${environment}`,
      metricName: `${pipeline.name}.jobFailures`,
      metricValue: '1',
    }).metric({ statistic: 'Sum', period: Duration.minutes(5) });

    const alarms = [
      props.uncleaned
        .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' })
        .createAlarm(this, 'Uncleaned', {
          alarmDescription: `Pipeline ${pipeline.name}: nobody cleaned up after an execution; a stream may run and cost money. See docs/runbook.md.`,
          threshold: 1,
          evaluationPeriods: 1,
          treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        }),
      metrics.droppedByWatermark.createAlarm(this, 'Dropped', {
        alarmDescription: `Pipeline ${pipeline.name}: the watermark dropped rows, which must never happen. See docs/runbook.md.`,
        threshold: 0,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }),
      // No execution watches a stream that goes on: its own last line is all that tells of its end.
      jobFailures.createAlarm(this, 'JobFailed', {
        alarmDescription: `Pipeline ${pipeline.name}: a job failed; where it was a stream that goes on, nothing runs now. See docs/runbook.md.`,
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }),
      props.stateMachine.metricFailed({ period: Duration.minutes(5) }).createAlarm(this, 'Failed', {
        alarmDescription: `Pipeline ${pipeline.name}: an execution failed. See docs/runbook.md.`,
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }),
    ];
    for (const alarm of alarms) alarm.addAlarmAction(new SnsAction(props.alerts));
    const graph = (title: string, left: cloudwatch.IMetric[]): cloudwatch.IWidget =>
      new cloudwatch.GraphWidget({ title, left, width: 12 });
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: `millrace-${environment}-${pipeline.name}`,
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 })],
        [graph('Rows in and out', [metrics.rowsIn, metrics.rowsOut]), graph('Lag in records', [metrics.lag])],
        [
          graph('Seconds a micro-batch', [metrics.batchSeconds]),
          graph('Executions', [props.stateMachine.metricSucceeded(), props.stateMachine.metricFailed()]),
        ],
        [
          graph('Job runs', [props.application.metricRunningJobs(), props.application.metricFailedJobs()]),
          new cloudwatch.LogQueryWidget({
            title: 'Last failures of jobs',
            logGroupNames: [props.jobLogGroup.logGroupName],
            queryLines: [
              'fields @timestamp, job, code, message',
              'filter event = "failed"',
              'sort @timestamp desc',
              'limit 20',
            ],
            width: 12,
          }),
        ],
      ],
    });
  }
}
