/** Parameters that pipelines share: their bounds are those for which the jobs were measured. */
import { expect, test } from 'vitest';
import { sendingParameters, streamParameters } from '../../../lib/declaration/common.ts';
import { allowedInstead } from '../../../lib/declaration/parameter.ts';

test('rows are sent as fast as the pace is exact, and as many as a file is repeated in bounded memory', () => {
  const { rate, rows } = sendingParameters('readings', 20);
  const refused = (value: number) => [rate, rows].map((rule) => allowedInstead(rule, value) !== undefined);
  expect([rate.default, rows.default]).toEqual([20, 0]);
  expect([refused(0), refused(20_000), refused(20_001)]).toEqual([
    [false, false],
    [false, false],
    [true, false],
  ]);
  expect([refused(100_000_000)[1], refused(100_000_001)[1], refused(-1), refused(1.5)]).toEqual([
    false,
    true,
    [true, true],
    [true, true],
  ]);
});

test('a micro-batch begins every two seconds, and an event may be ten minutes late, a day at most', () => {
  const { triggerSeconds, allowedLateness } = streamParameters('a reading');
  expect([triggerSeconds.default, triggerSeconds.minimum, triggerSeconds.maximum]).toEqual([2, 0, 600]);
  expect([allowedLateness.default, allowedLateness.minimum, allowedLateness.maximum]).toEqual([10, 0, 1_440]);
});
