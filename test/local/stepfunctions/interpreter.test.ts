/** Executions of small definitions: results, errors that Catch sees, context, abortion. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type HistoryEntry, interpret } from '../../../local/stepfunctions/interpreter.ts';
import { type JsonObject, type Task, TaskError } from '../../../local/stepfunctions/task.ts';

const resource = 'arn:aws:states:::lambda:invoke';

function run(
  states: object,
  task: Task,
  signal = new AbortController().signal,
  input: JsonObject = {},
  id = 'arn:execution',
) {
  const history: HistoryEntry[] = [];
  const outcome = interpret({
    definition: JSON.stringify({ StartAt: Object.keys(states)[0], States: states }),
    input,
    context: { Execution: { Id: id, Name: 'name-1' }, StateMachine: { Id: 'arn:machine' } },
    tasks: { [resource]: task },
    signal,
    onEvent: (entry) => history.push(entry),
  });
  return { outcome, history };
}

describe('an execution', () => {
  test('passes resolved parameters to the task and its result on', async () => {
    const states = {
      Ask: {
        Type: 'Task',
        Resource: resource,
        Parameters: { 'name.$': '$$.Execution.Name', 'machine.$': '$$.StateMachine.Id', 'rate.$': '$.rate' },
        ResultPath: '$.answer',
        End: true,
      },
    };
    const { outcome, history } = run(states, async (parameters) => parameters, undefined, { rate: 3 });
    await expect(outcome).resolves.toEqual({
      status: 'SUCCEEDED',
      output: { rate: 3, answer: { name: 'name-1', machine: 'arn:machine', rate: 3 } },
    });
    expect(history.map(({ event }) => event)).toEqual([
      'ExecutionStarted',
      'StateEntered',
      'StateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('fails with the name and the cause of the first error', async () => {
    const states = {
      Ask: {
        Type: 'Task',
        Resource: resource,
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Failed' }],
        End: true,
      },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    };
    const { outcome } = run(states, async () => {
      throw new TaskError('DynamoDB.ConditionalCheckFailedException', 'held by another');
    });
    await expect(outcome).resolves.toEqual({
      status: 'FAILED',
      error: 'DynamoDB.ConditionalCheckFailedException',
      cause: 'held by another',
    });
  });

  test('does not catch a path that leads nowhere, as on AWS', async () => {
    const states = {
      Ask: {
        Type: 'Task',
        Resource: resource,
        Parameters: { 'x.$': '$.missing' },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        End: true,
      },
      Caught: { Type: 'Succeed' },
    };
    await expect(run(states, async () => ({})).outcome).resolves.toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
    });
  });

  test('that is aborted waits for the task, whose signal is aborted', async () => {
    const controller = new AbortController();
    let ended = false;
    const task: Task = async (_, signal) => {
      await once(signal, 'abort');
      await sleep(30);
      ended = true;
      return null;
    };
    const { outcome } = run({ Ask: { Type: 'Task', Resource: resource, End: true } }, task, controller.signal);
    setTimeout(() => controller.abort(), 20);
    await expect(outcome).resolves.toEqual({ status: 'ABORTED' });
    expect(ended).toBe(true);
  });

  test('ends a task that timed out', async () => {
    let aborted = false;
    const states = { Ask: { Type: 'Task', Resource: resource, TimeoutSeconds: 1, End: true } };
    const { outcome } = run(states, async (_, signal) => {
      await once(signal, 'abort');
      aborted = true;
      return null;
    });
    await expect(outcome).resolves.toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(aborted).toBe(true);
  });

  test('runs the tasks of parallel branches', async () => {
    const branch = (name: string) => ({
      StartAt: name,
      States: { [name]: { Type: 'Task', Resource: resource, Parameters: { name }, End: true } },
    });
    const states = { Both: { Type: 'Parallel', Branches: [branch('One'), branch('Two')], End: true } };
    await expect(run(states, async ({ name }) => name ?? null).outcome).resolves.toMatchObject({
      output: ['One', 'Two'],
    });
  });

  test('may pass a parameter that is called States', async () => {
    const states = { Ask: { Type: 'Task', Resource: resource, Parameters: { States: ['RUNNING'] }, End: true } };
    await expect(run(states, async ({ States }) => States ?? null).outcome).resolves.toMatchObject({
      output: ['RUNNING'],
    });
  });

  test('of a definition that is no valid state machine is refused', async () => {
    const states = { Ask: { Type: 'Task', Resource: resource, Next: 'Nowhere' } };
    await expect(run(states, async () => ({})).outcome).rejects.toThrow(/not valid Amazon States Language/);
  });
});

describe('a Map that takes one item at a time', () => {
  const each = (more: object = {}) => ({
    Each: {
      Type: 'Map',
      ItemsPath: '$.list',
      MaxConcurrency: 1,
      ItemProcessor: {
        StartAt: 'Do',
        States: { Do: { Type: 'Task', Resource: resource, Parameters: { 'x.$': '$' }, End: true } },
      },
      ...more,
    },
  });

  test('gives its items one after the other, with what is selected', async () => {
    const states = each({
      ItemSelector: { 'of.$': '$.name', 'item.$': '$$.Map.Item.Value' },
      ResultPath: '$.done',
      End: true,
    });
    let atOnce = 0;
    const { outcome, history } = run(
      states,
      async ({ x }, _, state) => {
        atOnce += 1;
        await sleep(5);
        expect([atOnce, state]).toEqual([1, 'Do']);
        atOnce -= 1;
        return x ?? null;
      },
      undefined,
      { name: 'list', list: ['a', 'b'] },
    );
    const done = ['a', 'b'].map((item) => ({ of: 'list', item }));
    await expect(outcome).resolves.toEqual({ status: 'SUCCEEDED', output: { name: 'list', list: ['a', 'b'], done } });
    expect(history.flatMap(({ event, state }) => (event === 'StateEntered' ? [state] : []))).toEqual([
      'Each',
      'Do',
      'Do',
    ]);
  });

  test('begins no item after one has failed, also when the error is caught', async () => {
    const begun: unknown[] = [];
    const states = {
      ...each({ Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.error', Next: 'Caught' }], End: true }),
      Caught: { Type: 'Wait', Seconds: 1, End: true },
    };
    const fails: Task = async ({ x }) => {
      begun.push(x);
      throw new TaskError('Broken', 'as the test wants it');
    };
    await expect(run(states, fails, undefined, { list: ['a', 'b', 'c'] }).outcome).resolves.toMatchObject({
      output: { error: { Error: 'Broken', Cause: 'as the test wants it' } },
    });
    expect(begun).toEqual(['a']);
  });

  test('ends with the execution, and so does the task of its item', async () => {
    const controller = new AbortController();
    let ended = false;
    const waits: Task = async (_, signal) => {
      controller.abort();
      await once(signal, 'abort');
      ended = true;
      return null;
    };
    const { outcome } = run(each({ End: true }), waits, controller.signal, { list: ['a', 'b'] });
    await expect(outcome).resolves.toEqual({ status: 'ABORTED' });
    expect(ended).toBe(true);
  });
});

describe('a Map over job runs', () => {
  const emr = 'arn:aws:states:::aws-sdk:emrserverless:';

  /** Ends each run of one pipeline, and asks until it has ended, as the state machine of a pipeline does. */
  function stopping(concurrency: number) {
    const processor = {
      Ours: {
        Type: 'Choice',
        Choices: [
          {
            And: [
              { Variable: '$.run.Name', IsPresent: true },
              { Variable: '$.run.Name', StringMatches: 'readings/*' },
            ],
            Next: 'Cancel',
          },
        ],
        Default: 'Other',
      },
      Other: { Type: 'Succeed' },
      Cancel: {
        Type: 'Task',
        Resource: `${emr}cancelJobRun`,
        Parameters: { 'JobRunId.$': '$.run.Id', 'Note.$': '$.note', ShutdownGracePeriodInSeconds: 120 },
        ResultPath: null,
        Next: 'Await',
      },
      Await: { Type: 'Pass', Result: { count: 0 }, ResultPath: '$.polls', Next: 'Ask' },
      Ask: {
        Type: 'Task',
        Resource: `${emr}getJobRun`,
        Parameters: { 'JobRunId.$': '$.run.Id' },
        ResultSelector: { 'state.$': '$.JobRun.State' },
        ResultPath: '$.now',
        Next: 'Check',
      },
      Check: {
        Type: 'Choice',
        Choices: [{ Variable: '$.now.state', StringEquals: 'CANCELLED', Next: 'Ended' }],
        Default: 'Count',
      },
      Count: {
        Type: 'Pass',
        Parameters: { 'count.$': 'States.MathAdd($.polls.count, 1)' },
        ResultPath: '$.polls',
        Next: 'Limit',
      },
      Limit: {
        Type: 'Choice',
        Choices: [{ Variable: '$.polls.count', NumericGreaterThanEquals: 4, Next: 'Endless' }],
        Default: 'Wait',
      },
      Wait: { Type: 'Wait', Seconds: 60, Next: 'Ask' },
      Endless: { Type: 'Fail', Error: 'StreamEndless', Cause: 'It did not end.' },
      Ended: { Type: 'Succeed' },
    };
    return {
      List: { Type: 'Task', Resource: `${emr}listJobRuns`, ResultPath: '$.alive', Next: 'Each' },
      Each: {
        Type: 'Map',
        ItemsPath: '$.alive.JobRuns',
        MaxConcurrency: concurrency,
        ItemSelector: { 'run.$': '$$.Map.Item.Value', 'note.$': '$.note' },
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'Ours', States: processor },
        ResultPath: null,
        End: true,
      },
    };
  }

  /** Runs it; `asks` is how often the state of a run is asked before it has ended. */
  async function stop(concurrency: number, asks: number) {
    const cancelled: JsonObject[] = [];
    const asked: Record<string, number> = {};
    const waits: number[] = [];
    const outcome = await interpret({
      definition: JSON.stringify({ StartAt: 'List', States: stopping(concurrency) }),
      input: { note: 'kept' },
      context: { Execution: { Id: 'arn:execution', Name: 'name-1' }, StateMachine: { Id: 'arn:machine' } },
      signal: new AbortController().signal,
      wait: async (seconds) => void waits.push(seconds),
      tasks: {
        [`${emr}listJobRuns`]: async () => ({
          JobRuns: [
            { Id: '1', Name: 'others/enrich/x' },
            { Id: '2', Name: 'readings/enrich/x' },
            { Id: '3', Name: 'readings-too/enrich/x' },
            { Id: '4', Name: 'readings/sum/x' },
          ],
        }),
        [`${emr}cancelJobRun`]: async (parameters) => {
          cancelled.push(parameters);
          return {};
        },
        [`${emr}getJobRun`]: async ({ JobRunId: id }) => {
          asked[String(id)] = (asked[String(id)] ?? 0) + 1;
          await sleep(5);
          return { JobRun: { State: (asked[String(id)] ?? 0) < asks ? 'CANCELLING' : 'CANCELLED' } };
        },
      },
    });
    return { outcome, cancelled, asked, waits };
  }

  test.each([1, 0])('ends each run of the pipeline and waits for it, %i at a time', async (concurrency) => {
    const { outcome, cancelled, asked, waits } = await stop(concurrency, 3);
    expect(outcome.status, outcome.cause).toBe('SUCCEEDED');
    expect(cancelled).toEqual(
      ['2', '4'].map((id) => ({ JobRunId: id, Note: 'kept', ShutdownGracePeriodInSeconds: 120 })),
    );
    expect(asked).toEqual({ '2': 3, '4': 3 });
    expect(waits).toEqual([60, 60, 60, 60]);
  });

  test('fails when one of them does not end', async () => {
    const { outcome, asked } = await stop(1, 99);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'StreamEndless', cause: 'It did not end.' });
    expect(asked).toEqual({ '2': 4 });
  });
});
