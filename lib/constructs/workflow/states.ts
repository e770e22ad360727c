/**
 * Building blocks of a state machine in JSONPath: names and parameters come in, states of the Amazon States Language
 * go out. Called by the workflow's definition.
 */

/** States by name. */
export type States = Record<string, Record<string, unknown>>;

interface Retry {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly JitterStrategy: 'FULL';
}

const retry = (...errors: string[]): Retry => ({
  ErrorEquals: errors,
  IntervalSeconds: 2,
  MaxAttempts: 5,
  BackoffRate: 2,
  JitterStrategy: 'FULL',
});

/** Throttling and transport, by service. A failed job is in none of them: it is never run again by itself. */
export const RETRY = {
  parameters: [retry('Ssm.ThrottlingException', 'Ssm.InternalServerErrorException', 'Ssm.SdkClientException')],
  function: [
    retry(
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
    ),
  ],
  lock: [
    retry(
      'DynamoDB.ProvisionedThroughputExceededException',
      'DynamoDB.ThrottlingException',
      'DynamoDB.InternalServerErrorException',
      'DynamoDB.SdkClientException',
    ),
  ],
  jobs: [
    retry(
      'EmrServerless.ThrottlingException',
      'EmrServerless.InternalServerException',
      'EmrServerless.SdkClientException',
      'EMRServerless.ThrottlingException',
      'EMRServerless.InternalServerException',
      'EMRServerless.SdkClientException',
    ),
  ],
  executions: [retry('Sfn.ThrottlingException', 'Sfn.SdkClientException')],
  objects: [retry('S3.SlowDown', 'S3.InternalError', 'S3.SdkClientException')],
} as const;

/** States of a job run that has ended. */
export const ENDED = ['CANCELLED', 'SUCCESS', 'FAILED'] as const;

/** The condition that a value is this text. */
export const is = (variable: string, value: string): Record<string, unknown> => ({
  Variable: variable,
  StringEquals: value,
});

/** Catches every error, keeps it in `$.error` beside the data, and goes on. */
export const catchAll = (next: string): unknown[] => [
  { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: next },
];

/** A state that notes an error of ours as a catch would have, and goes on. */
export const note = (error: string, cause: string, next: string): Record<string, unknown> => ({
  Type: 'Pass',
  Result: { Error: error, Cause: cause },
  ResultPath: '$.error',
  Next: next,
});

/** Asks again and again until a choice holds: the question, the choices that end it, and what happens otherwise. */
export interface Poll {
  /** The task that asks, without `Next`. */
  readonly ask: Record<string, unknown>;
  /** Choices that leave the loop. */
  readonly until: readonly Record<string, unknown>[];
  readonly everySeconds: number;
  readonly times: number;
  /** Where to go when it was asked often enough. */
  readonly otherwise: string;
}

/** The states of a loop, entered by its name. */
export function poll(name: string, loop: Poll): States {
  return {
    [name]: { Type: 'Pass', Result: { count: 0 }, ResultPath: '$.polls', Next: `${name}Ask` },
    [`${name}Ask`]: { ...loop.ask, Next: `${name}Check` },
    [`${name}Check`]: { Type: 'Choice', Choices: loop.until, Default: `${name}Count` },
    [`${name}Count`]: {
      Type: 'Pass',
      Parameters: { 'count.$': 'States.MathAdd($.polls.count, 1)' },
      ResultPath: '$.polls',
      Next: `${name}Limit`,
    },
    [`${name}Limit`]: {
      Type: 'Choice',
      Choices: [{ Variable: '$.polls.count', NumericGreaterThanEquals: loop.times, Next: loop.otherwise }],
      Default: `${name}Wait`,
    },
    [`${name}Wait`]: { Type: 'Wait', Seconds: loop.everySeconds, Next: `${name}Ask` },
  };
}

/** Links states in the order given: each gets the next one's name, the last one the end given. */
export function chain(steps: readonly (readonly [string, Record<string, unknown>])[], end: string): States {
  return Object.fromEntries(
    steps.map(([name, state], index) => [name, { ...state, Next: steps[index + 1]?.[0] ?? end }]),
  );
}
