/**
 * How a state machine starts and follows job runs: a declaration and the addresses of its jobs come in, task states go
 * out. Called by the workflow's definition.
 */
import type { Pipeline } from '../../declaration/model.ts';
import { type Plan, pascal, runNamePrefix } from '../../declaration/plan.ts';
import { catchAll, RETRY } from './states.ts';

/** How a job is started. */
export interface JobStart {
  readonly roleArn: string;
  readonly entryPoint: string;
  readonly submitParameters: string;
}

export interface WorkflowDefinitionProps {
  readonly pipeline: Pipeline;
  readonly plan: Plan;
  readonly platformParameter: string;
  readonly pipelineParameter: string;
  readonly prepareFunctionArn: string;
  readonly applicationId: string;
  readonly lockTable: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly jobs: Readonly<Record<string, JobStart>>;
}

/** A batch run that the declaration gives no limit is ended after this time. */
const DEFAULT_TIMEOUT_MINUTES = 60;

/** Asks for the state of a run whose id stands here. */
export function askRun(props: WorkflowDefinitionProps, id: string, into: string): Record<string, unknown> {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:emrserverless:getJobRun',
    Parameters: { ApplicationId: props.applicationId, 'JobRunId.$': id },
    ResultSelector: { 'state.$': '$.JobRun.State' },
    ResultPath: into,
    Retry: RETRY.jobs,
  };
}

/** Asks for the state of the stream that this execution started. */
export const askStream = (props: WorkflowDefinitionProps, onError: unknown[]): Record<string, unknown> => ({
  ...askRun(props, '$.stream.id', '$.run'),
  Catch: onError,
});

/** Seconds that a cancelled stream has to finish its micro-batch. */
export const GRACE_SECONDS = 120;

/** Asks a run to end, with grace where it has to finish something. */
export function cancelRun(props: WorkflowDefinitionProps, id: string, graceSeconds?: number): Record<string, unknown> {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:emrserverless:cancelJobRun',
    Parameters: {
      ApplicationId: props.applicationId,
      'JobRunId.$': id,
      ...(graceSeconds === undefined ? {} : { ShutdownGracePeriodInSeconds: graceSeconds }),
    },
    ResultPath: null,
    Retry: RETRY.jobs,
  };
}

/** A job that is started and waited for, in a state of this name. */
export function jobState(
  props: WorkflowDefinitionProps,
  job: string,
  run: string,
  onError: string,
  state: string = pascal(run),
): Record<string, unknown> {
  const minutes = props.pipeline.jobs[job]?.timeoutMinutes ?? DEFAULT_TIMEOUT_MINUTES;
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::emr-serverless:startJobRun.sync',
    Parameters: { ...startParameters(props, job, state, run), ExecutionTimeoutMinutes: minutes },
    // A little longer than the service's own limit, so that the service ends the run and says so.
    TimeoutSeconds: minutes * 60 + 300,
    ResultPath: null,
    Retry: RETRY.jobs,
    Catch: catchAll(onError),
  };
}

/** What starts a job, with a token by which a repeated request starts nothing twice. */
export function startParameters(
  props: WorkflowDefinitionProps,
  job: string,
  state: string,
  run: string,
): Record<string, unknown> {
  const start = props.jobs[job];
  if (!start) throw new Error(`The workflow of ${props.pipeline.name} was given no start of job ${job}.`);
  return {
    ApplicationId: props.applicationId,
    ExecutionRoleArn: start.roleArn,
    // A repeated request with the same token starts nothing twice; a hash keeps within its 64 characters.
    'ClientToken.$': `States.Hash(States.Format('{}/${state}', $$.Execution.Id), 'SHA-256')`,
    'Name.$': `States.Format('${runNamePrefix(props.pipeline.name)}${run}/{}', $$.Execution.Name)`,
    JobDriver: {
      SparkSubmit: {
        EntryPoint: start.entryPoint,
        'EntryPointArguments.$': `$.prepared.${run}`,
        SparkSubmitParameters: start.submitParameters,
      },
    },
    ConfigurationOverrides: {
      MonitoringConfiguration: {
        CloudWatchLoggingConfiguration: {
          Enabled: true,
          LogGroupName: props.logGroup,
          'LogStreamNamePrefix.$': `States.Format('${run}/{}', $$.Execution.Name)`,
        },
      },
    },
  };
}

/** Name of the state in which a job is run alone. */
export const aloneState = (job: string): string => `${pascal(job)}Alone`;
