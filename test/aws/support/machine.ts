/**
 * Executes a pipeline's state machine with the interpreter of the local run, its tables and the real prepare function;
 * job runs are played, and nothing is waited for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrepareEvent, prepare } from '../../../lambda/prepare/core.ts';
import { TableStore } from '../../../local/cloudformation/table-store.ts';
import { millraceHome } from '../../../local/home.ts';
import { interpret, type Outcome } from '../../../local/stepfunctions/interpreter.ts';
import type { Json, JsonObject, Task, Tasks } from '../../../local/stepfunctions/task.ts';
import { createTasks, tableCalls } from '../../../local/stepfunctions/tasks.ts';
import { ACCOUNT, REGION } from './arns.ts';
import { type Concrete, ofType } from './concrete.ts';
import { at, everyObject, isObject } from './json.ts';
import { PlayedRuns } from './played-runs.ts';

/** An error as a service of AWS gives it. */
export class ServiceError extends Error {
  constructor(name: string, message = `${name} as a test wants it`) {
    super(message);
    this.name = name;
  }
}

/** What a task answers to its parameters in place of what it would, and how often it was asked before. */
export type Answer = (parameters: JsonObject, before: number, usual: () => Promise<Json>) => unknown;

/** What an execution meets. */
export interface World {
  /** The parameter store, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly input?: JsonObject;
  /** Answers by state. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** @default none are there before, and all goes well */
  readonly runs?: PlayedRuns;
  /** Who holds the lock. @default nobody */
  readonly holder?: string;
  /** What stands before the tasks. @default nothing */
  readonly guard?: (tasks: Tasks) => Tasks;
  /** Learns of each state that is entered. */
  readonly onState?: (state: string) => void;
  /** Aborts the execution. @default nobody does */
  readonly signal?: AbortSignal;
}

/** How an execution went. */
export interface Run {
  readonly status: Outcome['status'];
  /** States in the order in which they were entered. */
  readonly path: readonly string[];
  readonly calls: readonly { readonly state: string; readonly parameters: JsonObject }[];
  readonly runs: PlayedRuns;
  /** Who holds the lock at the end. */
  readonly holder: string | undefined;
  readonly output?: unknown;
  /** Name of the error with which it failed. */
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
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

/** The parameter store as it is deployed, with a number where the registry gives one then. */
export const parametersOf = (resources: readonly Concrete[]): Record<string, string> =>
  Object.fromEntries(
    ofType(resources, 'AWS::SSM::Parameter').map(({ name, properties }) => {
      const text = String(properties.Value);
      if (!text.startsWith('{"')) return [name, text];
      const value = JSON.parse(text) as { schemas?: Record<string, string> };
      const ids = Object.entries(value.schemas ?? {}).map(([key, id]) => [key, id.startsWith('s3://') ? id : '7']);
      return [name, JSON.stringify({ ...value, schemas: Object.fromEntries(ids) })];
    }),
  );

/** The execution that every test runs. */
export const EXECUTION = {
  Id: `arn:aws:states:${REGION}:${ACCOUNT}:execution:millrace-dev-tiny:run-1`,
  Name: 'run-1',
};

/** Executes the machine once. */
export async function execute(definition: Record<string, unknown>, world: World): Promise<Run> {
  const { answers = {}, runs = new PlayedRuns(), holder, input = {}, guard = (tasks) => tasks, onState } = world;
  const states = statesOf(definition);
  for (const name of Object.keys(answers)) {
    if (states.get(name)?.Type !== 'Task') throw new Error(`The machine has no task ${name}: adapt the test.`);
  }
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-machine-')));
  const table = new TableStore(home, String(at(states.get('Lock'), 'Parameters.TableName')));
  const key = at(states.get('ReadHolder'), 'Parameters.Key') as JsonObject;
  table.create(Object.keys(key));
  if (holder) await table.putItem({ ...key, holder: { S: holder } });
  const commits: Record<string, number> = {};
  const usual: Record<string, Task> = {
    ...createTasks({
      jobRuns: undefined as never,
      bucketFolder: () => home.buckets,
      getParameter: async (name) => world.parameters[name],
      invoke: async (_, event) => JSON.parse(JSON.stringify(prepare(event as unknown as PrepareEvent))) as Json,
      table: tableCalls(home),
      findExecution: () => undefined,
    }),
    'arn:aws:states:::aws-sdk:sfn:describeExecution': async () => ({ Status: 'SUCCEEDED' }),
    // A stream commits all the time.
    'arn:aws:states:::aws-sdk:s3:listObjectsV2': async ({ Prefix }) => {
      const count = commits[String(Prefix)] ?? 0;
      commits[String(Prefix)] = count + 1;
      return { KeyCount: count, Prefix: Prefix ?? '' };
    },
    ...runs.tasks(),
  };
  const calls: { state: string; parameters: JsonObject }[] = [];
  const asked = (resource: string): Task => {
    return async (parameters, signal, state = '') => {
      const before = calls.filter((call) => call.state === state).length;
      calls.push({ state, parameters });
      const task = usual[resource];
      if (!task) throw new Error(`There is no usual answer to ${resource} (${state}): add one.`);
      const answer = answers[state];
      return (
        answer ? await answer(parameters, before, () => task(parameters, signal)) : task(parameters, signal)
      ) as Json;
    };
  };
  const path: string[] = [];
  try {
    const { output, ...outcome } = await interpret({
      definition: JSON.stringify(definition, (name, value) => (name === 'IntervalSeconds' ? 0 : value)),
      input,
      context: { Execution: EXECUTION, StateMachine: { Id: 'machine', Name: 'machine' } },
      tasks: guard(Object.fromEntries(Object.keys(usual).map((resource) => [resource, asked(resource)]))),
      wait: async () => undefined,
      signal: world.signal ?? new AbortController().signal,
      onEvent: ({ event, state }) => {
        if (event !== 'StateEntered' || !state) return;
        path.push(state);
        onState?.(state);
      },
    });
    const item = await table.getItem(key);
    const { status, error, cause } = outcome;
    return { status, path, calls, runs, output, error, cause, holder: at(item, 'holder.S') as string | undefined };
  } finally {
    rmSync(home.root, { recursive: true });
  }
}
