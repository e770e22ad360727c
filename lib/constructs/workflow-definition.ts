/**
 * The state machine of a pipeline, written once: declaration, plan and the addresses of what it uses come in, a
 * definition in the Amazon States Language (JSONPath) goes out. Called by the workflow construct; interpreted as it is
 * by the local run.
 */
import { checkpointPrefix, drainOf, runNamePrefix } from '../declaration/plan.ts';
import { askStream, jobState, pascal, startParameters, type WorkflowDefinitionProps } from './workflow-jobs.ts';
import { catchAll, chain, note, poll, RETRY, type States } from './workflow-states.ts';

/** Seconds that a cancelled stream has to finish its micro-batch. */
const GRACE_SECONDS = 120;

/** States in which a job run has not ended. */
const ALIVE = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'CANCELLING'];

/** The definition as an object; tokens in it are resolved where it is turned into text. */
export function workflowDefinition(props: WorkflowDefinitionProps): Record<string, unknown> {
  return {
    Comment: props.pipeline.description,
    StartAt: 'Begin',
    States: { ...prepareStates(props), ...lockStates(props), ...runStates(props), ...endStates(props) },
  };
}

/** Reads both parameters and lets the prepare function check the input and write every argument. */
function prepareStates(props: WorkflowDefinitionProps): States {
  const read = (name: string, into: string, next: string): Record<string, unknown> => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:ssm:getParameter',
    Parameters: { Name: name },
    ResultSelector: { 'values.$': 'States.StringToJson($.Parameter.Value)' },
    ResultPath: into,
    Retry: RETRY.parameters,
    Next: next,
  });
  return {
    Begin: { Type: 'Pass', Parameters: { 'input.$': '$$.Execution.Input' }, Next: 'ReadPlatform' },
    ReadPlatform: read(props.platformParameter, '$.platform', 'ReadPipeline'),
    ReadPipeline: read(props.pipelineParameter, '$.pipeline', 'Prepare'),
    Prepare: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: props.prepareFunctionArn,
        Payload: {
          plan: props.plan,
          'platform.$': '$.platform.values',
          'pipeline.$': '$.pipeline.values',
          'input.$': '$.input',
          execution: { 'name.$': '$$.Execution.Name' },
        },
      },
      // Each job's arguments are named here: a missing one fails now, before anything has been started.
      ResultSelector: {
        'tunables.$': '$.Payload.tunables',
        'files.$': '$.Payload.files',
        ...Object.fromEntries(
          Object.keys(props.plan.arguments).map((job) => [`${job}.$`, `$.Payload.arguments.${job}`]),
        ),
      },
      ResultPath: '$.prepared',
      Retry: RETRY.function,
      Next: 'Lock',
    },
  };
}

/** Takes the pipeline's lock, from a dead holder if need be, and refuses while a run of the pipeline is alive. */
function lockStates(props: WorkflowDefinitionProps): States {
  const put = (condition: Record<string, unknown>, refused: string): Record<string, unknown> => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::dynamodb:putItem',
    Parameters: {
      TableName: props.lockTable,
      Item: {
        pipeline: { S: props.pipeline.name },
        holder: { 'S.$': '$$.Execution.Id' },
        since: { 'S.$': '$$.Execution.StartTime' },
      },
      ...condition,
    },
    ResultPath: null,
    Retry: RETRY.lock,
    Catch: [{ ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'], ResultPath: '$.held', Next: refused }],
    Next: 'ListRuns',
  });
  return {
    Lock: put({ ConditionExpression: 'attribute_not_exists(pipeline)' }, 'ReadHolder'),
    ReadHolder: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: {
        TableName: props.lockTable,
        Key: { pipeline: { S: props.pipeline.name } },
        ConsistentRead: true,
      },
      ResultPath: '$.lock',
      Retry: RETRY.lock,
      Next: 'HolderKnown',
    },
    HolderKnown: {
      Type: 'Choice',
      Choices: [{ Variable: '$.lock.Item.holder.S', IsPresent: true, Next: 'DescribeHolder' }],
      Default: 'Busy',
    },
    DescribeHolder: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:describeExecution',
      Parameters: { 'ExecutionArn.$': '$.lock.Item.holder.S' },
      ResultSelector: { 'status.$': '$.Status' },
      ResultPath: '$.holder',
      Retry: RETRY.executions,
      Catch: [{ ErrorEquals: ['Sfn.ExecutionDoesNotExistException'], ResultPath: '$.held', Next: 'TakeOver' }],
      Next: 'HolderEnded',
    },
    HolderEnded: {
      Type: 'Choice',
      Choices: [{ Variable: '$.holder.status', StringEquals: 'RUNNING', Next: 'Busy' }],
      Default: 'TakeOver',
    },
    TakeOver: put(
      {
        ConditionExpression: 'holder = :dead',
        ExpressionAttributeValues: { ':dead': { 'S.$': '$.lock.Item.holder.S' } },
      },
      'Busy',
    ),
    Busy: {
      Type: 'Fail',
      Error: 'PipelineBusy',
      Cause: `Another execution of pipeline ${props.pipeline.name} is running. Wait until it has ended, or stop it.`,
    },
    ListRuns: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:listJobRuns',
      Parameters: {
        ApplicationId: props.applicationId,
        // As a call of an intrinsic function: validators take a plain field of this name for states of the machine.
        'States.$': `States.Array(${ALIVE.map((name) => `'${name}'`).join(', ')})`,
      },
      ResultPath: '$.alive',
      Retry: RETRY.jobs,
      Catch: catchAll('ReleaseAfterError'),
      Next: 'NoneAlive',
    },
    NoneAlive: {
      Type: 'Map',
      ItemsPath: '$.alive.JobRuns',
      MaxConcurrency: 1,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'OurRun',
        States: {
          OurRun: {
            Type: 'Choice',
            Choices: [
              {
                And: [
                  { Variable: '$.Name', IsPresent: true },
                  { Variable: '$.Name', StringMatches: `${runNamePrefix(props.pipeline.name)}*` },
                ],
                Next: 'StillAlive',
              },
            ],
            Default: 'OtherRun',
          },
          OtherRun: { Type: 'Succeed' },
          StillAlive: {
            Type: 'Fail',
            Error: 'JobRunAlive',
            Cause: `A job run of pipeline ${props.pipeline.name} is still alive. Cancel it in EMR Serverless and start again.`,
          },
        },
      },
      ResultPath: null,
      Catch: catchAll('ReleaseAfterError'),
      Next: 'StartStream',
    },
  };
}

/** Starts the stream, runs the jobs beside it, ends it with grace, drains what is left, runs the jobs after it. */
function runStates(props: WorkflowDefinitionProps): States {
  const { stream, during, after } = props.pipeline.order;
  const query = props.pipeline.jobs[stream]?.queries?.[0] ?? stream;
  const ask = askStream(props, catchAll('CancelAfterError'));
  const listCommits = (into: string): Record<string, unknown> => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:s3:listObjectsV2',
    Parameters: {
      Bucket: props.bucket,
      Prefix: `${checkpointPrefix(props.pipeline.name, stream)}/${query}/commits/`,
    },
    // The whole answer as one text: it changes when, and only when, the stream commits a micro-batch.
    ResultSelector: { 'listing.$': 'States.JsonToString($)' },
    ResultPath: into,
    Retry: RETRY.objects,
    Catch: catchAll('CancelAfterError'),
  });
  const state = (value: string, next: string): Record<string, unknown> => ({
    Variable: '$.run.state',
    StringEquals: value,
    Next: next,
  });
  const firstAfter = after[0] ? pascal(after[0]) : 'Release';
  return {
    StartStream: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:startJobRun',
      Parameters: {
        ...startParameters(props, stream, 'StartStream', stream),
        Mode: 'STREAMING',
        RetryPolicy: { MaxFailedAttemptsPerHour: 3 },
      },
      ResultSelector: { 'id.$': '$.JobRunId' },
      ResultPath: '$.stream',
      Retry: RETRY.jobs,
      Catch: catchAll('ReleaseAfterError'),
      Next: 'AwaitStream',
    },
    ...poll('AwaitStream', {
      ask,
      until: [
        state('RUNNING', 'NoteCommits'),
        state('FAILED', 'StreamFailed'),
        state('CANCELLED', 'StreamFailed'),
        state('SUCCESS', 'StreamFailed'),
      ],
      everySeconds: 5,
      times: 120,
      otherwise: 'StreamLate',
    }),
    NoteCommits: { ...listCommits('$.before'), Next: during[0] ? pascal(during[0]) : 'AwaitCommit' },
    ...chain(
      during.map((job) => [pascal(job), jobState(props, job, job, 'CancelAfterError')] as const),
      'AwaitCommit',
    ),
    ...poll('AwaitCommit', {
      ask: listCommits('$.now'),
      until: [
        {
          Not: { Variable: '$.now.listing', StringEqualsPath: '$.before.listing' },
          Next: 'StillRunning',
        },
      ],
      everySeconds: 5,
      times: 36,
      otherwise: 'StreamIdle',
    }),
    StillRunning: { ...ask, Next: 'StillRunningCheck' },
    StillRunningCheck: { Type: 'Choice', Choices: [state('RUNNING', 'CancelStream')], Default: 'StreamFailed' },
    CancelStream: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:cancelJobRun',
      Parameters: {
        ApplicationId: props.applicationId,
        'JobRunId.$': '$.stream.id',
        ShutdownGracePeriodInSeconds: GRACE_SECONDS,
      },
      ResultPath: null,
      Retry: RETRY.jobs,
      Catch: catchAll('CancelAfterError'),
      Next: 'AwaitStreamEnd',
    },
    ...poll('AwaitStreamEnd', {
      ask,
      until: [state('CANCELLED', 'Drain'), state('SUCCESS', 'Drain'), state('FAILED', 'StreamFailed')],
      everySeconds: 5,
      times: 60,
      otherwise: 'StreamEndless',
    }),
    Drain: { ...jobState(props, stream, drainOf(stream), 'ReleaseAfterError'), Next: firstAfter },
    ...chain(
      after.map((job) => [pascal(job), jobState(props, job, job, 'ReleaseAfterError')] as const),
      'Release',
    ),
    StreamFailed: note(
      'StreamFailed',
      'The stream ended by itself while the other jobs ran. Its log says why; the next execution goes on from its checkpoint.',
      'CancelAfterError',
    ),
    StreamLate: note('StreamLate', 'The stream was not running ten minutes after its start.', 'CancelAfterError'),
    StreamIdle: note(
      'StreamIdle',
      'The stream committed no micro-batch from the start of the producer to three minutes after its end.',
      'CancelAfterError',
    ),
    StreamEndless: note(
      'StreamEndless',
      'The stream did not end five minutes after it was cancelled.',
      'CancelAfterError',
    ),
  };
}

/** Releases the lock, after success and after an error, and ends with the first error. */
function endStates(props: WorkflowDefinitionProps): States {
  const release = (next: string): Record<string, unknown> => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::dynamodb:deleteItem',
    Parameters: {
      TableName: props.lockTable,
      Key: { pipeline: { S: props.pipeline.name } },
      ConditionExpression: 'holder = :holder',
      ExpressionAttributeValues: { ':holder': { 'S.$': '$$.Execution.Id' } },
    },
    ResultPath: null,
    Retry: RETRY.lock,
    // The clean-up rule releases a lock that could not be released here.
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.releaseError', Next: next }],
    Next: next,
  });
  const ended = ['CANCELLED', 'SUCCESS', 'FAILED'].map((value) => ({
    Variable: '$.run.state',
    StringEquals: value,
    Next: 'ReleaseAfterError',
  }));
  return {
    Release: release('Done'),
    Done: {
      Type: 'Pass',
      Parameters: {
        'execution.$': '$$.Execution.Name',
        'tunables.$': '$.prepared.tunables',
        'files.$': '$.prepared.files',
      },
      End: true,
    },
    CancelAfterError: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:cancelJobRun',
      // Without a grace period: the run may not be RUNNING yet, and only a running one can be given grace.
      Parameters: { ApplicationId: props.applicationId, 'JobRunId.$': '$.stream.id' },
      ResultPath: null,
      Retry: RETRY.jobs,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.cancelError', Next: 'AwaitEndAfterError' }],
      Next: 'AwaitEndAfterError',
    },
    ...poll('AwaitEndAfterError', {
      ask: askStream(props, [{ ErrorEquals: ['States.ALL'], ResultPath: '$.cancelError', Next: 'Failed' }]),
      until: ended,
      everySeconds: 5,
      times: 60,
      // The lock is kept: the clean-up rule cancels what is alive and releases it then.
      otherwise: 'Failed',
    }),
    ReleaseAfterError: release('Failed'),
    Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
  };
}
