/**
 * A few small pictures of what is synthesized, for people to read in a review: the way through the state machine, and the
 * resources that cost or hold most. They change only when somebody changes them on purpose.
 */
import { expect, it } from 'vitest';
import { concrete, ofType } from './support/concrete.ts';
import { at, listAt, textsAt } from './support/json.ts';
import { definitionOf, statesOf } from './support/machine.ts';
import { stacksOf } from './support/stacks.ts';

const resources = concrete(stacksOf('dev'));

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

it('the way through the state machine of sales', async () => {
  const lines = [...statesOf(definitionOf(resources, 'sales'))].map(([name, state]) => {
    const ways = waysOf(state);
    const call = state.Type === 'Task' ? ` ${String(state.Resource).replace('arn:aws:states:::', '')}` : '';
    return `${name} (${state.Type}${call})${ways && ` -> ${ways}`}`;
  });
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('__snapshots__/state-machine.txt');
});

it('topics, cluster and application of dev', async () => {
  const shown = ['Custom::KafkaTopics', 'AWS::MSK::ServerlessCluster', 'AWS::EMRServerless::Application'].flatMap(
    (type) =>
      ofType(resources, type).map(({ place, properties: { ServiceToken: _, ...properties } }) => ({
        // Without the hash of its logical id.
        [place.replace(/[0-9A-F]{8}$/, '')]: properties,
      })),
  );
  await expect(`${JSON.stringify(shown, undefined, 2)}\n`).toMatchFileSnapshot('__snapshots__/resources.json');
});
