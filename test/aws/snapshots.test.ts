/** A picture of the resources that cost or hold most. It changes only when somebody changes them on purpose. */
import { expect, it } from 'vitest';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { concrete } from './support/concrete.ts';
import { definitionOf } from './support/machine.ts';
import { propertiesOf, wayThrough } from './support/pictures.ts';
import { stacksOf } from './support/stacks.ts';

it('cluster and application of dev', async () => {
  const shown = propertiesOf(
    concrete(stacksOf('dev')),
    'AWS::MSK::ServerlessCluster',
    'AWS::EMRServerless::Application',
  );
  await expect(shown).toMatchFileSnapshot('__snapshots__/resources.json');
});

it('cluster of an environment with MSK Express', async () => {
  const shown = propertiesOf(concrete(stacksOf('dev', 'express')), 'AWS::MSK::Cluster');
  await expect(shown).toMatchFileSnapshot('__snapshots__/express.json');
});

it('the way through a state machine, of which a pipeline keeps a picture, is the same for every pipeline', async () => {
  const resources = concrete(stacksOf('dev'));
  const ways = (await loadPipelines()).map(({ name }) => wayThrough(definitionOf(resources, name)));
  expect(ways.length).toBeGreaterThan(2);
  expect(new Set(ways).size).toBe(1);
});
