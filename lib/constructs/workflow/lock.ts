/** The states by which one execution of a pipeline at a time gets on, also after one that ended without releasing the lock. */
import type { WorkflowDefinitionProps } from './states.ts';
import { CATCH, choice, is, isPresent, RETRY, type State, type States } from './states.ts';

/** Takes the pipeline's lock, from an execution that has ended if need be. */
export function lockStates(props: WorkflowDefinitionProps): States {
  const { pipeline } = props.plan;
  const Key = { pipeline: { S: pipeline } };
  const me = { ':me': { 'S.$': '$$.Execution.Id' } };
  const put = (condition: string, values: State, refused: string): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::dynamodb:putItem',
    Parameters: {
      TableName: props.lockTable,
      Item: { ...Key, holder: { 'S.$': '$$.Execution.Id' }, since: { 'S.$': '$$.Execution.StartTime' } },
      // A repeated request, whose first answer was lost, meets the lock that it has taken itself.
      ConditionExpression: `${condition} OR holder = :me`,
      ExpressionAttributeValues: { ...me, ...values },
    },
    ResultPath: null,
    Retry: RETRY.lock,
    Catch: [{ ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'], ResultPath: '$.held', Next: refused }],
    Next: 'ListRuns',
  });
  return {
    Lock: put('attribute_not_exists(pipeline)', {}, 'ReadHolder'),
    ReadHolder: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: { TableName: props.lockTable, Key, ConsistentRead: true },
      ResultPath: '$.lock',
      Retry: RETRY.lock,
      Next: 'HolderKnown',
    },
    HolderKnown: choice([[isPresent('$.lock.Item.holder.S'), 'DescribeHolder']], 'Busy'),
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
    HolderEnded: choice([[is('$.holder.status', 'RUNNING'), 'Busy']], 'TakeOver'),
    TakeOver: put('holder = :dead', { ':dead': { 'S.$': '$.lock.Item.holder.S' } }, 'Busy'),
    Busy: {
      Type: 'Fail',
      Error: 'PipelineBusy',
      Cause: `Another execution of pipeline ${pipeline} is running. Wait until it has ended, or stop it.`,
    },
  };
}

/** Releases the lock, after success and after an error, and ends with the first error. */
export function endStates(props: WorkflowDefinitionProps): States {
  return {
    Release: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:deleteItem',
      Parameters: {
        TableName: props.lockTable,
        Key: { pipeline: { S: props.plan.pipeline } },
        ConditionExpression: 'holder = :me',
        ExpressionAttributeValues: { ':me': { 'S.$': '$$.Execution.Id' } },
      },
      ResultPath: null,
      Retry: RETRY.lock,
      // After an error the clean-up rule releases what could not be released here; otherwise the next execution takes it over.
      Catch: CATCH.map((one) => ({ ...one, ResultPath: '$.unreleased' })),
      Next: 'Ended',
    },
    // An error that comes while one is dealt with is not told, and leaves the lock to the clean-up rule.
    Ended: choice(
      [
        [isPresent('$.error.Error'), 'Failed'],
        [isPresent('$.caught.Error'), 'KeepError'],
      ],
      'Done',
    ),
    KeepError: { Type: 'Pass', InputPath: '$.caught', ResultPath: '$.error', Next: 'ListRuns' },
    Done: {
      Type: 'Pass',
      Parameters: {
        'execution.$': '$$.Execution.Name',
        ...Object.fromEntries(['action', 'job', 'parameters', 'files'].map((name) => [`${name}.$`, `$.${name}`])),
      },
      End: true,
    },
    Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
  };
}
