/** A widget of a dashboard that shows the newest results of a pipeline, by a function that may read them and nothing else. */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { outputPrefix } from '../../declaration/names.ts';
import type { Pipeline, Report } from '../../declaration/pipeline.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { LoggedRole } from '../functions/logged-role.ts';
import { nodeFunction } from '../functions/node-function.ts';
import type { DataBucket } from '../storage/data-bucket.ts';

export interface ResultsTableProps {
  readonly pipeline: Pipeline;
  readonly report: Report;
  readonly stateMachine: StateMachine;
  /** Where jobs leave results. */
  readonly bucket: DataBucket;
  readonly logRetentionDays: number;
}

export class ResultsTable extends Construct {
  readonly widget: cloudwatch.IWidget;

  constructor(scope: Construct, id: string, { pipeline, report, stateMachine, bucket, ...props }: ResultsTableProps) {
    super(scope, id);
    const prefix = outputPrefix(pipeline.name, report.folder.name);
    const identity = new LoggedRole(this, 'Function', props);
    const { functionArn } = nodeFunction(this, 'Resource', {
      folder: 'results-table',
      description: `Shows the newest results of pipeline ${pipeline.name} on its dashboard`,
      identity,
      timeout: Duration.seconds(30),
      environment: {
        BUCKET: bucket.bucketName,
        PREFIX: prefix,
        STATE_MACHINE: stateMachine.stateMachineArn,
        COLUMNS: JSON.stringify(report.columns),
      },
    });
    bucket.grantFolder(identity.role, prefix, 'read');
    allow(identity.role, ['states:ListExecutions'], [stateMachine.stateMachineArn]);
    const seen = 'Who looks at the dashboard sees the error, and asks again.';
    acknowledge(this, { 'Serverless-LambdaDLQ': seen, 'Serverless-LambdaTracing': 'A few calls, logged.' });
    this.widget = new cloudwatch.CustomWidget({
      functionArn,
      title: 'Newest results',
      width: 24,
      height: 9,
      updateOnResize: false,
      updateOnTimeRangeChange: false,
    });
  }
}
