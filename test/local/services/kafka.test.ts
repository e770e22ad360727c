/** The parts of the broker's preparation that need no broker. */
import { expect, it } from 'vitest';
import { newClusterId } from '../../../local/services/kafka.ts';

it('takes another cluster id when one would be taken for an option of the tool', () => {
  // 0xf8 begins with the six bits of "-" in URL-safe base64.
  const drawn = ['f8000000-0000-4000-8000-000000000000', '10000000-0000-4000-8000-000000000000'];

  expect(newClusterId(() => drawn.shift() ?? '')).toBe('EAAAAAAAQACAAAAAAAAAAA');
});
