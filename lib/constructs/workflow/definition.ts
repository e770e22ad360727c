/**
 * The state machine of a pipeline, written once: declaration, plan and the addresses of what it uses come in, a
 * definition in the Amazon States Language (JSONPath) goes out. Called by the workflow construct; interpreted as it is
 * by the local run.
 */

import { askStream, cancelRun, type WorkflowDefinitionProps } from './jobs.ts';
import { lockStates } from './lock.ts';
import { runStates } from './run.ts';
import { ENDED, is, poll, RETRY, type States } from './states.ts';

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
        'action.$': '$.Payload.action',
        'job.$': '$.Payload.job',
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
  const ended = ENDED.map((value) => ({ ...is('$.run.state', value), Next: 'ReleaseAfterError' }));
  return {
    Release: release('Done'),
    Done: {
      Type: 'Pass',
      Parameters: {
        'execution.$': '$$.Execution.Name',
        'action.$': '$.prepared.action',
        'job.$': '$.prepared.job',
        'tunables.$': '$.prepared.tunables',
        'files.$': '$.prepared.files',
      },
      End: true,
    },
    CancelAfterError: {
      // Without a grace period: the run may not be RUNNING yet, and only a running one can be given grace.
      ...cancelRun(props, '$.stream.id'),
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
