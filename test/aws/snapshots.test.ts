/** A picture of the resources that cost or hold most. It changes only when somebody changes them on purpose. */
import { expect, it } from 'vitest';
import { concrete } from './support/concrete.ts';
import { propertiesOf } from './support/pictures.ts';
import { stacksOf } from './support/stacks.ts';

it('cluster and application of dev', async () => {
  const shown = propertiesOf(
    concrete(stacksOf('dev')),
    'AWS::MSK::ServerlessCluster',
    'AWS::EMRServerless::Application',
  );
  await expect(shown).toMatchFileSnapshot('__snapshots__/resources.json');
});
