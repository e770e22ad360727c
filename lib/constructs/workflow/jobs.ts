/** The states in which the jobs of a pipeline are started and followed: loops over the lists of the prepare function. */
import { runNamePrefix } from '../../declaration/names.ts';
import { askRun, PIPELINE_TAG } from './runs.ts';
import type { WorkflowDefinitionProps } from './states.ts';
import {
  all,
  CATCH,
  COMMIT_POLLS,
  choice,
  count,
  ENDED,
  FAILED_ATTEMPTS_PER_HOUR,
  is,
  isPresent,
  loop,
  not,
  POLL_SECONDS,
  RETRY,
  START_POLLS,
  type State,
  type States,
  timeoutSecondsOf,
} from './states.ts';

/** What the streams are waited for: that they run ... */
const starting = (name: string): State => ({
  name,
  polls: START_POLLS,
  late: 'StreamLate',
  words: 'Stream {} was not running ten minutes after its start.',
});
/** ... at first, ... */
export const ENTERING = starting('entering');
/** ... when they are started again, ... */
export const DRAINED = starting('drained');
/** ... and that they have done work of their own, once those that feed them have ended. */
export const COMMITTING: State = {
  name: 'committing',
  polls: COMMIT_POLLS,
  late: 'StreamIdle',
  words: 'Stream {} committed no micro-batch from its start to three minutes after the end of the jobs that feed it.',
};

/** Starts the streams and has them work, runs the batch jobs beside and behind them, and drains them. */
export function jobStates(props: WorkflowDefinitionProps): States {
  const run = (list: string, state: string, phase: State | undefined, next: string): State => ({
    ...loop(list, state, { [state]: { ...runJob(props), End: true } }),
    ...(phase ? { ResultSelector: phase, ResultPath: '$.phase' } : { ResultPath: null }),
    Catch: CATCH,
    Next: next,
  });
  return {
    Streams: {
      ...loop('$.streams', 'CheckStream', streamStates(props)),
      ItemSelector: {
        'stream.$': '$$.Map.Item.Value',
        'run.$': '$$.Map.Item.Value',
        'phase.$': '$.phase',
        'late.$': 'States.Format($.phase.words, $$.Map.Item.Value.job)',
        'failed.$':
          "States.Format('Stream {} ended by itself. Its log says why; the next execution goes on from its checkpoint.', " +
          '$$.Map.Item.Value.job)',
        polls: { count: 0 },
      },
      ResultPath: '$.streams',
      Catch: CATCH,
      Next: 'Started',
    },
    Started: choice(
      [
        [is('$.phase.name', 'committing'), 'EndStreams'],
        [is('$.action', 'run'), 'During'],
      ],
      'Release',
    ),
    During: run('$.during', 'RunDuring', COMMITTING, 'Streams'),
    Drains: run('$.drains', 'DrainStream', DRAINED, 'Work'),
    After: run('$.after', 'RunAfter', undefined, 'Release'),
  };
}

/** What starts a job; a repeated request with the same token starts nothing twice. */
const start = ({ plan, applicationId, logGroup }: WorkflowDefinitionProps, run: string): State => ({
  ApplicationId: applicationId,
  'ExecutionRoleArn.$': `${run}.roleArn`,
  'ClientToken.$': `${run}.token`,
  'Name.$': `States.Format('${runNamePrefix(plan.pipeline)}{}/{}', ${run}.run, $$.Execution.Name)`,
  Tags: { [PIPELINE_TAG]: plan.pipeline },
  JobDriver: {
    SparkSubmit: {
      'EntryPoint.$': `${run}.entryPoint`,
      'EntryPointArguments.$': `${run}.arguments`,
      'SparkSubmitParameters.$': `${run}.submitParameters`,
    },
  },
  ConfigurationOverrides: {
    MonitoringConfiguration: {
      CloudWatchLoggingConfiguration: {
        Enabled: true,
        LogGroupName: logGroup,
        'LogStreamNamePrefix.$': `States.Format('{}/{}', ${run}.run, $$.Execution.Name)`,
      },
    },
  },
});

/** A job that ends by itself, started and waited for. */
const runJob = (props: WorkflowDefinitionProps): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::emr-serverless:startJobRun.sync',
  Parameters: { ...start(props, '$'), 'ExecutionTimeoutMinutes.$': '$.timeoutMinutes' },
  TimeoutSeconds: timeoutSecondsOf(Object.values(props.plan.jobs).map(({ timeoutMinutes }) => timeoutMinutes)),
  ResultPath: null,
  Retry: RETRY.jobs,
});

/** What is done about one stream. A stream that was started before is known by the id of its run. */
function streamStates(props: WorkflowDefinitionProps): States {
  return {
    CheckStream: choice(
      [
        [not(isPresent('$.run.Id')), 'StartStream'],
        [not(isPresent('$.commits')), 'AskStream'],
        [is('$.run.State', ...ENDED), 'StreamFailed'],
        [all(not(is('$.phase.name', 'committing')), is('$.run.State', 'RUNNING')), 'StreamReady'],
        // Between two attempts a stream is PENDING: that is no failure.
        [
          all(
            is('$.phase.name', 'committing'),
            not({ Variable: '$.commits.listing', StringEqualsPath: '$.stream.before' }),
          ),
          'StreamReady',
        ],
        // What feeds it is no job of this execution: nothing may have come.
        [
          all(is('$.phase.name', 'committing'), is('$.run.State', 'RUNNING'), {
            Variable: '$.stream.fed',
            BooleanEquals: false,
          }),
          'StreamReady',
        ],
        [{ Variable: '$.polls.count', NumericGreaterThanEqualsPath: '$.phase.polls' }, 'StreamLate'],
      ],
      'CountStream',
    ),
    StartStream: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:startJobRun',
      Parameters: {
        ...start(props, '$.stream'),
        Mode: 'STREAMING',
        RetryPolicy: { MaxFailedAttemptsPerHour: FAILED_ATTEMPTS_PER_HOUR },
      },
      ResultSelector: { 'Id.$': '$.JobRunId' },
      ResultPath: '$.run',
      Retry: RETRY.jobs,
      Next: 'AskStream',
    },
    AskStream: { ...askRun(props), Next: 'AskCommits' },
    AskCommits: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:s3:listObjectsV2',
      Parameters: { Bucket: props.bucket, 'Prefix.$': '$.stream.commits' },
      // The whole answer as one text: it changes when, and only when, the stream commits a micro-batch.
      ResultSelector: { 'listing.$': 'States.JsonToString($)' },
      ResultPath: '$.commits',
      Retry: RETRY.objects,
      Next: 'CheckStream',
    },
    CountStream: count('WaitStream'),
    WaitStream: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'AskStream' },
    // What the next visit needs, and what ends the run.
    StreamReady: {
      Type: 'Pass',
      Parameters: {
        'job.$': '$.stream.job',
        'commits.$': '$.stream.commits',
        'fed.$': '$.stream.fed',
        'before.$': '$.commits.listing',
        'Id.$': '$.run.Id',
        'Name.$': '$.run.Name',
        'State.$': '$.run.State',
      },
      End: true,
    },
    StreamLate: { Type: 'Fail', ErrorPath: '$.phase.late', CausePath: '$.late' },
    StreamFailed: { Type: 'Fail', Error: 'StreamFailed', CausePath: '$.failed' },
  };
}
