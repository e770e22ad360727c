/** The connectors of a pipeline: a worker that runs them, a custom resource that tells the worker what they are, alarms. */
import { CfnParameter, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Connector } from '../../declaration/connector.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';
import { databaseIn } from '../kinds/dataset.ts';
import { Worker, type WorkerProps } from './worker.ts';

export interface ConnectorsProps extends WorkerProps {
  readonly environment: string;
  readonly alerts: ITopic;
}

/** Of a pipeline that declares some. */
export class Connectors extends Construct {
  constructor(scope: Construct, id: string, props: ConnectorsProps) {
    super(scope, id);
    const { pipeline, network, logRetentionDays } = props;
    const worker = new Worker(this, 'Worker', props);
    const provider = new HandlerProvider(this, 'Handler', {
      folder: 'connectors',
      description: `Connectors of pipeline ${pipeline.name}`,
      placement: network.handlers,
      logRetentionDays,
    });
    const url = new CfnParameter(this, 'ConnectUrl', {
      default: worker.url,
      allowedPattern: 'http://[a-z0-9.-]+:\\d{2,5}',
      description: 'Address of the workers of Kafka Connect. Keep the default on AWS.',
    });
    url.overrideLogicalId('ConnectUrl');
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::KafkaConnectors',
      serviceToken: provider.serviceToken,
      removalPolicy: RemovalPolicy.DESTROY,
      properties: {
        Pipeline: pipeline.name,
        Url: url.valueAsString,
        Connectors: Object.entries(pipeline.connectors ?? {}).map(([name, connector]) => ({
          Name: connector.id(pipeline.name, name),
          Config: {
            ...connector.configuration(pipeline, name),
            ...(connector.ownTables.length > 0 && props.followed?.place),
            ...this.placeOf(props, connector),
          },
        })),
      },
    });
    resource.node.addDependency(provider, worker.service);
    for (const alarm of this.alarms(props, worker)) alarm.addAlarmAction(new SnsAction(props.alerts));
  }

  /** Where the dataset of a connector is. */
  private placeOf({ pipeline, bucket, catalog }: ConnectorsProps, { dataset }: Connector): Record<string, string> {
    if (!dataset) return {};
    return {
      'millrace.dataset.location': dataset.address(bucket.bucketName, pipeline.name),
      'millrace.dataset.database': databaseIn(catalog, dataset),
      'iceberg.hadoop.fs.s3a.endpoint.region': Stack.of(this).region,
    };
  }

  private alarms({ environment, pipeline }: ConnectorsProps, { logGroup, service }: Worker): cloudwatch.Alarm[] {
    const failures = new logs.MetricFilter(this, 'TaskFailures', {
      logGroup,
      // What Kafka Connect says of a task that it gives up.
      filterPattern: logs.FilterPattern.literal('"Task threw an uncaught and unrecoverable exception"'),
      metricNamespace: `Millrace/${environment}`,
      metricName: `${pipeline.name}.connectorTaskFailures`,
    });
    const period = Duration.minutes(5);
    const describe = (what: string) => `Pipeline ${pipeline.name}: ${what} See docs/runbook.md.`;
    return [
      failures.metric({ statistic: 'Sum', period }).createAlarm(this, 'TaskFailed', {
        alarmDescription: describe('a task of a connector failed, and is not tried again.'),
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      }),
      // A task that does not run measures nothing.
      service.metricCpuUtilization({ statistic: 'SampleCount', period }).createAlarm(this, 'Away', {
        alarmDescription: describe(
          'the worker of its connectors has not run for a quarter of an hour, and its source keeps what it did not pass on.',
        ),
        threshold: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: 3,
        treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      }),
    ];
  }
}
