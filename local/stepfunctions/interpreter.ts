/**
 * Runs a state machine to its end with the tasks of this machine, and passes on every entry and exit of a state. The
 * walking itself is done by `aws-local-stepfunctions`.
 */
import { setImmediate } from 'node:timers/promises';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  type RunOptions,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';
import { messageOf } from '../../tools/errors.mjs';
import { type Definition, invalid, longestTimeoutSeconds, nestedMachines, readDefinition } from './definition.ts';
import { isObject, type Json, type JsonObject, type Task, TaskError, type Tasks } from './task.ts';

/** How an execution ended, in the words of Step Functions. */
export interface Outcome {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
}

export interface HistoryEntry {
  readonly at: string;
  readonly event: string;
  readonly state?: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
}

export interface Interpretation {
  readonly definition: string;
  readonly input: JsonObject;
  /** The context object, without what the interpreter adds (`Execution.Input`, `Execution.StartTime`). */
  readonly context: { Execution: Record<string, string>; StateMachine: Record<string, string> };
  readonly tasks: Tasks;
  /**
   * Waits so many seconds, or less when something happened that the state machine may be waiting for: a poll then asks
   * at once.
   * @default waits the whole time
   */
  readonly wait?: (seconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onEvent?: (entry: HistoryEntry) => void;
}

/** Checks a definition as `interpret` will, and throws what is wrong with it. */
export function checkDefinition(definition: string, tasks: Tasks): void {
  read(definition, tasks);
}

/** Runs one execution to its end. Does not return while a task is still at work. */
export async function interpret(options: Interpretation): Promise<Outcome> {
  const definition = read(options.definition, options.tasks);
  const ending = new AbortController();
  const pending = new Set<Promise<unknown>>();
  const tasks: Record<string, Task> = { ...options.tasks };
  if (options.wait) {
    tasks[waitResource] = waitTask(options.wait);
    replaceWaits(definition);
  }
  const handlers = handlersOf(definition, tasks, ending.signal, pending);
  const run: RunMachine = async (machine, input, context, signal, onEvent) => {
    const execution = unchecked(machine).run(input, {
      context: { ...options.context, ...context },
      overrides: { taskResourceLocalHandlers: handlers },
    });
    const history = passOn(execution.eventLogs, onEvent);
    const abort = () => execution.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return (await execution.result) as Json;
    } finally {
      signal.removeEventListener('abort', abort);
      await history;
    }
  };
  for (const [name, loop] of replaceLoops(definition)) {
    const task = loopTask(loop, (machine, input, context, signal) =>
      run(machine, input, context, signal, machine === loop.machine ? options.onEvent : undefined),
    );
    handlers[name] = handlerOf(task, name, undefined, ending.signal, pending);
  }
  try {
    return { status: 'SUCCEEDED', output: await run(definition, options.input, {}, options.signal, options.onEvent) };
  } catch (error) {
    return failure(error);
  } finally {
    // Step Functions cancels what an ended execution still waits for, such as other branches of a failed Parallel.
    ending.abort();
    await Promise.allSettled(pending);
  }
}

/** Runs a machine within an execution, with more in its context. */
type RunMachine = (
  machine: Definition,
  input: Json,
  context: JsonObject,
  signal: AbortSignal,
  onEvent?: Interpretation['onEvent'],
) => Promise<Json>;

/** The definition that was found valid last: to check one takes longer than to run it. */
let valid = '';

function read(text: string, tasks: Tasks): Definition {
  const definition = readDefinition(text, Object.keys(tasks));
  if (text !== valid) checkMachine(definition);
  valid = text;
  return definition;
}

function checkMachine(definition: Definition): void {
  try {
    // Made only to be checked; the constructor checks and has no other effect.
    new StateMachine(withoutStatesParameters(definition), { validationOptions: { checkArn: false } });
  } catch (error) {
    const details = messageOf(error)
      .split('\n')
      .filter((line) => line.trim() !== '');
    throw invalid('it is not valid Amazon States Language', details);
  }
}

const unchecked = (definition: Definition): StateMachine =>
  new StateMachine(definition as unknown as StateMachineDefinition, { validationOptions: { noValidate: true } });

/** The checker takes everything called "States" for states of the machine, also the parameter of ListJobRuns. */
function withoutStatesParameters(definition: Definition): StateMachineDefinition {
  return JSON.parse(JSON.stringify(definition), (name, value: Json) => {
    if (name !== 'Parameters' || !isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key === 'States' ? 'RunStates' : key, member]),
    );
  }) as StateMachineDefinition;
}

const waitResource = 'local:wait';

const waitTask =
  (wait: NonNullable<Interpretation['wait']>): Task =>
  async ({ seconds }, signal) => {
    await wait(Number(seconds), signal);
    return null;
  };

/** Turns every Wait of a fixed time into a task, so that it can end early; what flows through it stays the same. */
function replaceWaits(machine: Definition): void {
  for (const state of Object.values(machine.States)) {
    const { Seconds: seconds } = state;
    if (state.Type === 'Wait' && seconds !== undefined) {
      delete state.Seconds;
      Object.assign(state, {
        Type: 'Task',
        Resource: waitResource,
        Parameters: { seconds },
        ResultPath: null,
        TimeoutSeconds: longestTimeoutSeconds,
      });
    }
    for (const nested of nestedMachines(state)) replaceWaits(nested);
  }
}

/** A Map that takes one item at a time. */
interface Loop {
  readonly machine: Definition;
  /** Makes the input of it; absent: the item is the input. */
  readonly selector: Definition | undefined;
}

const loopResource = 'local:loop';

/** The interpreter's own Map goes on when an item has failed: one item at a time becomes a task that stops there. */
function replaceLoops(machine: Definition): [string, Loop][] {
  return Object.entries(machine.States).flatMap(([name, state]) => {
    const inner = nestedMachines(state).flatMap(replaceLoops);
    const { ItemProcessor, ItemsPath = '$', ItemSelector, MaxConcurrency } = state;
    if (state.Type !== 'Map' || MaxConcurrency !== 1) return inner;
    for (const field of ['ItemProcessor', 'ItemsPath', 'ItemSelector', 'MaxConcurrency']) delete state[field];
    Object.assign(state, {
      Type: 'Task',
      Resource: loopResource,
      Parameters: { 'items.$': ItemsPath, 'input.$': '$' },
      TimeoutSeconds: longestTimeoutSeconds,
    });
    const select = { StartAt: name, States: { [name]: { Type: 'Pass', Parameters: ItemSelector ?? null, End: true } } };
    const selector = ItemSelector === undefined ? undefined : select;
    return [...inner, [name, { machine: ItemProcessor as unknown as Definition, selector }]];
  });
}

const loopTask =
  ({ machine, selector }: Loop, run: RunMachine): Task =>
  async ({ items, input = null }, signal) => {
    if (!Array.isArray(items)) throw Object.assign(new TaskError('States.Runtime', 'A Map needs a list.'), uncatchable);
    const results: Json[] = [];
    // The history tells of the loop before it tells of its items.
    await setImmediate();
    try {
      for (const [Index, Value] of items.entries()) {
        const context = { Map: { Item: { Index, Value } } };
        const given = selector ? await run(selector, input, context, signal) : Value;
        results.push(await run(machine, given, context, signal));
      }
    } catch (error) {
      throw error instanceof ExecutionError ? error.cause : error;
    }
    return results;
  };

const uncatchable = { isCatchable: false, isRetryable: false };

type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;

/** One handler for each Task state at any depth: state names are unique in the whole machine. */
function handlersOf(machine: Definition, tasks: Tasks, ending: AbortSignal, pending: Set<Promise<unknown>>): Handlers {
  const handlers: Handlers = {};
  for (const [name, state] of Object.entries(machine.States)) {
    const task = state.Type === 'Task' ? tasks[state.Resource as string] : undefined;
    if (task) handlers[name] = handlerOf(task, name, state.TimeoutSeconds, ending, pending);
    for (const nested of nestedMachines(state)) Object.assign(handlers, handlersOf(nested, tasks, ending, pending));
  }
  return handlers;
}

/** The interpreter turns its back on a task that timed out; its signal tells the task to end what it started. */
function handlerOf(
  task: Task,
  state: string,
  timeoutSeconds: Json | undefined,
  ending: AbortSignal,
  pending: Set<Promise<unknown>>,
): Handlers[string] {
  return (parameters) => {
    const timeout = new AbortController();
    // A little later than the interpreter's own timer, which has to be the first to speak.
    const timer = setTimeout(() => timeout.abort(), Number(timeoutSeconds ?? longestTimeoutSeconds) * 1000 + 100);
    const running = task(parameters as JsonObject, AbortSignal.any([ending, timeout.signal]), state).finally(() => {
      clearTimeout(timer);
      pending.delete(running);
    });
    pending.add(running);
    return running;
  };
}

function failure(error: unknown): Outcome {
  if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
  if (error instanceof ExecutionTimeoutError) {
    return {
      status: 'TIMED_OUT',
      error: 'States.Timeout',
      cause: 'The execution took longer than its TimeoutSeconds.',
    };
  }
  const first = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return { status: 'FAILED', error: first instanceof Error ? first.name : 'States.Runtime', cause: messageOf(first) };
}

interface InterpreterEvent {
  readonly type: string;
  readonly timestamp: number;
  readonly state?: { readonly name: string; readonly input?: unknown; readonly output?: unknown };
  readonly Error?: string;
  readonly Cause?: unknown;
}

async function passOn(events: AsyncIterable<InterpreterEvent>, onEvent: Interpretation['onEvent']): Promise<void> {
  for await (const event of events) {
    onEvent?.({
      at: new Date(event.timestamp).toISOString(),
      event: event.type,
      ...(event.state && { state: event.state.name }),
      ...(event.type === 'StateEntered' && { input: event.state?.input as Json }),
      ...(event.type === 'StateExited' && { output: event.state?.output as Json }),
      ...(event.Error !== undefined && { error: event.Error, cause: String(event.Cause) }),
    });
  }
}
