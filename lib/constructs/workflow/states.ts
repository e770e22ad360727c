/** The vocabulary of the state machine: conditions, retries, and how long it waits for what. */
import type { JobStart, Plan } from '../../declaration/plan.ts';

export type State = Readonly<Record<string, unknown>>;
export type States = Record<string, State>;

/** Seconds between two questions about a job run. */
export const POLL_SECONDS = 5;
const pollsOf = (minutes: number): number => (minutes * 60) / POLL_SECONDS;
/** A stream has ten minutes to run: capacity comes in two or three. */
export const START_POLLS = pollsOf(10);
/** A stream has three minutes to commit, once the jobs that feed it have ended. */
export const COMMIT_POLLS = pollsOf(3);
/** A cancelled run has five minutes to end; EMR Serverless gives a running stream two of them for its micro-batch. */
export const END_POLLS = pollsOf(5);
/** A stream that fails more often in an hour is given up. */
export const FAILED_ATTEMPTS_PER_HOUR = 3;
/** Longer than the service's own limit of any of these runs, so that the service ends a run and says so. */
export const timeoutSecondsOf = (minutes: readonly number[]): number => (Math.max(...minutes) + 5) * 60;

/** Five more attempts, after up to 2, 4, 8, 16 and 32 seconds. */
const retry = (...errors: string[]): State[] => [
  { ErrorEquals: errors, IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, JitterStrategy: 'FULL' },
];

/** Throttling and transport, by service. A failed job is in none of them: it is never run again by itself. */
export const RETRY = {
  parameters: retry('Ssm.ThrottlingException', 'Ssm.InternalServerErrorException', 'Ssm.SdkClientException'),
  function: retry(
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ),
  lock: retry(
    'DynamoDB.ProvisionedThroughputExceededException',
    'DynamoDB.ThrottlingException',
    'DynamoDB.InternalServerErrorException',
    'DynamoDB.SdkClientException',
  ),
  jobs: retry(
    'EmrServerless.ThrottlingException',
    'EmrServerless.InternalServerException',
    'EmrServerless.SdkClientException',
    'EMRServerless.ThrottlingException',
    'EMRServerless.InternalServerException',
    'EMRServerless.SdkClientException',
  ),
  executions: retry('Sfn.ThrottlingException', 'Sfn.SdkClientException'),
  objects: retry('S3.SlowDown', 'S3.InternalError', 'S3.SdkClientException'),
} as const;

export const ENDED = ['CANCELLED', 'SUCCESS', 'FAILED'] as const;

/** True where the value is one of these texts. */
export const is = (variable: string, ...values: string[]): State =>
  any(...values.map((value) => ({ Variable: variable, StringEquals: value })));
export const isPresent = (variable: string): State => ({ Variable: variable, IsPresent: true });
export const not = (condition: State): State => ({ Not: condition });
/** True where all are; the ones behind a false one are not looked at, so that a path may be asked for before it is used. */
export const all = (...conditions: State[]): State => ({ And: conditions });
export const any = (...conditions: State[]): State => {
  const [one, ...others] = conditions;
  return one && others.length === 0 ? one : { Or: conditions };
};

/** A choice: conditions with where they lead, the first that holds wins. */
export const choice = (choices: readonly (readonly [condition: State, next: string])[], otherwise: string): State => ({
  Type: 'Choice',
  Choices: choices.map(([condition, Next]) => ({ ...condition, Next })),
  Default: otherwise,
});

/** A loop over a list, one item after the other; the first error ends it. */
export const loop = (list: string, start: string, states: States): State => ({
  Type: 'Map',
  ItemsPath: list,
  MaxConcurrency: 1,
  ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: start, States: states },
});

/** Counts in `$.polls` how often a loop has asked. */
export const count = (next: string, also: State = {}): State => ({
  Type: 'Pass',
  Parameters: { 'count.$': 'States.MathAdd($.polls.count, 1)', ...also },
  ResultPath: '$.polls',
  Next: next,
});

/** Once the lock is taken, every error ends here: what is left running is ended and the lock is released. */
export const CATCH: readonly State[] = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.caught', Next: 'Ended' }];

export interface WorkflowDefinitionProps {
  readonly description: string;
  readonly plan: Plan;
  readonly starts: Readonly<Record<string, JobStart>>;
  readonly platformParameter: string;
  readonly pipelineParameter: string;
  readonly prepareFunctionArn: string;
  readonly applicationId: string;
  readonly lockTable: string;
  readonly bucket: string;
  readonly logGroup: string;
}
