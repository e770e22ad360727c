/** Who hears of trouble: alarms, the topic they publish to, the spend limit, and what a person is told after a deployment. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { databaseOf } from '../../../../lib/declaration/flow.ts';
import { loadPipelines } from '../../../../lib/declaration/load.ts';
import { listAt } from '../../../aws/support/json.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const stacks = templatesOf({ environment: { alarmEmail: 'somebody@example.com', monthlySpendLimit: 700 } });
/** Every pipeline's stack is made alike, with more where it has a database; the first one stands for all. */
const [first] = (await loadPipelines()).filter((one) => databaseOf(one) === undefined);
const pipeline = first?.name ?? '';
const ALARM = 'AWS::CloudWatch::Alarm';

interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly alarms?: readonly unknown[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly query?: string;
  };
}

describe('alarms', () => {
  test('are not all: a job run that failed is told of as it happens, whoever waits for it', () => {
    const rules = Object.values(resourcesOf(stacks.processing, 'AWS::Events::Rule'));
    expect(rules).toMatchObject([
      {
        EventPattern: {
          source: ['aws.emr-serverless'],
          'detail-type': ['EMR Serverless Job Run State Change'],
          detail: {
            applicationId: [{ 'Fn::GetAtt': [expect.stringMatching('^Spark'), 'ApplicationId'] }],
            state: ['FAILED'],
          },
        },
      },
    ]);
    const [{ Targets: targets } = {}] = rules;
    expect(JSON.stringify(targets)).toContain('AlertsTopic');
    expect(JSON.stringify(targets)).toContain('aws emr-serverless get-job-run');
  });

  test('all publish to the topic', () => {
    const alarms = ['streaming', pipeline].flatMap((stack) => Object.entries(resourcesOf(stacks[stack], ALARM)));
    expect(alarms.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'MonitoringDropped',
      'MonitoringFailed',
      'MonitoringLagging',
      'MonitoringSilent',
      'MonitoringUncleaned',
      'RegistryBalancerHealth',
      'RegistryDatabaseStorage',
    ]);
    for (const [id, alarm] of alarms) {
      expect([id, JSON.stringify(alarm.AlarmActions)]).toEqual([id, expect.stringContaining('AlertsTopic')]);
    }
  });

  test('tell of a stream that hangs while its driver lives, and of one that does not catch up; no data is no stream', () => {
    const alarms = Object.entries(resourcesOf(stacks[pipeline], ALARM));
    const of = (name: string) => alarms.find(([id]) => id.startsWith(`Monitoring${name}`))?.[1];
    expect(of('Silent')).toMatchObject({
      MetricName: `${pipeline}.silence`,
      Statistic: 'Maximum',
      Period: 60,
      Threshold: 900,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(of('Lagging')).toMatchObject({
      MetricName: `${pipeline}.lag`,
      Statistic: 'Minimum',
      Period: 300,
      Threshold: 1,
      EvaluationPeriods: 6,
      TreatMissingData: 'notBreaching',
    });
    const [dashboard] = Object.values(resourcesOf(stacks[pipeline], 'AWS::CloudWatch::Dashboard'));
    for (const field of ['lag', 'silence']) expect(JSON.stringify(dashboard)).toContain(`${pipeline}.${field}`);
  });

  test('stand above where executions and results are, and the command that makes a report of them', () => {
    const [dashboard] = Object.values(resourcesOf(stacks[pipeline], 'AWS::CloudWatch::Dashboard'));
    const text = JSON.stringify(dashboard?.DashboardBody);
    expect(text).toContain(`npx millrace report --pipeline ${pipeline} --from s3://`);
    expect(text).toContain(`&prefix=${first?.report?.folder.name}/${pipeline}/`);
    expect(text).toContain('#/statemachines/view/');
  });

  test('reach the address that the environment names', () => {
    stacks.network?.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'somebody@example.com',
    });
    templatesOf().network?.resourceCountIs('AWS::SNS::Subscription', 0);
  });

  test('come from CloudWatch and Budgets of this account, and from rules, encrypted on their way', () => {
    stacks.network?.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
          Match.objectLike({
            Principal: { Service: 'events.amazonaws.com' },
            // EventBridge's user guide: policies of topics cannot have conditions for it.
            Condition: Match.absent(),
          }),
        ]),
      },
    });
  });
});

test('the bill is told of before and when it reaches the limit', () => {
  stacks.network?.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 700, Unit: 'USD' } },
    NotificationsWithSubscribers: [
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ].map(([NotificationType, Threshold]) =>
      Match.objectLike({
        Notification: Match.objectLike({ NotificationType, Threshold, ThresholdType: 'PERCENTAGE' }),
      }),
    ),
  });
});

test('each progress line counts once, dead letters among its numbers', () => {
  const filters = Object.values(resourcesOf(stacks[pipeline], 'AWS::Logs::MetricFilter'));
  const values = filters.map(({ FilterPattern: pattern, MetricTransformations: transformations }) => [
    pattern,
    (transformations as { MetricValue: string }[])[0]?.MetricValue,
  ]);
  const progress = ['batchSeconds', 'deadLetterRows', 'droppedByWatermark', 'lag', 'rowsIn', 'rowsOut'];
  expect(values.sort()).toEqual([
    ['{ $.event = "dead-letters" }', '$.rows'],
    ['{ $.event = "heartbeat" }', '$.silence'],
    ...progress.map((field) => ['{ $.event = "progress" }', `$.${field}`]),
  ]);
});

test('dead letters are counted by reason, whichever reasons a pipeline has', () => {
  stacks[pipeline]?.hasResourceProperties('AWS::Logs::MetricFilter', {
    MetricTransformations: [
      Match.objectLike({
        MetricName: `${pipeline}.deadLetters`,
        Dimensions: [{ Key: 'Reason', Value: '$.reason' }],
        DefaultValue: Match.absent(),
      }),
    ],
  });
  const [dashboard] = Object.values(resourcesOf(stacks[pipeline], 'AWS::CloudWatch::Dashboard'));
  expect(JSON.stringify(dashboard)).toContain(`SEARCH('{Millrace/dev,Reason} MetricName=`);
});

test('the dashboard shows the alarms, and each number as it is put together', () => {
  const [dashboard] = Object.values(resourcesOf(stacks[pipeline], 'AWS::CloudWatch::Dashboard'));
  const parts = listAt(dashboard, 'DashboardBody.Fn::Join.1');
  const body = JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'X')).join('')) as {
    widgets: Widget[];
  };
  const alarms = body.widgets.find(({ type }) => type === 'alarm');
  expect(alarms?.properties.alarms).toHaveLength(5);
  const shown = body.widgets.flatMap(({ properties: { title = '', metrics = [] } }) =>
    metrics.map((metric) => {
      const options = Object(metric.at(-1)) as { stat?: string; period?: number; expression?: string };
      const name = options.expression ?? `${metric[1]}, ${options.stat} of ${options.period ?? 300} s`;
      return `${title}: ${name.replace(`${pipeline}.`, '')}`;
    }),
  );
  expect(shown).toEqual([
    'Rows in, out and not usable: rowsIn, Sum of 60 s',
    'Rows in, out and not usable: rowsOut, Sum of 60 s',
    'Rows in, out and not usable: deadLetterRows, Sum of 60 s',
    `Dead letters by reason: SEARCH('{Millrace/dev,Reason} MetricName="deadLetters"', 'Sum', 60)`,
    'Lag in records: lag, Maximum of 60 s',
    'Seconds a micro-batch, and without a word of a query: batchSeconds, Maximum of 60 s',
    'Seconds a micro-batch, and without a word of a query: silence, Maximum of 60 s',
    'Executions: ExecutionsSucceeded, Sum of 300 s',
    'Executions: ExecutionsFailed, Sum of 300 s',
    'Job runs: RunningJobs, Maximum of 300 s',
    'Job runs: FailedJobs, Sum of 300 s',
  ]);
  const [failures] = body.widgets.filter(({ type }) => type === 'log');
  expect(failures?.properties.query?.split('\n| ').slice(1)).toEqual([
    'filter event = "failed"',
    'sort @timestamp desc',
    'limit 20',
  ]);
});

test('the dashboard asks for job runs by the name of the application, without which nothing is reported', () => {
  const [dashboard] = Object.values(resourcesOf(stacks[pipeline], 'AWS::CloudWatch::Dashboard'));
  expect(JSON.stringify(dashboard)).toContain(String.raw`\"ApplicationName\",\"millrace-dev\"`);
});

test('an event that nobody could clean up after is kept', () => {
  stacks[pipeline]?.hasResourceProperties('AWS::Events::Rule', {
    Targets: [
      Match.objectLike({ DeadLetterConfig: { Arn: Match.anyValue() }, RetryPolicy: { MaximumRetryAttempts: 3 } }),
    ],
  });
  stacks[pipeline]?.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 1_209_600 });
});

test('a person is told where to look and how to start', () => {
  const outputs = (stack: string) =>
    Object.keys(stacks[stack]?.toJSON().Outputs ?? {}).filter((name) => !name.startsWith('Export'));
  expect(outputs('streaming')).toEqual(['RegistryAddress']);
  expect(outputs('processing').sort()).toEqual(['ApplicationConsole', 'DataBucket', 'DataConsole']);
  expect(
    outputs(pipeline)
      .filter((name) => !name.endsWith('Policy'))
      .sort(),
  ).toEqual(['DashboardConsole', 'StartCommand', 'StateMachineArn', 'StateMachineConsole']);
});
