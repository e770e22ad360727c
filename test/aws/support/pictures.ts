/** Small pictures of what is synthesized, for people to read in a review. */
import { type Concrete, ofType } from './concrete.ts';
import { at, listAt, textsAt } from './json.ts';
import { statesOf } from './machine.ts';

/** The way through a state machine: each state with what it calls and where it leads. */
export function wayThrough(definition: unknown): string {
  const lines = [...statesOf(definition)].map(([name, state]) => {
    const ways = waysOf(state);
    const call = state.Type === 'Task' ? ` ${String(state.Resource).replace('arn:aws:states:::', '')}` : '';
    return `${name} (${state.Type}${call})${ways && ` -> ${ways}`}`;
  });
  return `${lines.join('\n')}\n`;
}

/** Where a state leads: the next one, choices, and what catches an error. */
function waysOf(state: Record<string, unknown>): string {
  const next = [
    ...listAt(state, 'Choices').map((choice) => String(at(choice, 'Next'))),
    ...textsAt(state, 'Default'),
    ...textsAt(state, 'Next'),
  ];
  const caught = listAt(state, 'Catch').map((one) => `on error ${String(at(one, 'Next'))}`);
  return [...new Set(next), ...new Set(caught)].join(', ');
}

/** The properties of all resources of some types. */
export function propertiesOf(resources: readonly Concrete[], ...types: string[]): string {
  const shown = types.flatMap((type) =>
    ofType(resources, type).map(({ place, properties: { ServiceToken: _, ...properties } }) => ({
      // Without the hash of its logical id.
      [place.replace(/[0-9A-F]{8}$/, '')]: properties,
    })),
  );
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}
