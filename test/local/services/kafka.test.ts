/** The parts of the broker's preparation that need no broker. */
import { expect, it } from 'vitest';
import { clusterIdOf } from '../../../local/services/kafka.ts';

it('makes a cluster id of the id of its data, which is none that Kafka’s tools take for an option', () => {
  expect(clusterIdOf('10000000-0000-4000-8000-000000000000')).toBe('EAAAAAAAQACAAAAAAAAAAA');
  // 0xf8 begins with the six bits of "-" in URL-safe base64.
  expect(clusterIdOf('f8000000-0000-4000-8000-000000000000')).toBe('AAAAAAAAQACAAAAAAAAAAA');
});
