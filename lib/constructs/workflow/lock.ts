/**
 * The part of a state machine that lets one execution of a pipeline in at a time: the addresses of the lock and of the
 * application come in; states that take the lock, deal with runs that are still alive and choose the work go out.
 * Called by the workflow's definition.
 */
import { runNamePrefix } from '../../declaration/plan.ts';
import { aloneState, askRun, cancelRun, GRACE_SECONDS, type WorkflowDefinitionProps } from './jobs.ts';
import { catchAll, ENDED, is, poll, RETRY, type States } from './states.ts';

/** States in which a job run has not ended. */
const ALIVE = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'CANCELLING'];

/** Takes the pipeline's lock, from a dead holder if need be, and goes on once nothing alive is in the way. */
export function lockStates(props: WorkflowDefinitionProps): States {
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
      Next: 'ListedRuns',
    },
    ListedRuns: {
      Type: 'Map',
      ItemsPath: '$.alive.JobRuns',
      ItemSelector: { 'run.$': '$$.Map.Item.Value', 'action.$': '$.prepared.action' },
      MaxConcurrency: 1,
      ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'ListedRun', States: listedRunStates(props) },
      ResultPath: null,
      Catch: catchAll('ReleaseAfterError'),
      Next: 'Work',
    },
    Work: {
      Type: 'Choice',
      Choices: [
        ...Object.values(props.plan.batchJobs).map((job) => ({
          And: [is('$.prepared.action', 'job'), is('$.prepared.job', job)],
          Next: aloneState(job),
        })),
        { Or: [is('$.prepared.action', 'stop'), is('$.prepared.action', 'upgrade')], Next: 'Drain' },
      ],
      Default: 'StartStream',
    },
  };
}

/** What is done about one run that has not ended: the stream may be ended on demand, or have a batch job beside it. */
function listedRunStates(props: WorkflowDefinitionProps): States {
  const { name, order } = props.pipeline;
  const named = (pattern: string): Record<string, unknown> => ({ Variable: '$.run.Name', StringMatches: pattern });
  const stream = named(`${runNamePrefix(name)}${order.stream}/*`);
  return {
    ListedRun: {
      Type: 'Choice',
      Choices: [
        { Not: { Variable: '$.run.Name', IsPresent: true }, Next: 'OtherRun' },
        { And: [stream, { Or: [is('$.action', 'stop'), is('$.action', 'upgrade')] }], Next: 'StreamAlive' },
        { And: [stream, is('$.action', 'job')], Next: 'OtherRun' },
        { ...named(`${runNamePrefix(name)}*`), Next: 'StillAlive' },
      ],
      Default: 'OtherRun',
    },
    OtherRun: { Type: 'Succeed' },
    StillAlive: {
      Type: 'Fail',
      Error: 'JobRunAlive',
      Cause:
        `A job run of pipeline ${name} is still alive. Where it is the stream, end it by an execution with the input ` +
        `{"action": "stop"}; otherwise cancel it in EMR Serverless. Then start again.`,
    },
    // Only a running one can be given grace.
    StreamAlive: {
      Type: 'Choice',
      Choices: [
        { ...is('$.run.State', 'RUNNING'), Next: 'EndStream' },
        { ...is('$.run.State', 'CANCELLING'), Next: 'AwaitRunEnd' },
      ],
      Default: 'EndStreamAtOnce',
    },
    EndStream: { ...cancelRun(props, '$.run.Id', GRACE_SECONDS), Next: 'AwaitRunEnd' },
    EndStreamAtOnce: { ...cancelRun(props, '$.run.Id'), Next: 'AwaitRunEnd' },
    ...poll('AwaitRunEnd', {
      ask: askRun(props, '$.run.Id', '$.asked'),
      until: ENDED.map((state) => ({ ...is('$.asked.state', state), Next: 'OtherRun' })),
      everySeconds: 5,
      times: 60,
      otherwise: 'StreamStays',
    }),
    StreamStays: {
      Type: 'Fail',
      Error: 'StreamEndless',
      Cause: 'The stream did not end five minutes after it was cancelled.',
    },
  };
}
