/**
 * The state machine of each pipeline: its form, as a validator of others sees it; and every branch of one with a bounded
 * order, executed as it was synthesized. A test at the end shows that no state was left out.
 */
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { drainOf, pascal, planOf } from '../../lib/declaration/plan.ts';
import { concrete } from './support/concrete.ts';
import { at, put } from './support/json.ts';
import { type Answer, definitionOf, execute, type Run, ServiceError, statesOf } from './support/machine.ts';
import { environmentNames, stacksOf } from './support/stacks.ts';

const resources = concrete(stacksOf('dev'));
const pipelines = await loadPipelines();
/** All machines are made by the same code: one that has jobs beside its stream and after it shows every branch. */
const pipeline = pipelines.find(({ order }) => order.kind === 'bounded' && order.during[0] && order.after[0]);
if (pipeline?.order.kind !== 'bounded') throw new Error('No pipeline has a bounded order with jobs in it.');
const { name } = pipeline;
const { stream, during, after } = pipeline.order;
const definition = definitionOf(resources, name);
/** States of the first job beside the stream, and of the jobs after it. */
const beside = pascal(during[0] ?? '');
const results = after.map(pascal);
const firstResult = results[0] ?? '';
/** The pipeline's whole order, job by job. */
const order = ['StartStream', ...during.map(pascal), 'Drain', ...results];
const batchJobs = planOf(pipeline).batchJobs;
const entered = new Set<string>();

async function run(answers: Record<string, Answer> = {}, input: Record<string, number | string> = {}): Promise<Run> {
  const outcome = await execute(definition, resources, answers, input);
  for (const state of outcome.path) entered.add(state);
  // What happens last within a loop over runs is missing in the path: its failure is known by what it says.
  for (const [state, { Cause }] of statesOf(definition)) if (Cause && Cause === outcome.cause) entered.add(state);
  return outcome;
}

const fails =
  (name: string): Answer =>
  () => {
    throw new ServiceError(name);
  };
const refused = fails('DynamoDB.ConditionalCheckFailedException');
const inState =
  (...states: string[]): Answer =>
  (_, before) => ({ JobRun: { State: states[Math.min(before, states.length - 1)] } });
/** A live run of this job of the pipeline, among runs of others and one without a name. */
const alive =
  (job: string, State = 'RUNNING'): Answer =>
  () => ({
    JobRuns: [
      { Id: '00f7', State },
      { Id: '00f8', State, Name: `another/${stream}/run-0` },
      { Id: '00f0', State, Name: `${name}/${job}/run-0` },
    ],
  });
const released = ({ path }: Run): boolean => path.some((state) => state.startsWith('Release'));
const called = ({ calls }: Run, state: string): number => calls.filter((call) => call.state === state).length;

describe('form', () => {
  it.each(environmentNames)('the machines of %s are valid', (environment) => {
    for (const { name } of pipelines) {
      expect(validate(definitionOf(concrete(stacksOf(environment)), name)).errorsText()).toBe('');
    }
  });

  it.each<[string, (states: Record<string, unknown>) => void]>([
    ['a way to a state that is not there', (states) => put(states, 'ReadPlatform.Next', 'Nowhere')],
    ['a state that no way leads to', (states) => put(states, 'Forgotten', { Type: 'Succeed' })],
    ['a misspelt field', (states) => put(states, 'ReadPlatform.ResultPaht', '$.x')],
    ['a path that is none', (states) => put(states, 'ReadPlatform.ResultPath', 'platform')],
    ['a kind of state that does not exist', (states) => put(states, 'Begin.Type', 'Passs')],
  ])('%s is found', (_, change) => {
    const copy = structuredClone(definition);
    change(at(copy, 'States') as Record<string, unknown>);
    expect(validate(copy).isValid).toBe(false);
  });
});

describe('all goes well', () => {
  it('starts the stream, runs the jobs beside it, cancels it with grace, drains it, runs the rest, and releases the lock', async () => {
    const outcome = await run({
      AwaitStreamAsk: inState('SCHEDULED', 'RUNNING'),
      AwaitStreamEndAsk: inState('CANCELLING', 'CANCELLED'),
    });
    expect(outcome.error).toBeUndefined();
    const steps = [
      'Lock',
      'StartStream',
      ...during.map(pascal),
      'CancelStream',
      'Drain',
      ...results,
      'Release',
      'Done',
    ];
    expect(outcome.path.filter((state) => steps.includes(state))).toEqual(steps);
    expect(outcome.output).toMatchObject({ execution: 'run-1', action: 'run', job: '' });
  });

  it('gives every job its arguments and a token of its own, and starts the stream as one', async () => {
    const { calls } = await run();
    const starts = calls.filter(({ parameters }) => 'ClientToken' in parameters);
    expect(starts.map(({ state }) => state)).toEqual(order);
    expect(new Set(starts.map(({ parameters }) => parameters.ClientToken)).size).toBe(order.length);
    for (const { parameters } of starts) expect(String(parameters.ClientToken)).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    expect(starts.flatMap(({ parameters, state }) => (parameters.Mode === 'STREAMING' ? [state] : []))).toEqual([
      'StartStream',
    ]);
    expect(starts.map(({ parameters }) => parameters.Name)).toEqual(
      [stream, ...during, drainOf(stream), ...after].map((job) => `${name}/${job}/run-1`),
    );
    const words = starts.map(
      ({ parameters }) => at(parameters, 'JobDriver.SparkSubmit.EntryPointArguments') as string[],
    );
    for (const list of words) expect(list).toContain('--kafka-bootstrap-servers');
    expect(words.map((list) => list.includes('caught-up'))).toEqual(order.map((state) => state === 'Drain'));
  });

  it('ends well although the lock could not be released: the clean-up rule does', async () => {
    const outcome = await run({ Release: fails('DynamoDB.ThrottlingException') });
    expect(outcome.error).toBeUndefined();
    expect(called(outcome, 'Release')).toBe(6);
  });
});

describe('the input is refused', () => {
  it('before anything is locked or started', async () => {
    const outcome = await run({}, { rates: 1 });
    expect(outcome).toMatchObject({ error: 'InvalidInput' });
    expect(outcome.path.at(-1)).toBe('Prepare');
  });
});

describe('the lock', () => {
  it('is busy while its holder runs', async () => {
    const outcome = await run({ Lock: refused, DescribeHolder: () => ({ Status: 'RUNNING' }) });
    expect(outcome).toMatchObject({ error: 'PipelineBusy' });
    expect(released(outcome)).toBe(false);
    expect(outcome.path).not.toContain('StartStream');
  });

  it('is taken over from a holder whose execution ended', async () => {
    const outcome = await run({ Lock: refused, DescribeHolder: () => ({ Status: 'ABORTED' }) });
    expect(outcome.path).toContain('TakeOver');
    expect(outcome.error).toBeUndefined();
  });

  it('is taken over from a holder whose execution is forgotten', async () => {
    const outcome = await run({ Lock: refused, DescribeHolder: fails('Sfn.ExecutionDoesNotExistException') });
    expect(outcome.path).toContain('TakeOver');
    expect(outcome.error).toBeUndefined();
  });

  it('is busy when another execution takes it over first', async () => {
    const outcome = await run({ Lock: refused, TakeOver: refused });
    expect(outcome).toMatchObject({ error: 'PipelineBusy' });
    expect(released(outcome)).toBe(false);
  });

  it('is busy when its holder vanished meanwhile', async () => {
    const outcome = await run({ Lock: refused, ReadHolder: () => ({}) });
    expect(outcome).toMatchObject({ error: 'PipelineBusy' });
  });

  it('is given back when a run of the pipeline is still alive', async () => {
    const outcome = await run({ ListRuns: alive(stream) });
    expect(outcome).toMatchObject({ error: 'JobRunAlive' });
    expect(released(outcome)).toBe(true);
    expect(outcome.path).not.toContain('StartStream');
  });

  it('is given back when the runs cannot be listed', async () => {
    const outcome = await run({ ListRuns: fails('EmrServerless.ValidationException') });
    expect(outcome).toMatchObject({ error: 'EmrServerless.ValidationException' });
    expect(released(outcome)).toBe(true);
  });
});

/** What goes wrong after the lock is taken: answers, the error that has to be told, whether the stream is cancelled. */
const failures: readonly [name: string, error: string, cancelled: boolean, answers: Record<string, Answer>][] = [
  [
    'the stream does not start',
    'EmrServerless.ValidationException',
    false,
    { StartStream: fails('EmrServerless.ValidationException') },
  ],
  ['the stream is not running in time', 'StreamLate', true, { AwaitStreamAsk: inState('PENDING') }],
  ['the stream fails before it runs', 'StreamFailed', true, { AwaitStreamAsk: inState('PENDING', 'FAILED') }],
  ['the stream commits nothing', 'StreamIdle', true, { AwaitCommitAsk: () => ({ KeyCount: 0 }) }],
  ['the stream fails while the producer runs', 'StreamFailed', true, { StillRunning: inState('FAILED') }],
  ['the producer fails', 'States.TaskFailed', true, { [beside]: fails('States.TaskFailed') }],
  ['the commits cannot be listed', 'S3.NoSuchBucket', true, { NoteCommits: fails('S3.NoSuchBucket') }],
  [
    'the stream cannot be cancelled with grace',
    'EmrServerless.ValidationException',
    true,
    { CancelStream: fails('EmrServerless.ValidationException') },
  ],
  [
    'the stream fails while it drains its batch',
    'StreamFailed',
    true,
    { AwaitStreamEndAsk: inState('CANCELLING', 'FAILED') },
  ],
  ['the stream does not end', 'StreamEndless', true, { AwaitStreamEndAsk: inState('CANCELLING') }],
  ['the drain fails', 'States.TaskFailed', false, { Drain: fails('States.TaskFailed') }],
  ['the read fails', 'States.Timeout', false, { [firstResult]: fails('States.Timeout') }],
];

describe('a stream that goes on', () => {
  it('is started, and the execution ends once it runs', async () => {
    const outcome = await run({ AwaitStreamAsk: inState('SCHEDULED', 'RUNNING') }, { action: 'start' });
    expect(outcome.error).toBeUndefined();
    expect(outcome.path.slice(-3)).toEqual(['Started', 'Release', 'Done']);
    expect(outcome.output).toMatchObject({ action: 'start' });
    expect(outcome.calls.filter(({ parameters }) => 'ClientToken' in parameters)).toHaveLength(1);
  });

  it.each(['run', 'start'])('is not started beside itself by %s', async (action) => {
    const outcome = await run({ ListRuns: alive(stream) }, { action });
    expect(outcome).toMatchObject({ error: 'JobRunAlive', cause: expect.stringContaining('{"action": "stop"}') });
    expect(called(outcome, 'EndStream')).toBe(0);
  });

  it('is ended with grace and drained by stop, and no other run with it', async () => {
    const outcome = await run(
      { ListRuns: alive(stream), AwaitRunEndAsk: inState('CANCELLING', 'CANCELLED') },
      { action: 'stop' },
    );
    expect(outcome.error).toBeUndefined();
    const ended = outcome.calls.filter(({ state }) => state.startsWith('EndStream'));
    expect(ended.map(({ parameters }) => [parameters.JobRunId, parameters.ShutdownGracePeriodInSeconds])).toEqual([
      ['00f0', 120],
    ]);
    expect(outcome.path.slice(outcome.path.indexOf('Work'))).toEqual(['Work', 'Drain', 'Drained', 'Release', 'Done']);
  });

  it('is drained by stop also when it does not run any more, so that stopping twice is safe', async () => {
    const outcome = await run({}, { action: 'stop' });
    expect(outcome.error).toBeUndefined();
    expect(outcome.path).toContain('Drain');
  });

  it('is ended, drained and started again by upgrade', async () => {
    const outcome = await run({ ListRuns: alive(stream) }, { action: 'upgrade' });
    expect(outcome.error).toBeUndefined();
    const steps = ['EndStream', 'Drain', 'StartStream', 'Release'];
    expect(outcome.path.filter((state) => steps.includes(state))).toEqual(steps);
  });

  it.each([
    ['SCHEDULED', 'EndStreamAtOnce'],
    ['CANCELLING', 'AwaitRunEnd'],
  ])('that is %s is given no grace, which only a running one can have', async (state, entered) => {
    const outcome = await run({ ListRuns: alive(stream, state) }, { action: 'stop' });
    expect(outcome.path).toContain(entered);
    expect(called(outcome, 'EndStream')).toBe(0);
    expect(outcome.error).toBeUndefined();
  });

  it('that does not end keeps the drain from running beside it', async () => {
    const outcome = await run({ ListRuns: alive(stream), AwaitRunEndAsk: inState('CANCELLING') }, { action: 'stop' });
    expect(outcome.error).toBe('StreamEndless');
    expect(outcome.path).not.toContain('Drain');
    expect(released(outcome)).toBe(true);
  });

  it('is not touched while another job of the pipeline is alive', async () => {
    const outcome = await run({ ListRuns: alive(drainOf(stream)) }, { action: 'upgrade' });
    expect(outcome.error).toBe('JobRunAlive');
    expect(called(outcome, 'EndStream')).toBe(0);
  });
});

describe('a job alone', () => {
  it.each(Object.entries(batchJobs))('%s is run and nothing else, also beside the stream', async (word, job) => {
    const outcome = await run({ ListRuns: alive(stream) }, { job: word });
    expect(outcome.error).toBeUndefined();
    expect(outcome.output).toMatchObject({ action: 'job', job });
    const starts = outcome.calls.filter(({ parameters }) => 'ClientToken' in parameters);
    expect(starts.map(({ parameters }) => parameters.Name)).toEqual([`${name}/${job}/run-1`]);
    expect(outcome.path).not.toContain('EndStream');
  });

  it('is not run beside another batch job of the pipeline', async () => {
    const [word = '', job = ''] = Object.entries(batchJobs)[0] ?? [];
    expect(await run({ ListRuns: alive(job) }, { job: word })).toMatchObject({ error: 'JobRunAlive' });
  });

  it('that fails releases the lock', async () => {
    const [word = '', job = ''] = Object.entries(batchJobs)[0] ?? [];
    const outcome = await run({ [`${pascal(job)}Alone`]: fails('States.TaskFailed') }, { job: word });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(released(outcome)).toBe(true);
  });
});

describe('a failure', () => {
  it.each(failures)('when %s: %s is told, and the lock released', async (_, error, cancelled, answers) => {
    const outcome = await run(answers);
    expect(outcome.error).toBe(error);
    expect(called(outcome, 'CancelAfterError') > 0).toBe(cancelled);
    expect(outcome.path).toContain('ReleaseAfterError');
    expect(outcome.path.at(-1)).toBe('Failed');
  });

  it('keeps the first error and the lock when the stream outlives its cancellation', async () => {
    const outcome = await run({
      [beside]: fails('States.TaskFailed'),
      AwaitEndAfterErrorAsk: inState('CANCELLING'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(released(outcome)).toBe(false);
  });

  it('keeps the first error when the cancellation is refused, and still waits for the end', async () => {
    const outcome = await run({
      [beside]: fails('States.TaskFailed'),
      CancelAfterError: fails('EmrServerless.ConflictException'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(outcome.path).toContain('AwaitEndAfterErrorAsk');
  });

  it('keeps the lock when nobody knows whether the stream ended', async () => {
    const outcome = await run({
      [beside]: fails('States.TaskFailed'),
      AwaitEndAfterErrorAsk: fails('EmrServerless.AccessDeniedException'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(released(outcome)).toBe(false);
  });

  it('keeps the first error when the lock cannot be released', async () => {
    const outcome = await run({ [firstResult]: fails('States.TaskFailed'), ReleaseAfterError: refused });
    expect(outcome.error).toBe('States.TaskFailed');
  });

  it('of a job is not tried again, a throttled call is', async () => {
    const failed = await run({ Drain: fails('States.TaskFailed') });
    expect(called(failed, 'Drain')).toBe(1);
    const throttled = await run({
      StartStream: (_, before) => {
        if (before < 2) throw new ServiceError('EmrServerless.ThrottlingException');
        return { JobRunId: '00f1' };
      },
    });
    expect(called(throttled, 'StartStream')).toBe(3);
    expect(throttled.error).toBeUndefined();
  });
});

describe('the data flow', () => {
  it.each<[string, (states: Record<string, unknown>) => void]>([
    ['a path to what is not there', (states) => put(states, 'ReadPlatform.ResultPath', '$.platfrom')],
    ['a result that is put elsewhere', (states) => put(states, 'Prepare.ResultPath', '$.ready')],
    [
      'an argument that the prepare function does not give',
      (states) => {
        const given = at(states, 'Prepare.ResultSelector') as Record<string, unknown>;
        given[`${stream}.$`] = '$.Payload.arguments.nobody';
      },
    ],
  ])('%s ends the execution before a job has started', async (_, change) => {
    const copy = structuredClone(definition);
    change(at(copy, 'States') as Record<string, unknown>);
    const outcome = await execute(copy, resources);
    expect(outcome.error).toBeDefined();
    expect(outcome.path).not.toContain(beside);
  });
});

it('every state was entered by a test above', () => {
  expect([...statesOf(definition).keys()].filter((state) => !entered.has(state))).toEqual([]);
});
