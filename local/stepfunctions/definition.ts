/**
 * Reads the definition of a state machine, and refuses what the interpreter would ignore in silence (JSONata,
 * variables, heartbeats), so that nothing runs here otherwise than on AWS.
 */
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { isObject, type Json, type JsonObject } from './task.ts';

/** A definition whose tasks all carry a timeout. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, JsonObject>>;
}

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

/** The interpreter ends a task without a timeout after 60 s; AWS waits. A timer cannot count further than this. */
export const longestTimeoutSeconds = 2_000_000;

/** The machines within a state: the branches of a Parallel, what a Map does with an item. */
export function nestedMachines(state: JsonObject): Definition[] {
  const branches = Array.isArray(state.Branches) ? state.Branches : [];
  return [...branches, state.Iterator, state.ItemProcessor].filter(isObject) as unknown as Definition[];
}

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
  const message = `The definition of the state machine cannot run: ${why}.`;
  return new MillraceError('INVALID_DEFINITION', message, { details });
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
  checkQueryLanguage(machine, where || 'top', mistakes);
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

function checkQueryLanguage({ QueryLanguage: language = 'JSONPath' }: JsonObject, where: string, mistakes: string[]) {
  if (language === 'JSONPath') return;
  mistakes.push(`${where}: QueryLanguage is ${JSON.stringify(language)}, only "JSONPath" runs here.`);
}

function checkState(state: JsonObject, path: string, resources: readonly string[], mistakes: string[]): void {
  checkQueryLanguage(state, path, mistakes);
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
    // The interpreter's own gives one and the same hash for texts that differ after their first 64 bytes.
    if (value.includes('States.Hash')) mistakes.push(`${path}: States.Hash gives other values here.`);
    for (const [reference] of value.matchAll(/\$\$[\w.$]*|\$[A-Za-z_]\w*/g)) {
      const isVariable = !reference.startsWith('$$');
      if (isVariable) mistakes.push(`${path}: "${reference}" is a variable, which would be ignored here.`);
      else if (!knownContext.test(reference)) mistakes.push(`${path}: "${reference}" has no value here.`);
    }
  }
}
