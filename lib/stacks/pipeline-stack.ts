/** One pipeline: its contracts, its jobs, its state machine and its dashboard. Called by the environment's stage. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Environment } from '../../config/environment.ts';
import { Contracts } from '../constructs/contracts/contracts.ts';
import { ExternalAccess } from '../constructs/kafka/external-access.ts';
import { consoleLinks } from '../constructs/observability/console-links.ts';
import { Monitoring } from '../constructs/observability/monitoring.ts';
import { JobAssets } from '../constructs/spark/job-assets.ts';
import { SparkJob } from '../constructs/spark/spark-job.ts';
import { Workflow } from '../constructs/workflow/workflow.ts';
import type { Pipeline } from '../declaration/model.ts';
import { planOf } from '../declaration/plan.ts';
import type { NetworkStack } from './network-stack.ts';
import type { ProcessingStack } from './processing-stack.ts';
import type { StreamingStack } from './streaming-stack.ts';

export interface PipelineStackProps extends StackProps {
  readonly environment: Environment;
  readonly pipeline: Pipeline;
  readonly networkStack: NetworkStack;
  readonly streamingStack: StreamingStack;
  readonly processingStack: ProcessingStack;
}

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
    const { environment, pipeline, networkStack, streamingStack, processingStack } = props;
    const logRetentionDays = environment.logDays;
    const contracts = new Contracts(this, 'Contracts', {
      pipeline,
      network: networkStack.network,
      cluster: streamingStack.cluster,
      registryUrl: streamingStack.registry.writeUrl,
      logRetentionDays,
    });
    const jobLogGroup = new logs.LogGroup(this, 'JobLogs', {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const assets = new JobAssets(this, 'Assets', pipeline);
    const jobs = Object.keys(pipeline.jobs).map(
      (job) =>
        new SparkJob(this, `Job-${job}`, {
          pipeline,
          job,
          assets,
          application: processingStack.application,
          cluster: streamingStack.cluster,
          bucket: processingStack.bucket,
          logGroup: jobLogGroup,
        }),
    );
    new ExternalAccess(this, 'External', { pipeline, cluster: streamingStack.cluster });
    const pipelineParameter = new StringParameter(this, 'Parameter', {
      parameterName: `/millrace/${environment.name}/pipelines/${pipeline.name}`,
      description: `Tunables, schemas and sample files of pipeline ${pipeline.name}`,
      stringValue: this.toJsonString({
        tunables: Object.fromEntries(
          Object.entries(planOf(pipeline).tunables).map(([name, rule]) => [name, rule.default]),
        ),
        schemas: {
          ...contracts.schemaIds,
          ...Object.fromEntries(Object.entries(assets.schemas).map(([key, asset]) => [key, asset.s3ObjectUrl])),
        },
        files: Object.fromEntries(Object.entries(assets.files).map(([role, asset]) => [role, asset.s3ObjectUrl])),
      }),
    });
    const workflow = new Workflow(this, 'Workflow', {
      pipeline,
      stateMachineName: `millrace-${environment.name}-${pipeline.name}`,
      jobs,
      application: processingStack.application,
      platformParameter: processingStack.platformParameter,
      pipelineParameter,
      lockTable: processingStack.lockTable,
      bucket: processingStack.bucket,
      jobLogGroup,
      logRetentionDays,
    });
    // No execution before the topics exist; the schemas are there already, since the parameter holds their ids.
    workflow.stateMachine.node.addDependency(contracts);
    const monitoring = new Monitoring(this, 'Monitoring', {
      environment: environment.name,
      pipeline,
      jobLogGroup,
      stateMachine: workflow.stateMachine,
      application: processingStack.application,
      uncleaned: workflow.uncleaned,
      alerts: networkStack.alerts.topic,
    });
    const links = consoleLinks(this);
    const tell = (name: string, description: string, value: string): void =>
      void new CfnOutput(this, name, { description, value });
    const { stateMachineArn } = workflow.stateMachine;
    tell('StateMachineArn', 'The state machine', stateMachineArn);
    tell(
      'StartCommand',
      pipeline.order.kind === 'bounded' ? 'Starts the pipeline with its sample data' : 'Starts the stream',
      `aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --input '{}'`,
    );
    tell('StateMachineConsole', 'Start it with {} and watch it', links.stateMachine(stateMachineArn));
    tell('DashboardConsole', 'Rows, lag and alarms', links.dashboard(monitoring.dashboard.dashboardName));
  }
}
