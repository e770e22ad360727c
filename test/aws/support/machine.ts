/**
 * Executes a pipeline's state machine as it was synthesized, with an interpreter of others: what the tasks answer comes
 * in; the path through the states, the calls and the end go out. Nothing is waited for. Called by the tests of the machine.
 */
import { type RunOptions, StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { type PrepareEvent, prepare } from '../../../lambda/prepare/core.ts';
import { resolveHashes } from '../../../local/emr/hashes.ts';
import type { JsonObject } from '../../../local/stepfunctions/task.ts';
import { ACCOUNT, REGION } from './arns.ts';
import { type Concrete, ofType } from './concrete.ts';
import { everyObject, isObject } from './json.ts';

/** An error as a service of AWS gives it. */
export class ServiceError extends Error {
  constructor(name: string, message = `${name} as a test wants it`) {
    super(message);
    this.name = name;
  }
}

/** What a task answers to its parameters, and how often it was asked before. */
export type Answer = (parameters: Record<string, unknown>, before: number) => unknown;

/** How an execution went. */
export interface Run {
  /** States in the order in which they were entered. */
  readonly path: readonly string[];
  readonly calls: readonly { readonly state: string; readonly parameters: Record<string, unknown> }[];
  readonly output?: unknown;
  /** Name of the error with which it failed. */
  readonly error?: string;
  readonly cause?: string;
}

/** The definition of a pipeline's machine, resolved. */
export function definitionOf(resources: readonly Concrete[], pipeline: string): Record<string, unknown> {
  const machine = ofType(resources, 'AWS::StepFunctions::StateMachine').find(
    ({ stack, short }) => stack.endsWith(`/${pipeline}`) && short.startsWith('Workflow'),
  );
  if (!machine) throw new Error(`Pipeline ${pipeline} has no state machine.`);
  return JSON.parse(String(machine.properties.DefinitionString)) as Record<string, unknown>;
}

/** Every state by its name, at any depth. */
export function statesOf(definition: unknown): Map<string, Record<string, unknown>> {
  const states = new Map<string, Record<string, unknown>>();
  everyObject(definition, ({ States }) => {
    if (!isObject(States)) return;
    for (const [name, state] of Object.entries(States)) if (isObject(state)) states.set(name, state);
  });
  return states;
}

type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;
/** What the interpreter takes for JSON. */
type Answered = Awaited<ReturnType<Handlers[string]>>;

/** The execution that every test runs. */
const EXECUTION = {
  Id: `arn:aws:states:${REGION}:${ACCOUNT}:execution:millrace-dev-readings:run-1`,
  Name: 'run-1',
  StartTime: '2026-01-01T00:00:00Z',
};

/** The interpreter checks a definition when it gets it; once is enough. */
const machines = new WeakMap<Record<string, unknown>, StateMachine>();

function machineOf(definition: Record<string, unknown>): StateMachine {
  const known = machines.get(definition);
  if (known) return known;
  const options = { validationOptions: { checkArn: false } };
  // Its own hashes are alike for long texts that begin alike.
  const hashed = resolveHashes(definition as JsonObject, { Execution: EXECUTION });
  const machine = new StateMachine(hashed as unknown as StateMachineDefinition, options);
  machines.set(definition, machine);
  return machine;
}

/** Executes the machine once; `answers` are by state and take the place of the good ones. */
export async function execute(
  definition: Record<string, unknown>,
  resources: readonly Concrete[],
  answers: Readonly<Record<string, Answer>> = {},
  input: Readonly<Record<string, number | string>> = {},
): Promise<Run> {
  const states = statesOf(definition);
  const calls: { state: string; parameters: Record<string, unknown> }[] = [];
  const handlers: Handlers = {};
  const waits: Record<string, number> = {};
  const retries: Record<string, number> = {};
  for (const [name, state] of states) {
    if (state.Type === 'Wait') waits[name] = 0;
    if (state.Retry) retries[name] = 0;
    if (state.Type !== 'Task') continue;
    const answer = answers[name] ?? goodAnswer(name, String(state.Resource), resources);
    handlers[name] = async (parameters) => {
      const before = calls.filter((call) => call.state === name).length;
      calls.push({ state: name, parameters: parameters as Record<string, unknown> });
      return (await answer(parameters as Record<string, unknown>, before)) as Answered;
    };
  }
  for (const name of Object.keys(answers)) {
    if (states.get(name)?.Type !== 'Task') throw new Error(`The machine has no task ${name}: adapt the test.`);
  }
  const execution = machineOf(definition).run(input, {
    context: { Execution: { ...EXECUTION, Input: input } },
    overrides: { taskResourceLocalHandlers: handlers, waitTimeOverrides: waits, retryIntervalOverrides: retries },
  });
  const path: string[] = [];
  const following = (async () => {
    for await (const event of execution.eventLogs) {
      if (event.type === 'StateEntered' && 'state' in event) path.push(event.state.name);
    }
  })();
  try {
    const output: unknown = await execution.result;
    await following;
    return { path, calls, output };
  } catch (error) {
    await following;
    const first = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    return { path, calls, error: first.name, cause: first.message };
  }
}

/** What a task answers when all goes well. */
function goodAnswer(state: string, resource: string, resources: readonly Concrete[]): Answer {
  const action = resource.split(':').at(-1) ?? '';
  switch (action) {
    case 'getParameter':
      return ({ Name }) => ({
        Parameter: {
          Value: ofType(resources, 'AWS::SSM::Parameter').find(({ name }) => name === Name)?.properties.Value,
        },
      });
    case 'invoke':
      return ({ Payload }) => ({ Payload: prepare(Payload as PrepareEvent) });
    case 'listJobRuns':
      return () => ({ JobRuns: [{ Name: 'another/enrich/run-9', Id: '00f9' }] });
    case 'getItem':
      return () => ({ Item: { holder: { S: 'arn:aws:states:::execution:dead' } } });
    case 'describeExecution':
      return () => ({ Status: 'SUCCEEDED' });
    case 'startJobRun':
    case 'startJobRun.sync':
      return () => ({ JobRunId: '00f1' });
    case 'getJobRun':
      return () => ({ JobRun: { State: /End/.test(state) ? 'CANCELLED' : 'RUNNING' } });
    case 'listObjectsV2':
      // The stream has committed something by the time the producer has ended.
      return () => (/Await/.test(state) ? { KeyCount: 1, Contents: [{ Key: 'commits/0' }] } : { KeyCount: 0 });
    case 'putItem':
    case 'deleteItem':
    case 'cancelJobRun':
      return () => ({});
    default:
      throw new Error(`There is no good answer to ${resource} (${state}): add one.`);
  }
}
