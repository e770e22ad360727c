/**
 * The part of a state machine in which jobs run: a declaration and the addresses of its jobs come in; states that start
 * the stream, let it work, end it and drain it, or run one job alone, go out. Called by the workflow's definition.
 */
import type { BoundedOrder } from '../../declaration/model.ts';
import { checkpointPrefix, drainOf, pascal } from '../../declaration/plan.ts';
import {
  aloneState,
  askStream,
  cancelRun,
  GRACE_SECONDS,
  jobState,
  startParameters,
  type WorkflowDefinitionProps,
} from './jobs.ts';
import { catchAll, chain, ENDED, is, note, poll, RETRY, type States } from './states.ts';

/** Starts the stream and drains it, with what lies between and behind in a bounded order; runs one job alone. */
export function runStates(props: WorkflowDefinitionProps): States {
  const { order } = props.pipeline;
  const { stream } = order;
  const after = order.kind === 'bounded' ? order.after : [];
  const state = (value: string, next: string): Record<string, unknown> => ({ ...is('$.run.state', value), Next: next });
  const fails = ENDED.map((value) => state(value, 'StreamFailed'));
  // In a bounded order the stream is ended by the same execution; otherwise it goes on.
  const running = order.kind === 'bounded' ? 'Started' : 'Release';
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
      ask: askStream(props, catchAll('CancelAfterError')),
      until: [state('RUNNING', running), ...fails],
      everySeconds: 5,
      times: 120,
      otherwise: 'StreamLate',
    }),
    ...(order.kind === 'bounded' ? boundedStates(props, order) : {}),
    Drain: { ...jobState(props, stream, drainOf(stream), 'ReleaseAfterError'), Next: 'Drained' },
    Drained: {
      Type: 'Choice',
      Choices: [
        { ...is('$.prepared.action', 'upgrade'), Next: 'StartStream' },
        ...(after[0] ? [{ ...is('$.prepared.action', 'run'), Next: pascal(after[0]) }] : []),
      ],
      Default: 'Release',
    },
    ...chain(
      after.map((job) => [pascal(job), jobState(props, job, job, 'ReleaseAfterError')] as const),
      'Release',
    ),
    ...Object.fromEntries(
      Object.values(props.plan.batchJobs).map((job) => [
        aloneState(job),
        { ...jobState(props, job, job, 'ReleaseAfterError', aloneState(job)), Next: 'Release' },
      ]),
    ),
    StreamFailed: note(
      'StreamFailed',
      'The stream ended by itself. Its log says why; the next execution goes on from its checkpoint.',
      'CancelAfterError',
    ),
    StreamLate: note('StreamLate', 'The stream was not running ten minutes after its start.', 'CancelAfterError'),
  };
}

/** While the stream of a bounded order runs: the jobs beside it, the proof that it works, its end with grace. */
function boundedStates(props: WorkflowDefinitionProps, { stream, during }: BoundedOrder): States {
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
  const state = (value: string, next: string): Record<string, unknown> => ({ ...is('$.run.state', value), Next: next });
  return {
    Started: {
      Type: 'Choice',
      Choices: [{ ...is('$.prepared.action', 'run'), Next: 'NoteCommits' }],
      Default: 'Release',
    },
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
      ...cancelRun(props, '$.stream.id', GRACE_SECONDS),
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
