/** Metrics, alarms and a dashboard of one pipeline, made from the lines that its jobs print. */
import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { outputPrefix } from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { SparkApplicationBase } from '../spark/spark-application.ts';
import type { DataBucket } from '../storage/data-bucket.ts';
import { ResultsTable } from './results-table.ts';

export interface MonitoringProps {
  readonly environment: string;
  readonly pipeline: Pipeline;
  readonly jobLogGroup: logs.ILogGroup;
  readonly stateMachine: StateMachine;
  /** Where jobs leave results. */
  readonly bucket: DataBucket;
  readonly application: SparkApplicationBase;
  /** Ends of executions after which nobody could clean up. */
  readonly uncleaned: IQueue;
  readonly alerts: ITopic;
  readonly logRetentionDays: number;
}

/** Numbers in the lines of jobs: the event of the line, and how values of several lines are put together. */
const NUMBERS = {
  rowsIn: ['progress', 'Sum'],
  rowsOut: ['progress', 'Sum'],
  deadLetterRows: ['progress', 'Sum'],
  droppedByWatermark: ['progress', 'Sum'],
  batchSeconds: ['progress', 'Maximum'],
  lag: ['progress', 'Maximum'],
  silence: ['heartbeat', 'Maximum'],
} as const;

/** Seconds for which a query may tell nothing: longer than any micro-batch that is worth waiting for. */
const LONGEST_SILENCE = 900;

/** Minutes for which each micro-batch may leave records behind. */
const LAGGING_MINUTES = 30;

/** What a person watches while a pipeline runs, and is woken by. */
export class Monitoring extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { pipeline, environment } = props;
    const { report } = pipeline;
    const metrics = Object.fromEntries(
      Object.entries(NUMBERS).map(([field, [event, statistic]]) => {
        const filter = new logs.MetricFilter(this, field, {
          logGroup: props.jobLogGroup,
          filterPattern: logs.FilterPattern.stringValue('$.event', '=', event),
          metricNamespace: `Millrace/${environment}`,
          metricName: `${pipeline.name}.${field}`,
          metricValue: `$.${field}`,
        });
        return [field, filter.metric({ statistic, period: Duration.minutes(1) })] as const;
      }),
    ) as Record<keyof typeof NUMBERS, cloudwatch.Metric>;

    // Which reasons there are is known by the job; each makes a metric when it first occurs.
    new logs.MetricFilter(this, 'deadLetters', {
      logGroup: props.jobLogGroup,
      filterPattern: logs.FilterPattern.stringValue('$.event', '=', 'dead-letters'),
      metricNamespace: `Millrace/${environment}`,
      metricName: `${pipeline.name}.deadLetters`,
      metricValue: '$.rows',
      dimensions: { Reason: '$.reason' },
    });
    const byReason = new cloudwatch.MathExpression({
      expression: `SEARCH('{Millrace/${environment},Reason} MetricName="${pipeline.name}.deadLetters"', 'Sum', 60)`,
      label: '',
      usingMetrics: {},
      period: Duration.minutes(1),
    });

    const alarm = (
      name: string,
      metric: cloudwatch.Metric,
      what: string,
      { threshold = 1, evaluationPeriods = 1 } = {},
    ): cloudwatch.Alarm =>
      metric.createAlarm(this, name, {
        alarmDescription: `Pipeline ${pipeline.name}: ${what} See docs/runbook.md.`,
        threshold,
        evaluationPeriods,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
    const period = Duration.minutes(5);
    const leastLag = metrics.lag.with({ period, statistic: 'Minimum' });
    const uncleaned = props.uncleaned.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' });
    const alarms = [
      // Only a driver that lives prints the line, so that no data means no stream; of one that dies tells the rule on failed job runs.
      alarm('Silent', metrics.silence, 'a stream runs, but its query has told nothing for a quarter of an hour.', {
        threshold: LONGEST_SILENCE,
      }),
      alarm('Lagging', leastLag, 'for half an hour a stream has not caught up with its topic.', {
        evaluationPeriods: LAGGING_MINUTES / period.toMinutes(),
      }),
      alarm('Uncleaned', uncleaned, 'nobody cleaned up after an execution; a stream may run and cost money.'),
      alarm('Dropped', metrics.droppedByWatermark, 'the watermark dropped rows, which must never happen.'),
      alarm('Failed', props.stateMachine.metricFailed({ period }), 'an execution failed.'),
    ];
    for (const each of alarms) each.addAlarmAction(new SnsAction(props.alerts));
    const graph = (title: string, left: cloudwatch.IMetric[]): cloudwatch.IWidget =>
      new cloudwatch.GraphWidget({ title, left, width: 12 });
    const query = (title: string, queryLines: string[]): cloudwatch.IWidget =>
      new cloudwatch.LogQueryWidget({ title, queryLines, logGroupNames: [props.jobLogGroup.logGroupName], width: 12 });
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: `millrace-${environment}-${pipeline.name}`,
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 })],
        [new cloudwatch.TextWidget({ markdown: this.whereResultsAre(props), width: 24, height: 4 })],
        ...(report ? [[new ResultsTable(this, 'Results', { ...props, report }).widget]] : []),
        [
          graph('Rows in, out and not usable', [metrics.rowsIn, metrics.rowsOut, metrics.deadLetterRows]),
          graph('Dead letters by reason', [byReason]),
        ],
        [
          graph('Lag in records', [metrics.lag]),
          graph('Seconds a micro-batch, and without a word of a query', [metrics.batchSeconds, metrics.silence]),
        ],
        [
          graph('Executions', [props.stateMachine.metricSucceeded(), props.stateMachine.metricFailed()]),
          graph('Job runs', [props.application.metricRunningJobs(), props.application.metricFailedJobs()]),
        ],
        [
          query('Last failures of jobs', [
            'fields @timestamp, job, code, message',
            'filter event = "failed"',
            'sort @timestamp desc',
            'limit 20',
          ]),
        ],
      ],
    });
  }

  /** Links, and the command that shows the rest. */
  private whereResultsAre({ environment, pipeline, stateMachine, bucket }: MonitoringProps): string {
    const { region } = Stack.of(this);
    const { bucketName } = bucket;
    const console = `https://${region}.console.aws.amazon.com`;
    const executions = `${console}/states/home?region=${region}#/statemachines/view/${stateMachine.stateMachineArn}`;
    const results = (folder: string): string =>
      `${console}/s3/buckets/${bucketName}?region=${region}&prefix=${outputPrefix(pipeline.name, folder)}/`;
    return [
      `[Executions](${executions}), the newest first`,
      ...(pipeline.report ? [`[Results](${results(pipeline.report.folder.name)}), a folder for each execution`] : []),
      `Its report as one file, with table, chart, flow and states: \`npx millrace report --pipeline ${pipeline.name} --from s3://${bucketName} --region ${region} --env ${environment}\``,
    ].join('\n\n');
  }
}
