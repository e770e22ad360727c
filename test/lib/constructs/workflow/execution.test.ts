/** Every branch of the state machine, executed for pipelines of two streams, of none, and without batch jobs. */
import { describe, expect, test } from 'vitest';
import { at, put } from '../../../aws/support/json.ts';
import {
  type Answer,
  EXECUTION,
  execute,
  type Run,
  ServiceError,
  statesOf,
  type World,
} from '../../../aws/support/machine.ts';
import { type PlayedRun, PlayedRuns, type Script } from '../../../aws/support/played-runs.ts';
import { batchless, chained, machineOf, PARAMETERS, streamless } from './invented.ts';

const definition = machineOf(chained);
const ME = EXECUTION.Id;
const OTHER = ME.replace('run-1', 'run-0');
const entered = new Set<string>();

interface Setting extends Omit<World, 'parameters' | 'runs'> {
  readonly machine?: Record<string, unknown>;
  readonly scripts?: Readonly<Record<string, Script>>;
  /** Runs that are there before. */
  readonly before?: readonly PlayedRun[];
  readonly pageSize?: number;
}

async function run({ machine = definition, scripts, before, pageSize, ...world }: Setting = {}): Promise<Run> {
  const outcome = await execute(machine, {
    parameters: PARAMETERS,
    runs: new PlayedRuns(scripts, before, pageSize),
    ...world,
  });
  for (const state of outcome.path) entered.add(state);
  return outcome;
}

const fails =
  (name: string): Answer =>
  () => {
    throw new ServiceError(name);
  };
const refused = fails('DynamoDB.ConditionalCheckFailedException');
/** The call has its effect, and its first answer is lost. */
const lost =
  (name: string): Answer =>
  async (_, before, usual) => {
    const answer = await usual();
    if (before === 0) throw new ServiceError(name);
    return answer;
  };
/** A run of another execution that is alive. */
const alive = (job: string, State = 'RUNNING', execution = 'run-0'): PlayedRun => ({
  Id: `before-${job}`,
  Name: `tiny/${job}/${execution}`,
  State,
});
/** Runs that are no business of this pipeline's. */
const foreign: PlayedRun[] = [
  { Id: 'nameless', State: 'RUNNING' },
  { Id: 'foreign', Name: 'by-hand', State: 'RUNNING' },
  { Id: 'neighbour', Name: 'tiny-too/count/run-1', State: 'RUNNING' },
];
const called = ({ calls }: Run, state: string): number => calls.filter((call) => call.state === state).length;
/** Runs of this execution that it left alive. */
const left = ({ runs }: Run): unknown[] => runs.alive.filter(({ Name }) => /^tiny\/\w+\/run-1$/.test(Name ?? ''));
const wholeRun = [
  'start count',
  'start rank',
  'start send',
  'cancel count',
  'cancel rank',
  'start countDrain',
  'start rankDrain',
  'start show',
];

describe('a whole run', () => {
  test('starts streams upstream first, feeds them, ends and drains them in that order, and shows the results', async () => {
    const slowly = { states: ['SCHEDULED', 'RUNNING'], cancelled: ['CANCELLING', 'CANCELLED'] };
    const outcome = await run({ scripts: { count: slowly, rank: slowly }, before: foreign });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(wholeRun);
    expect(outcome.holder).toBeUndefined();
    expect(outcome.output).toEqual({ execution: 'run-1', action: 'run', job: '', parameters: {}, files: {} });
    expect(outcome.runs.alive).toHaveLength(foreign.length);
  });

  test('gives every run its role, its spec, its name, its tag and a token of its own', async () => {
    const { runs } = await run();
    const requests = runs.all.map(({ request }) => request);
    const names = ['count', 'rank', 'send', 'countDrain', 'rankDrain', 'show'];
    expect(requests.map((request) => request?.Name)).toEqual(names.map((name) => `tiny/${name}/run-1`));
    expect(new Set(requests.map((request) => request?.ClientToken)).size).toBe(names.length);
    for (const request of requests) {
      const job = String(request?.Name).split('/')[1]?.replace('Drain', '');
      expect(request?.ClientToken).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      expect(request?.Tags).toEqual({ 'millrace:pipeline': 'tiny' });
      expect(request?.ExecutionRoleArn).toBe(`arn:aws:iam::111111111111:role/${job}`);
      expect(at(request, 'JobDriver.SparkSubmit')).toMatchObject({
        EntryPoint: `s3://assets/${job}.py`,
        SparkSubmitParameters: `--name ${job}`,
      });
    }
    const specs = requests.map((request) => at(request, 'JobDriver.SparkSubmit.EntryPointArguments') as string[]);
    expect(specs.map(([word]) => word)).toEqual(names.map(() => '--spec'));
    expect(specs.map(([, spec = '']) => at(JSON.parse(spec), 'mode'))).toEqual([
      'stream',
      'stream',
      'batch',
      'drain',
      'drain',
      'batch',
    ]);
    expect(requests.map((request) => request?.Mode)).toEqual(['STREAMING', 'STREAMING', ...Array(4).fill(undefined)]);
    expect(requests.map((request) => request?.ExecutionTimeoutMinutes)).toEqual([undefined, undefined, 30, 60, 60, 60]);
  });

  test('asks for the commits of each stream', async () => {
    const { calls } = await run();
    const asked = calls.filter(({ state }) => state === 'AskCommits').map(({ parameters }) => parameters.Prefix);
    expect(new Set(asked)).toEqual(
      new Set(['checkpoints/tiny/count/query/commits/', 'checkpoints/tiny/rank/query/commits/']),
    );
  });

  test('does not wait for a stream that no job of it feeds', async () => {
    const outcome = await run({
      answers: { AskCommits: ({ Prefix }, _, usual) => (String(Prefix).includes('rank') ? { KeyCount: 0 } : usual()) },
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(wholeRun);
  });

  test('takes no harm when a stream is PENDING between two attempts, at its start and at its work', async () => {
    const outcome = await run({
      scripts: { count: { states: ['PENDING', 'RUNNING', 'PENDING', 'SCHEDULED', 'RUNNING'] } },
      // The first visit to each stream and one more look at the first find nothing new.
      answers: { AskCommits: (_, before) => ({ KeyCount: Math.max(0, before - 4) }) },
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(wholeRun);
  });

  test('takes the answer to a repeated request for what the first one has done', async () => {
    const outcome = await run({
      answers: {
        Lock: lost('DynamoDB.SdkClientException'),
        StartStream: lost('EmrServerless.SdkClientException'),
        RunDuring: lost('EmrServerless.SdkClientException'),
      },
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(wholeRun);
  });

  test('ends well although the lock could not be released: the next execution takes it over', async () => {
    const outcome = await run({ answers: { Release: fails('DynamoDB.ThrottlingException') } });
    expect(outcome.error).toBeUndefined();
    expect(called(outcome, 'Release')).toBe(6);
    expect(outcome.holder).toBe(ME);
  });

  test('of a pipeline without streams runs its jobs', async () => {
    const outcome = await run({ machine: machineOf(streamless) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(['start send', 'start show']);
  });

  test.each([
    [{}, ['start count', 'start rank']],
    [
      { action: 'run' },
      ['start count', 'start rank', 'cancel count', 'cancel rank', 'start countDrain', 'start rankDrain'],
    ],
  ])('of a pipeline without batch jobs by %j does %j', async (input, done) => {
    const outcome = await run({ machine: machineOf(batchless), input });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(done);
  });

  test('is refused before anything is locked or started', async () => {
    const outcome = await run({ input: { rates: 1 } });
    expect(outcome).toMatchObject({ error: 'InvalidInput' });
    expect(outcome.path.at(-1)).toBe('Prepare');
    expect(outcome.holder).toBeUndefined();
  });
});

describe('the lock', () => {
  test('is busy while its holder runs', async () => {
    const outcome = await run({ holder: OTHER, answers: { DescribeHolder: () => ({ Status: 'RUNNING' }) } });
    expect(outcome).toMatchObject({ error: 'PipelineBusy', holder: OTHER });
    expect(outcome.runs.done).toEqual([]);
  });

  test.each<[string, Answer]>([
    ['ended', () => ({ Status: 'ABORTED' })],
    ['is forgotten', fails('Sfn.ExecutionDoesNotExistException')],
  ])('is taken over from a holder that %s', async (_, DescribeHolder) => {
    const outcome = await run({ holder: OTHER, answers: { DescribeHolder } });
    expect(outcome.path).toContain('TakeOver');
    expect(outcome.error).toBeUndefined();
    expect(outcome.holder).toBeUndefined();
  });

  test('is taken over once although the first answer is lost', async () => {
    const outcome = await run({ holder: OTHER, answers: { TakeOver: lost('DynamoDB.SdkClientException') } });
    expect(outcome.error).toBeUndefined();
  });

  test('is busy when another execution takes it over first', async () => {
    const ReadHolder: Answer = () => ({ Item: { holder: { S: 'arn:dead' } } });
    const outcome = await run({ holder: OTHER, answers: { ReadHolder } });
    expect(outcome).toMatchObject({ error: 'PipelineBusy', holder: OTHER });
    expect(outcome.path).toContain('TakeOver');
  });

  test('is busy when its holder vanished meanwhile', async () => {
    expect(await run({ answers: { Lock: refused } })).toMatchObject({ error: 'PipelineBusy' });
  });

  test('is given back when the runs cannot be listed', async () => {
    const outcome = await run({
      answers: {
        ListRuns: (_, before, usual) =>
          before === 0 ? fails('EmrServerless.ValidationException')({}, 0, usual) : usual(),
      },
    });
    expect(outcome).toMatchObject({ error: 'EmrServerless.ValidationException', holder: undefined });
    expect(outcome.runs.done).toEqual([]);
  });

  test('is kept when the runs cannot be listed after an error either', async () => {
    const outcome = await run({
      answers: {
        RunDuring: fails('States.TaskFailed'),
        ListRuns: (_, before, usual) => (before > 0 ? refused({}, 0, usual) : usual()),
      },
    });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: ME });
  });
});

describe('what is alive before', () => {
  test.each(['run', 'start'])('keeps %s from starting a stream beside itself', async (action) => {
    const outcome = await run({ before: [...foreign, alive('count')], input: { action } });
    expect(outcome).toMatchObject({
      error: 'JobRunAlive',
      cause: expect.stringContaining('{"action": "stop"}'),
      holder: undefined,
    });
    expect(outcome.runs.done).toEqual([]);
  });

  test.each(
    ['send', 'countDrain'].flatMap((job) => ['run', 'start', 'stop', 'upgrade'].map((action) => [job, action])),
  )('as a run of %s is waited for by %s', async (job, action) => {
    const outcome = await run({ before: [alive(job)], input: { action } });
    expect(outcome).toMatchObject({ error: 'JobRunAlive', holder: undefined });
    expect(outcome.runs.done).toEqual([]);
  });

  test('is found on every page of the listing', async () => {
    const outcome = await run({ before: [...foreign, alive('send', 'RUNNING', 'run-0')], pageSize: 1 });
    expect(outcome).toMatchObject({ error: 'JobRunAlive' });
    const more = outcome.calls.filter(({ state }) => state === 'ListMoreRuns');
    expect(more.slice(0, 3).map(({ parameters }) => parameters.NextToken)).toEqual(foreign.map(({ Id }) => Id));
  });
});

describe('streams that go on', () => {
  test('are started, and the execution ends once they run', async () => {
    const outcome = await run({ input: { action: 'start' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.path.slice(-4)).toEqual(['Started', 'Release', 'Ended', 'Done']);
    expect(outcome.output).toMatchObject({ action: 'start' });
    expect(outcome.runs.done).toEqual(['start count', 'start rank']);
    expect(left(outcome)).toHaveLength(2);
  });

  const both = [alive('rank'), alive('count'), ...foreign];

  test('are ended and drained upstream first by stop, without a grace period other than the service gives', async () => {
    const scripts = { count: { cancelled: ['CANCELLING', 'CANCELLING', 'CANCELLED'] } };
    const outcome = await run({ before: both, scripts, input: { action: 'stop' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(['cancel rank', 'cancel count', 'start countDrain', 'start rankDrain']);
    const cancels = outcome.calls.filter(({ state }) => state === 'CancelRun').map(({ parameters }) => parameters);
    expect(cancels.map((parameters) => Object.keys(parameters))).toEqual([
      ['ApplicationId', 'JobRunId'],
      ['ApplicationId', 'JobRunId'],
    ]);
  });

  test('are drained by stop also when they do not run any more, so that stopping twice is safe', async () => {
    const outcome = await run({ input: { action: 'stop' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(['start countDrain', 'start rankDrain']);
  });

  test('are ended, drained and started again by upgrade', async () => {
    const outcome = await run({ before: both, input: { action: 'upgrade' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual([
      'cancel rank',
      'cancel count',
      'start countDrain',
      'start rankDrain',
      'start count',
      'start rank',
    ]);
  });

  test.each([
    ['start', [alive('count')], ['start rank']],
    ['stop', both, ['cancel rank', 'start rankDrain']],
    ['upgrade', both, ['cancel rank', 'start rankDrain', 'start rank']],
  ])('are left alone where %s names another', async (action, before, done) => {
    const outcome = await run({ before, input: { action, stream: 'rank' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done).toEqual(done);
    expect(outcome.runs.alive.map(({ Id }) => Id)).toContain('before-count');
  });

  test('that are on their way out are waited for, and not cancelled again', async () => {
    const outcome = await run({
      before: [alive('count', 'CANCELLING')],
      input: { action: 'stop' },
      answers: {
        AskRun: (_, before) => ({
          JobRun: { JobRunId: 'x', Name: 'tiny/count/run-0', State: before < 2 ? 'CANCELLING' : 'CANCELLED' },
        }),
      },
    });
    expect(outcome.error).toBeUndefined();
    expect(called(outcome, 'AskRun')).toBe(3);
    expect(outcome.runs.done).toEqual(['start countDrain', 'start rankDrain']);
  });

  test('that are too young to be cancelled are cancelled again', async () => {
    const outcome = await run({
      before: [alive('count', 'SUBMITTED')],
      input: { action: 'stop' },
      answers: {
        CancelRun: (_, before, usual) =>
          before < 2 ? fails('EmrServerless.ConflictException')({}, 0, usual) : usual(),
      },
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.runs.done[0]).toBe('cancel count');
  });

  test('that do not end keep the drain from running beside them', async () => {
    const outcome = await run({
      before: both,
      scripts: { rank: { cancelled: ['CANCELLING'] } },
      input: { action: 'stop' },
    });
    expect(outcome).toMatchObject({
      error: 'RunNotEnded',
      cause: expect.stringContaining('tiny/rank/run-0'),
      holder: undefined,
    });
    expect(called(outcome, 'AskRun')).toBe(60);
    expect(outcome.runs.done).toEqual(['cancel rank']);
  });

  test('that fail while they are ended are drained all the same', async () => {
    const outcome = await run({
      before: both,
      scripts: { rank: { cancelled: ['FAILED'] } },
      input: { action: 'stop' },
    });
    expect(outcome.error).toBeUndefined();
  });
});

describe('a job alone', () => {
  test.each(['send', 'show', 'audit'])('%s is run and nothing else, also beside the streams', async (job) => {
    const outcome = await run({ before: [alive('count'), alive('rank')], input: { job } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.output).toMatchObject({ action: 'job', job });
    expect(outcome.runs.done).toEqual([`start ${job}`]);
  });

  test('is not run beside another batch job of the pipeline', async () => {
    expect(await run({ before: [alive('send')], input: { job: 'show' } })).toMatchObject({ error: 'JobRunAlive' });
  });

  test('that fails releases the lock, and leaves the streams alone', async () => {
    const outcome = await run({
      before: [alive('count')],
      input: { job: 'show' },
      scripts: { show: { states: ['RUNNING', 'FAILED'] } },
    });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: undefined });
    expect(outcome.runs.alive.map(({ Id }) => Id)).toEqual(['before-count']);
  });
});

/** What goes wrong after the lock is taken: the error that has to be told, and what the execution had done until all was ended. */
const failures: readonly [name: string, error: string, done: string[], setting: Setting][] = [
  [
    'a stream does not start',
    'EmrServerless.ValidationException',
    ['start count', 'cancel count'],
    {
      answers: {
        StartStream: (_, before, usual) =>
          before > 0 ? fails('EmrServerless.ValidationException')({}, 0, usual) : usual(),
      },
    },
  ],
  [
    'a stream is not running in time',
    'StreamLate',
    ['start count', 'cancel count'],
    { scripts: { count: { states: ['PENDING'] } } },
  ],
  [
    'the second stream is not running in time',
    'StreamLate',
    ['start count', 'start rank', 'cancel count', 'cancel rank'],
    { scripts: { rank: { states: ['SCHEDULED'] } } },
  ],
  [
    'a stream fails before it runs',
    'StreamFailed',
    ['start count'],
    { scripts: { count: { states: ['PENDING', 'FAILED'] } } },
  ],
  [
    'a stream fails while another runs',
    'StreamFailed',
    ['start count', 'start rank', 'start send', 'cancel rank'],
    { scripts: { count: { states: ['RUNNING', 'FAILED'] } } },
  ],
  [
    'a stream is cancelled by somebody else',
    'StreamFailed',
    ['start count', 'start rank', 'start send', 'cancel count'],
    { scripts: { rank: { states: ['RUNNING', 'CANCELLED'] } } },
  ],
  [
    'a stream commits nothing',
    'StreamIdle',
    ['start count', 'start rank', 'start send', 'cancel count', 'cancel rank'],
    {
      answers: { AskCommits: ({ Prefix }, _, usual) => (String(Prefix).includes('count') ? { KeyCount: 0 } : usual()) },
    },
  ],
  [
    'the job that feeds the streams fails',
    'States.TaskFailed',
    ['start count', 'start rank', 'start send', 'cancel count', 'cancel rank'],
    { scripts: { send: { states: ['RUNNING', 'FAILED'] } } },
  ],
  [
    'the commits cannot be listed',
    'S3.NoSuchBucket',
    ['start count', 'cancel count'],
    { answers: { AskCommits: fails('S3.NoSuchBucket') } },
  ],
  [
    'a stream fails while it drains its micro-batch',
    'RunNotEnded',
    ['start count', 'start rank', 'start send', 'cancel count', 'cancel rank'],
    { scripts: { count: { cancelled: ['CANCELLING', 'FAILED'] } } },
  ],
  [
    'a drain fails',
    'States.TaskFailed',
    [...wholeRun.slice(0, 6)],
    { scripts: { countDrain: { states: ['FAILED'] } } },
  ],
  ['showing fails', 'States.TaskFailed', wholeRun, { scripts: { show: { states: ['FAILED'] } } }],
];

describe('a failure', () => {
  test.each(failures)('when %s: %s is told, nothing is left, the lock released', async (_, error, done, setting) => {
    const outcome = await run({ before: foreign, ...setting });
    expect(outcome).toMatchObject({ error, holder: undefined });
    expect(outcome.runs.done).toEqual(done);
    expect(left(outcome)).toEqual([]);
    expect(outcome.path.slice(-3)).toEqual(['Release', 'Ended', 'Failed']);
    expect(outcome.runs.alive).toHaveLength(foreign.length);
  });

  test.each([
    ['StreamLate', /^Stream count was not running ten minutes after its start/, { states: ['PENDING'] }, 121],
    ['StreamFailed', /^Stream count ended by itself\. Its log says why/, { states: ['FAILED'] }, 1],
  ])('%s names the stream', async (error, cause, count, asked) => {
    const outcome = await run({ scripts: { count } });
    expect(outcome).toMatchObject({ error, cause: expect.stringMatching(cause) });
    expect(called(outcome, 'AskStream')).toBe(asked);
  });

  test('of a stream that does no work is told three minutes after the jobs that feed it', async () => {
    const outcome = await run({ answers: { AskCommits: () => ({ KeyCount: 0 }) } });
    expect(outcome).toMatchObject({ error: 'StreamIdle', cause: expect.stringMatching(/^Stream count committed no/) });
    expect(called(outcome, 'AskStream')).toBe(2 + 37);
  });

  test('ends runs on every page of the listing', async () => {
    const outcome = await run({ scripts: { send: { states: ['FAILED'] } }, before: foreign, pageSize: 2 });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: undefined });
    expect(left(outcome)).toEqual([]);
  });

  test('ends a run whose start was answered with an error', async () => {
    const StartStream: Answer = async (_, __, usual) => {
      await usual();
      throw new ServiceError('EmrServerless.SdkClientException');
    };
    const outcome = await run({ answers: { StartStream } });
    expect(outcome).toMatchObject({ error: 'EmrServerless.SdkClientException', holder: undefined });
    expect(outcome.runs.done).toEqual(['start count', 'cancel count']);
  });

  const feedingFails: Setting = { scripts: { send: { states: ['FAILED'] } } };

  test('keeps the first error and the lock when a stream outlives its cancellation', async () => {
    const scripts = { ...feedingFails.scripts, count: { cancelled: ['CANCELLING'] } };
    const outcome = await run({ scripts });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: ME });
    expect(outcome.path).not.toContain('Release');
  });

  test('keeps the first error when the cancellation is refused, and still waits for the end', async () => {
    const outcome = await run({ ...feedingFails, answers: { CancelRun: fails('EmrServerless.ConflictException') } });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: ME });
    expect(called(outcome, 'AskRun')).toBe(60);
  });

  test('keeps the lock when nobody knows whether the streams ended', async () => {
    const outcome = await run({ ...feedingFails, answers: { AskRun: fails('EmrServerless.AccessDeniedException') } });
    expect(outcome).toMatchObject({ error: 'States.TaskFailed', holder: ME });
  });

  test('keeps the first error when the lock cannot be released', async () => {
    const outcome = await run({ ...feedingFails, answers: { Release: refused } });
    expect(outcome.error).toBe('States.TaskFailed');
  });

  test('of a stream that is ended keeps the others from being drained', async () => {
    const outcome = await run({ scripts: { rank: { cancelled: ['CANCELLING'] } } });
    expect(outcome).toMatchObject({ error: 'RunNotEnded', holder: ME });
    expect(outcome.runs.done).not.toContain('start countDrain');
  });

  test('of a job is not tried again, a throttled call is', async () => {
    const failed = await run({ scripts: { countDrain: { states: ['FAILED'] } } });
    expect(called(failed, 'DrainStream')).toBe(1);
    const StartStream: Answer = (_, before, usual) =>
      before < 2 ? fails('EmrServerless.ThrottlingException')({}, 0, usual) : usual();
    const throttled = await run({ answers: { StartStream } });
    expect(called(throttled, 'StartStream')).toBe(4);
    expect(throttled.error).toBeUndefined();
  });
});

describe('the data flow', () => {
  test.each<[string, (states: Record<string, unknown>) => void]>([
    ['a path to what is not there', (states) => put(states, 'ReadPipeline.ResultPath', '$.pipelien')],
    ['a result that is put elsewhere', (states) => put(states, 'Prepare.ResultPath', '$.ready')],
    [
      'a list that the prepare function does not give',
      (states) => {
        (at(states, 'Prepare.ResultSelector') as Record<string, unknown>)['streams.$'] = '$.Payload.nothing';
      },
    ],
  ])('%s ends the execution before a job has started', async (_, change) => {
    const machine = structuredClone(definition);
    change(machine.States);
    const outcome = await run({ machine });
    expect(outcome.error).toBeDefined();
    expect(outcome.runs.done).toEqual([]);
  });
});

test('every state was entered by a test above', () => {
  expect([...statesOf(definition).keys()].filter((state) => !entered.has(state))).toEqual([]);
});
