/** A state machine as it is drawn, from its definition. */
import { objectIn } from '../../lib/declaration/json.ts';
import { nestedMachines } from '../stepfunctions/definition.ts';
import { isObject, type Json, type JsonObject } from '../stepfunctions/task.ts';
import type { Machine, MachineState } from './model.ts';

/** The machine of a definition; null where the text is none. */
export function machineIn(definition: string): Machine | null {
  const found = objectIn(definition) as JsonObject | undefined;
  return found && isObject(found.States) ? machineOf(found) : null;
}

const machineOf = ({ StartAt: startAt, States: states }: JsonObject): Machine => ({
  startAt: String(startAt),
  states: Object.entries(states as JsonObject).map(([name, state]) => stateOf(name, state as JsonObject)),
});

function stateOf(name: string, state: JsonObject): MachineState {
  const { Type, Next, Default, Choices, Catch } = state;
  const inner = nestedMachines(state).map((machine) => machineOf(machine as unknown as JsonObject));
  return { name, type: String(Type), next: leading([Next, Default], Choices), catches: leading([], Catch), inner };
}

/** Where these lead, and each of a list, without repetition. */
function leading(names: readonly (Json | undefined)[], list: Json | undefined): string[] {
  const listed = Array.isArray(list) ? list.map((one) => (isObject(one) ? one.Next : undefined)) : [];
  return [...new Set([...names, ...listed].filter((name) => typeof name === 'string'))];
}
