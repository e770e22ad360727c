/** The one place of the state machine where job runs that are alive are ended, let alone, or a reason to refuse. */
import { ALIVE_STATES } from '../../declaration/limits.ts';
import { drainOf, runNamePrefix } from '../../declaration/names.ts';
import type { Plan } from '../../declaration/plan.ts';
import type { WorkflowDefinitionProps } from './states.ts';
import {
  all,
  any,
  CATCH,
  choice,
  count,
  END_POLLS,
  ENDED,
  is,
  isPresent,
  loop,
  not,
  POLL_SECONDS,
  RETRY,
  type State,
  type States,
} from './states.ts';

/** Key and value of the tag on every job run of a pipeline; whoever may cancel the runs of one cannot cancel another's. */
export const PIPELINE_TAG = 'millrace:pipeline';

/** Asks about a job run, and knows it by the same fields as in the answer of ListJobRuns. */
export const askRun = ({ applicationId }: Pick<WorkflowDefinitionProps, 'applicationId'>): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::aws-sdk:emrserverless:getJobRun',
  Parameters: { ApplicationId: applicationId, 'JobRunId.$': '$.run.Id' },
  ResultSelector: { 'Id.$': '$.JobRun.JobRunId', 'Name.$': '$.JobRun.Name', 'State.$': '$.JobRun.State' },
  ResultPath: '$.run',
  Retry: RETRY.jobs,
});

export const ownNames = (plan: Plan): State =>
  Object.fromEntries(
    runNames(plan).map((run) => [
      `${run}.$`,
      `States.Format('${runNamePrefix(plan.pipeline)}${run}/{}', $$.Execution.Name)`,
    ]),
  );

const runNames = ({ jobs, order }: Plan): string[] => [...Object.keys(jobs), ...order.streams.map(drainOf)];

/**
 * Entered three times: before anything is started, for what is alive; for the streams of this execution when they have
 * done their work; and after an error, for all that this execution has started.
 */
export function endRunsStates(props: WorkflowDefinitionProps): States {
  const listRuns = (parameters: State): State => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::aws-sdk:emrserverless:listJobRuns',
    Parameters: {
      ApplicationId: props.applicationId,
      // As a call of an intrinsic function: validators take a plain field of this name for states of the machine.
      'States.$': `States.Array(${ALIVE_STATES.map((name) => `'${name}'`).join(', ')})`,
      ...parameters,
    },
    ResultPath: '$.listed',
    Retry: RETRY.jobs,
    Catch: CATCH,
    Next: 'EndRuns',
  });
  return {
    ListRuns: listRuns({}),
    ListMoreRuns: listRuns({ 'NextToken.$': '$.listed.NextToken' }),
    EndRuns: {
      ...loop('$.listed.JobRuns', 'CheckRun', endRunStates(props)),
      ItemSelector: {
        'run.$': '$$.Map.Item.Value',
        'action.$': '$.action',
        'about.$': '$.about',
        'own.$': '$.own',
        'phase.$': '$.phase.name',
        'error.$': '$.error',
        polls: { count: 0 },
      },
      ResultPath: null,
      Catch: CATCH,
      Next: 'Work',
    },
    // Those that this execution has started, in their order: known without a listing.
    EndStreams: { Type: 'Pass', Parameters: { 'JobRuns.$': '$.streams' }, ResultPath: '$.listed', Next: 'EndRuns' },
  };
}

function endRunStates({ plan, ...props }: WorkflowDefinitionProps): States {
  const prefix = runNamePrefix(plan.pipeline);
  const named = (pattern: string): State => ({ Variable: '$.run.Name', StringMatches: `${prefix}${pattern}` });
  const streams = plan.order.streams.map((stream) => ({ named: named(`${stream}/*`), about: `$.about.${stream}` }));
  const ours = all(isPresent('$.run.Name'), named('*'));
  const failing = isPresent('$.error.Error');
  const own = runNames(plan).map((run) => ({ Variable: '$.run.Name', StringEqualsPath: `$.own.${run}` }));
  const asked = is('$.action', 'stop', 'upgrade');
  const toEnd = any(
    failing,
    is('$.phase', 'committing'),
    ...streams.map(({ named, about }) => all(asked, named, { Variable: about, BooleanEquals: true })),
  );
  return {
    CheckRun: choice(
      [
        [not(ours), 'LetRun'],
        [all(failing, not(any(...own))), 'LetRun'],
        [all(is('$.phase', 'committing'), not(failing), is('$.run.State', 'FAILED')), 'RunNotEnded'],
        [is('$.run.State', ...ENDED), 'LetRun'],
        [{ Variable: '$.polls.count', NumericGreaterThanEquals: END_POLLS }, 'RunNotEnded'],
        [all(toEnd, is('$.run.State', 'CANCELLING')), 'CountRun'],
        [toEnd, 'CancelRun'],
        // Another stream than the one that the action is about, or a stream beside which a job is run alone.
        ...streams.map(
          ({ named, about }) => [all(named, { Variable: about, BooleanEquals: false }), 'LetRun'] as const,
        ),
      ],
      'JobRunAlive',
    ),
    LetRun: { Type: 'Succeed' },
    JobRunAlive: {
      Type: 'Fail',
      Error: 'JobRunAlive',
      Cause:
        `A job run of pipeline ${plan.pipeline} is still alive. Where it is a stream, end it by an execution with the input ` +
        `{"action": "stop"}; otherwise cancel it in EMR Serverless. Then start again.`,
    },
    // Without a grace period of ours: the service gives one to a running stream, and only such a run can have one.
    // A refusal is asked about, not believed: the run may have ended, or be too young; then it is cancelled again.
    CancelRun: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:emrserverless:cancelJobRun',
      Parameters: { ApplicationId: props.applicationId, 'JobRunId.$': '$.run.Id' },
      ResultPath: null,
      Retry: RETRY.jobs,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.refused', Next: 'CountRun' }],
      Next: 'CountRun',
    },
    CountRun: count('WaitRun', {
      'words.$':
        "States.Format('Job run {} did not end well: it failed while it was being ended, or was still alive five minutes " +
        "after it was cancelled. Its log says why.', $.run.Name)",
    }),
    WaitRun: { Type: 'Wait', Seconds: POLL_SECONDS, Next: 'AskRun' },
    AskRun: {
      ...askRun(props),
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.refused', Next: 'CheckRun' }],
      Next: 'CheckRun',
    },
    RunNotEnded: { Type: 'Fail', Error: 'RunNotEnded', CausePath: '$.polls.words' },
  };
}
