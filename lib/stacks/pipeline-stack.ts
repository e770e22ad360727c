/** One pipeline: its contracts, its jobs, its state machine and its dashboard. */
import { Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { Connectors } from '../constructs/connect/connectors.ts';
import { Contracts } from '../constructs/contracts/contracts.ts';
import { logGroup } from '../constructs/functions/logged-role.ts';
import { ExternalAccess } from '../constructs/kafka/external-access.ts';
import { Monitoring } from '../constructs/observability/monitoring.ts';
import { JobAssets } from '../constructs/spark/job-assets.ts';
import { SparkJob } from '../constructs/spark/spark-job.ts';
import { AssetsFolder, pipelineSynthesizer } from '../constructs/storage/assets-folder.ts';
import { Schedules } from '../constructs/workflow/schedules.ts';
import { Workflow } from '../constructs/workflow/workflow.ts';
import { actionsOf } from '../declaration/flow.ts';
import { pipelineParameter } from '../declaration/names.ts';
import type { Pipeline } from '../declaration/pipeline.ts';
import { planOf } from '../declaration/plan.ts';
import type { ProcessingStack, ProcessingStackProps } from './processing-stack.ts';
import { consolePage, removalPolicyOf, show } from './shared.ts';

export interface PipelineStackProps extends ProcessingStackProps {
  readonly pipeline: Pipeline;
  readonly processingStack: ProcessingStack;
}

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    const { environment, pipeline, networkStack, streamingStack, processingStack } = props;
    super(scope, id, { ...props, synthesizer: pipelineSynthesizer(environment.name, pipeline.name) });
    const logRetentionDays = environment.logDays;
    const { cluster, registry } = streamingStack;
    const { application, bucket, catalog } = processingStack;
    const assets = new AssetsFolder(this, environment.name, pipeline.name);
    const contracts = new Contracts(this, 'Contracts', {
      environment: environment.name,
      pipeline,
      network: networkStack.network,
      cluster,
      registryUrl: registry.writeUrl,
      registryPassword: registry.writer.secretValue,
      bucket,
      assets,
      catalog,
      databases: environment.databases,
      key: networkStack.key,
      removalPolicy: removalPolicyOf(environment),
      logRetentionDays,
    });
    for (const alarm of contracts.alarms) alarm.addAlarmAction(new SnsAction(networkStack.alerts.topic));
    if (Object.keys(pipeline.connectors ?? {}).length > 0) {
      const connectors = new Connectors(this, 'Connect', {
        environment: environment.name,
        pipeline,
        network: networkStack.network,
        cluster,
        assets,
        bucket,
        catalog,
        zoneName: networkStack.network.zone.zoneName,
        logRetentionDays,
        alerts: networkStack.alerts.topic,
        followed: contracts.followed,
      });
      // A connector finds its topics.
      connectors.node.addDependency(contracts);
    }
    const jobLogGroup = logGroup(this, 'JobLogs', logRetentionDays);
    const code = new JobAssets(this, 'Assets', pipeline);
    const common = { pipeline, contracts, assets, code, application, bucket, logGroup: jobLogGroup };
    const jobs = Object.keys(pipeline.jobs).map((job) => new SparkJob(this, `Job-${job}`, { ...common, job }));
    new ExternalAccess(this, 'External', pipeline, cluster);
    const { parameters } = planOf(pipeline);
    const parameter = new StringParameter(this, 'Parameter', {
      parameterName: pipelineParameter(environment.name, pipeline.name),
      description: `Parameters, schemas and sample files of pipeline ${pipeline.name}`,
      stringValue: this.toJsonString({
        parameters: Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default])),
        ...contracts.parts,
      }),
    });
    const workflow = new Workflow(this, 'Workflow', {
      pipeline,
      stateMachineName: `millrace-${environment.name}-${pipeline.name}`,
      jobs,
      application,
      platformParameter: processingStack.platformParameter,
      pipelineParameter: parameter,
      lockTable: processingStack.lockTable,
      bucket,
      jobLogGroup,
      logRetentionDays,
    });
    // No execution before the topics exist; the schemas are there already, since the parameter holds their ids.
    workflow.stateMachine.node.addDependency(contracts);
    if (Object.keys(pipeline.schedules ?? {}).length > 0) {
      const groupName = `millrace-${environment.name}-${pipeline.name}`;
      const schedules = new Schedules(this, 'Schedules', { pipeline, groupName, stateMachine: workflow.stateMachine });
      schedules.alarm.addAlarmAction(new SnsAction(networkStack.alerts.topic));
    }
    const monitoring = new Monitoring(this, 'Monitoring', {
      environment: environment.name,
      pipeline,
      jobLogGroup,
      stateMachine: workflow.stateMachine,
      bucket,
      application,
      uncleaned: workflow.uncleaned,
      alerts: networkStack.alerts.topic,
      logRetentionDays,
    });
    const { stateMachineArn } = workflow.stateMachine;
    const start = `aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --input '{}'`;
    const started = actionsOf(pipeline)[0] === 'run' ? 'Runs the pipeline with its sample data' : 'Starts the streams';
    const machine = consolePage(this, 'states', `/statemachines/view/${stateMachineArn}`);
    const { dashboardName } = monitoring.dashboard;
    show(this, {
      StateMachineArn: ['The state machine', stateMachineArn],
      StartCommand: [started, start],
      StateMachineConsole: ['Start it with {} and watch it', machine],
      DashboardConsole: [
        'Rows, lag and alarms',
        consolePage(this, 'cloudwatch', `dashboards/dashboard/${dashboardName}`),
      ],
    });
  }
}
