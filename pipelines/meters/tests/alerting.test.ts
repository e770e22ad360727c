/** Which changes of a meter's item are told, and how. */
import { expect, test } from 'vitest';
import type { Item } from '../../../lib/declaration/changes.ts';
import { alertOf } from '../feed/alerting.ts';

const item = (status: string, number = 2): Item => ({
  ...{ id: 'm-00007', number, site: 'Lyon', read_at: '2026-05-21T12:00:00.250000Z', kwh: 1.125, status },
});

test.each([
  ['one that is new and critical', undefined, 'critical', true],
  ['one that becomes critical', 'ok', 'critical', true],
  ['one that was worse than ok before', 'warning', 'critical', true],
  ['one that stays critical', 'critical', 'critical', false],
  ['one that is critical no more', 'critical', 'ok', false],
  ['one that is new and well', undefined, 'ok', false],
  ['one that is gone', 'critical', undefined, false],
])('%s', (_, before, after, isTold) => {
  const change = {
    before: before === undefined ? before : item(before, 1),
    after: after === undefined ? after : item(after),
  };
  expect(alertOf(change) !== undefined).toBe(isTold);
});

test('an alert has the reading under the meter and the number of the reading, and nothing else that an item has', () => {
  const after = { ...item('critical'), until: 12 };
  expect(alertOf({ before: undefined, after })).toEqual({ key: 'm-00007 2', value: item('critical') });
});
