/**
 * The state machine of each pipeline: its form, as a validator of others sees it, and every branch executed as it was
 * synthesized. A test at the end shows that no state was left out.
 */
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { concrete } from './support/concrete.ts';
import { at, put } from './support/json.ts';
import { type Answer, definitionOf, execute, type Run, ServiceError, statesOf } from './support/machine.ts';
import { environmentNames, stacksOf } from './support/stacks.ts';

const resources = concrete(stacksOf('dev'));
const definition = definitionOf(resources, 'sales');
const entered = new Set<string>();

async function run(answers: Record<string, Answer> = {}, input: Record<string, number | string> = {}): Promise<Run> {
  const outcome = await execute(definition, resources, answers, input);
  for (const state of outcome.path) entered.add(state);
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
const released = ({ path }: Run): boolean => path.some((state) => state.startsWith('Release'));
const called = ({ calls }: Run, state: string): number => calls.filter((call) => call.state === state).length;

describe('form', () => {
  it.each(environmentNames)('the machine of %s is valid', (environment) => {
    const result = validate(definitionOf(concrete(stacksOf(environment)), 'sales'));
    expect(result.errorsText()).toBe('');
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
  it('starts the stream, produces, cancels with grace, drains, reads, and releases the lock', async () => {
    const outcome = await run({
      AwaitStreamAsk: inState('SCHEDULED', 'RUNNING'),
      AwaitStreamEndAsk: inState('CANCELLING', 'CANCELLED'),
    });
    expect(outcome.error).toBeUndefined();
    const jobs = ['Lock', 'StartStream', 'Produce', 'CancelStream', 'Drain', 'Read', 'Release', 'Done'];
    expect(outcome.path.filter((state) => jobs.includes(state))).toEqual(jobs);
    expect(outcome.output).toMatchObject({ execution: 'run-1', tunables: { rate: 200 } });
  });

  it('gives every job its arguments and a token of its own, and starts the stream as one', async () => {
    const { calls } = await run({}, { rate: 7 });
    const starts = calls.filter(({ parameters }) => 'ClientToken' in parameters);
    expect(starts.map(({ state }) => state)).toEqual(['StartStream', 'Produce', 'Drain', 'Read']);
    expect(new Set(starts.map(({ parameters }) => parameters.ClientToken)).size).toBe(4);
    for (const { parameters } of starts) expect(String(parameters.ClientToken)).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    expect(starts.map(({ parameters }) => parameters.Mode)).toEqual(['STREAMING', undefined, undefined, undefined]);
    expect(starts.map(({ parameters }) => parameters.Name)).toEqual([
      'sales/enrich/run-1',
      'sales/produce/run-1',
      'sales/enrichDrain/run-1',
      'sales/read/run-1',
    ]);
    const produce = at(starts[1]?.parameters, 'JobDriver.SparkSubmit.EntryPointArguments') as string[];
    expect(produce[produce.indexOf('--rate') + 1]).toBe('7');
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
    const outcome = await run({ ListRuns: () => ({ JobRuns: [{ Name: 'sales/enrich/run-0', Id: '00f0' }] }) });
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
  ['the producer fails', 'States.TaskFailed', true, { Produce: fails('States.TaskFailed') }],
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
  ['the read fails', 'States.Timeout', false, { Read: fails('States.Timeout') }],
];

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
      Produce: fails('States.TaskFailed'),
      AwaitEndAfterErrorAsk: inState('CANCELLING'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(released(outcome)).toBe(false);
  });

  it('keeps the first error when the cancellation is refused, and still waits for the end', async () => {
    const outcome = await run({
      Produce: fails('States.TaskFailed'),
      CancelAfterError: fails('EmrServerless.ConflictException'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(outcome.path).toContain('AwaitEndAfterErrorAsk');
  });

  it('keeps the lock when nobody knows whether the stream ended', async () => {
    const outcome = await run({
      Produce: fails('States.TaskFailed'),
      AwaitEndAfterErrorAsk: fails('EmrServerless.AccessDeniedException'),
    });
    expect(outcome.error).toBe('States.TaskFailed');
    expect(released(outcome)).toBe(false);
  });

  it('keeps the first error when the lock cannot be released', async () => {
    const outcome = await run({ Read: fails('States.TaskFailed'), ReleaseAfterError: refused });
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
        (at(states, 'Prepare.ResultSelector') as Record<string, unknown>)['read.$'] = '$.Payload.arguments.raed';
      },
    ],
  ])('%s ends the execution before a job has started', async (_, change) => {
    const copy = structuredClone(definition);
    change(at(copy, 'States') as Record<string, unknown>);
    const outcome = await execute(copy, resources);
    expect(outcome.error).toBeDefined();
    expect(outcome.path).not.toContain('Produce');
  });
});

it('every state was entered by a test above', () => {
  expect([...statesOf(definition).keys()].filter((state) => !entered.has(state))).toEqual([]);
});
