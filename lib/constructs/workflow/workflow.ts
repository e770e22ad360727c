/** The state machine of a pipeline with what it may do, its prepare function and its clean-up rule. */
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IStringParameter } from 'aws-cdk-lib/aws-ssm';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { commitsPrefix } from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import { type Plan, planOf } from '../../declaration/plan.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { LoggedRole } from '../functions/logged-role.ts';
import { nodeFunction } from '../functions/node-function.ts';
import type { SparkApplication } from '../spark/spark-application.ts';
import type { SparkJob } from '../spark/spark-job.ts';
import { allowKey } from '../storage/customer-key.ts';
import { workflowDefinition } from './definition.ts';
import { PIPELINE_TAG } from './runs.ts';

export interface WorkflowProps {
  readonly pipeline: Pipeline;
  /** Physical name; the machine asks for its own executions by it. */
  readonly stateMachineName: string;
  readonly jobs: readonly SparkJob[];
  readonly application: SparkApplication;
  readonly platformParameter: IStringParameter;
  readonly pipelineParameter: IStringParameter;
  /** Table whose key is the pipeline's name. */
  readonly lockTable: ITable;
  readonly bucket: IBucket;
  readonly jobLogGroup: logs.ILogGroup;
  readonly logRetentionDays: number;
}

/** The orchestration of one pipeline. */
export class Workflow extends Construct {
  readonly stateMachine: sfn.StateMachine;
  /** Holds ends of executions after which nobody could clean up. */
  readonly uncleaned: sqs.Queue;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { pipeline, logRetentionDays } = props;
    const identity = new LoggedRole(this, 'Prepare', { logRetentionDays });
    const prepare = nodeFunction(this, 'PrepareFunction', {
      folder: 'prepare',
      description: `Checks the input of executions of pipeline ${pipeline.name} and writes the specs of its jobs`,
      identity,
      timeout: Duration.seconds(30),
      traced: true,
    });
    const waits = 'The state machine waits for the answer, and keeps the error.';
    acknowledge(prepare, { 'Serverless-LambdaDLQ': waits });
    acknowledgeTracing(identity.role);
    const logGroup = new logs.LogGroup(this, 'Logs', {
      // Step Functions delivers to groups of this prefix without a growing resource policy.
      logGroupName: `/aws/vendedlogs/states/${props.stateMachineName}`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnLike: { 'aws:SourceArn': this.arnOf('stateMachine', props.stateMachineName) },
        },
      }),
    });
    const plan = planOf(pipeline);
    const definition = workflowDefinition({
      description: pipeline.description,
      plan,
      platformParameter: props.platformParameter.parameterName,
      pipelineParameter: props.pipelineParameter.parameterName,
      prepareFunctionArn: prepare.functionArn,
      applicationId: props.application.applicationId,
      lockTable: props.lockTable.tableName,
      bucket: props.bucket.bucketName,
      logGroup: props.jobLogGroup.logGroupName,
      starts: Object.fromEntries(
        props.jobs.map(({ jobName, role, entryPoint, submitParameters }) => [
          jobName,
          { roleArn: role.roleArn, entryPoint, submitParameters },
        ]),
      ),
    });
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      stateMachineName: props.stateMachineName,
      definitionBody: sfn.DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      role,
      tracingEnabled: true,
      logs: { destination: logGroup, level: sfn.LogLevel.ALL, includeExecutionData: true },
    });
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'Delivery of logs and traces knows no resources.',
      [`AwsSolutions-IAM5[:${props.stateMachineName}:*]`]: 'Names of executions are not known before they start.',
    });
    this.grantTasks(props, plan, role, prepare.functionArn);
    this.uncleaned = new sqs.Queue(this, 'Uncleaned', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.uncleaned, { 'Serverless-SQSRedrivePolicy': 'It is a dead-letter queue itself.' });
    this.cleanUp(props);
  }

  /** What the tasks of the definition do, resource by resource. */
  private grantTasks(props: WorkflowProps, plan: Plan, role: iam.Role, prepareArn: string): void {
    const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>): void =>
      void role.addToPolicy(new iam.PolicyStatement({ actions, resources, ...(conditions ? { conditions } : {}) }));
    allow(['lambda:InvokeFunction'], [prepareArn]);
    allow(['ssm:GetParameter'], [props.platformParameter.parameterArn, props.pipelineParameter.parameterArn]);
    allow(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], [props.lockTable.tableArn], {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [props.pipeline.name] },
    });
    allowKey(role, props.lockTable.encryptionKey, 'useItems');
    allow(['states:DescribeExecution'], [this.arnOf('execution', `${props.stateMachineName}:*`)]);
    const roles = props.jobs.map((job) => job.role);
    props.application.grantRun(role, roles, { [PIPELINE_TAG]: plan.pipeline });
    // Step Functions learns of the end of a `.sync` job through this rule of its own.
    allow(
      ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      [
        Stack.of(this).formatArn({
          service: 'events',
          resource: 'rule',
          resourceName: 'StepFunctionsGetEventsForEMRServerlessJobRule',
        }),
      ],
    );
    const commits = plan.order.streams.map((stream) => commitsPrefix(plan.pipeline, stream));
    if (commits.length === 0) return;
    allow(['s3:ListBucket'], [props.bucket.bucketArn], { StringEquals: { 's3:prefix': commits } });
  }

  /** ARN of something of Step Functions, by a name that is known before it is made. */
  private arnOf(resource: string, resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat });
  }

  /** Ends what no catch sees: a rule on executions that failed, were stopped or ran out of time. */
  private cleanUp(props: WorkflowProps): void {
    const { pipeline, application, lockTable } = props;
    const identity = new LoggedRole(this, 'CleanUp', { logRetentionDays: props.logRetentionDays });
    const handler = nodeFunction(this, 'CleanUpFunction', {
      folder: 'clean-up',
      description: `Cancels what an ended execution of pipeline ${pipeline.name} left running and releases its lock`,
      identity,
      timeout: Duration.minutes(10),
      environment: {
        APPLICATION_ID: application.applicationId,
        LOCK_TABLE: lockTable.tableName,
        PIPELINE: pipeline.name,
      },
      traced: true,
      deadLetterQueue: this.uncleaned,
    });
    acknowledgeTracing(identity.role);
    application.grantCancel(identity.role, { [PIPELINE_TAG]: pipeline.name });
    identity.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:DeleteItem'],
        resources: [lockTable.tableArn],
        conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [pipeline.name] } },
      }),
    );
    allowKey(identity.role, lockTable.encryptionKey, 'useItems');
    new events.Rule(this, 'Ended', {
      description: `Executions of pipeline ${pipeline.name} that ended without success`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.stateMachine.stateMachineArn],
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [new LambdaFunction(handler, { retryAttempts: 3, deadLetterQueue: this.uncleaned })],
    });
  }
}

/** X-Ray's actions know no resources. */
function acknowledgeTracing(role: iam.Role): void {
  acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': 'Sending traces to X-Ray knows no resources.' });
}
