/** Pictures of what is synthesized for the sales pipeline. They change only when somebody changes them on purpose. */
import { expect, it } from 'vitest';
import { concrete } from '../../../test/aws/support/concrete.ts';
import { definitionOf } from '../../../test/aws/support/machine.ts';
import { propertiesOf, wayThrough } from '../../../test/aws/support/pictures.ts';
import { stacksOf } from '../../../test/aws/support/stacks.ts';

const resources = concrete(stacksOf('dev'));

it('the way through the state machine', async () => {
  await expect(wayThrough(definitionOf(resources, 'sales'))).toMatchFileSnapshot('__snapshots__/state-machine.txt');
});

it('the topics', async () => {
  const own = resources.filter(({ stack }) => stack === 'dev/sales');
  await expect(propertiesOf(own, 'Custom::KafkaTopics')).toMatchFileSnapshot('__snapshots__/topics.json');
});
