/**
 * Takes the text of a state machine's definition and gives it back ready for the interpreter, or refuses what the interpreter would
 * ignore in silence (JSONata, variables, heartbeats), so that nothing runs here otherwise than on AWS. Called by `interpreter.ts`.
 */
import { MillraceError, messageOf } from '../../tools/errors.ts';
import { isObject, type Json, type JsonObject } from './task.ts';

/** A definition whose tasks all carry a timeout. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, JsonObject>>;
}

/** Fields that exist on AWS and would be ignored here. */
const ignoredFields = [
  'Arguments',
  'Assign',
  'Credentials',
  'HeartbeatSeconds',
  'HeartbeatSecondsPath',
  'ItemBatcher',
  'ItemReader',
  'Output',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
];

/** Parts of the context object that have a value here. */
const knownContext =
  /^\$\$\.(Execution\.(Id|Input|Name|RoleArn|StartTime)|Map\.Item\.(Index|Value)|StateMachine\.(Id|Name))\b/;

/** The interpreter ends a task after 60 s unless it carries a timeout; AWS waits. A timer cannot count further than this. */
export const longestTimeoutSeconds = 2_000_000;

/** Reads and checks a definition; `resources` are the ones that exist on this machine. */
export function readDefinition(definitionText: string, resources: readonly string[]): Definition {
  const definition = parse(definitionText);
  const mistakes: string[] = [];
  checkMachine(definition, '', resources, mistakes);
  if (mistakes.length > 0) {
    const allowed = `Resources that run here: ${resources.join(', ')}.`;
    const known = mistakes.some((mistake) => mistake.includes(': resource ')) ? [allowed] : [];
    throw invalid('it uses what does not run on this machine', [...mistakes, ...known]);
  }
  return definition as unknown as Definition;
}

/** The error for a definition that cannot run. */
export function invalid(why: string, details: readonly string[] = []): MillraceError {
  return new MillraceError('INVALID_DEFINITION', `The definition of the state machine cannot run: ${why}.`, {
    details,
  });
}

function parse(definitionText: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(definitionText) as Json;
  } catch (error) {
    throw invalid(`it is not JSON (${messageOf(error)})`);
  }
  if (!isObject(value)) throw invalid('it is JSON, but not an object');
  return value;
}

function checkMachine(machine: JsonObject, where: string, resources: readonly string[], mistakes: string[]): void {
  if (machine.QueryLanguage !== undefined && machine.QueryLanguage !== 'JSONPath') {
    mistakes.push(
      `${where || 'top'}: QueryLanguage is ${JSON.stringify(machine.QueryLanguage)}, only "JSONPath" runs here.`,
    );
  }
  const states = machine.States;
  if (!isObject(states)) {
    mistakes.push(`${where || 'top'}: "States" must be an object.`);
    return;
  }
  for (const [name, state] of Object.entries(states)) {
    const path = where ? `${where} / ${name}` : name;
    if (isObject(state)) checkState(state, path, resources, mistakes);
    else mistakes.push(`${path}: a state must be an object.`);
  }
}

function checkState(state: JsonObject, path: string, resources: readonly string[], mistakes: string[]): void {
  if (state.QueryLanguage !== undefined && state.QueryLanguage !== 'JSONPath') {
    mistakes.push(`${path}: QueryLanguage is ${JSON.stringify(state.QueryLanguage)}, only "JSONPath" runs here.`);
  }
  for (const field of ignoredFields) {
    if (field in state) mistakes.push(`${path}: "${field}" would be ignored here.`);
  }
  if (state.Type === 'Task') {
    const resource = state.Resource;
    if (typeof resource !== 'string' || !resources.includes(resource)) {
      mistakes.push(`${path}: resource ${JSON.stringify(resource)} does not exist here.`);
    }
    const timeout = state.TimeoutSeconds;
    if (state.TimeoutSecondsPath === undefined && (timeout === undefined || Number(timeout) > longestTimeoutSeconds)) {
      state.TimeoutSeconds = longestTimeoutSeconds;
    }
  }
  for (const [field, value] of Object.entries(state)) {
    if (field === 'Branches' && Array.isArray(value)) {
      value.forEach((branch, index) => {
        if (isObject(branch)) checkMachine(branch, `${path} / branch ${index + 1}`, resources, mistakes);
      });
    } else if ((field === 'Iterator' || field === 'ItemProcessor') && isObject(value)) {
      checkMachine(value, path, resources, mistakes);
    } else {
      checkPaths(value, field, path, mistakes);
    }
  }
}

function checkPaths(value: Json, field: string, path: string, mistakes: string[]): void {
  if (Array.isArray(value)) {
    for (const element of value) checkPaths(element, field, path, mistakes);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) checkPaths(member, name, path, mistakes);
  } else if (typeof value === 'string' && (field.endsWith('.$') || field.endsWith('Path') || field === 'Variable')) {
    for (const [reference] of value.matchAll(/\$\$[\w.$]*|\$[A-Za-z_]\w*/g)) {
      if (!reference.startsWith('$$'))
        mistakes.push(`${path}: "${reference}" is a variable, which would be ignored here.`);
      else if (!knownContext.test(reference)) mistakes.push(`${path}: "${reference}" has no value here.`);
    }
  }
}
