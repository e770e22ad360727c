/** How long a source waits, and how much it writes at once, by value. */
import { expect, test } from 'vitest';
import { PACE } from '../../../lambda/source/channel.ts';
import { GRACE_MS } from '../../../lambda/source/handler.ts';
import { READ_MS, TRANSACTION_MS } from '../../../lambda/source/kafka.ts';
import { FIRST_MS, MOST_MS } from '../../../lambda/source/run.ts';

test('what was heard is written within half a second, in records that a topic takes', () => {
  expect(PACE).toMatchObject({ flushMs: 500, mostRecords: 500, mostCharacters: 300_000 });
});

test('who says nothing for a minute and a half is called anew, at once first and every half a minute at least', () => {
  expect(PACE).toMatchObject({ silenceMs: 90_000, waitMs: [250, 30_000] });
});

test('each minute tells how far a channel is, which the alarms look at', () => expect(PACE.tellMs).toBe(60_000));

test('a run begins to end fifteen seconds before it would be killed', () => expect(GRACE_MS).toBe(15_000));

test('brokers give a transaction up after a minute, and a run its beginning after half of one', () => {
  expect([TRANSACTION_MS, READ_MS]).toEqual([60_000, 30_000]);
});

test('brokers that fail are tried again after half a second, and every ten at least', () => {
  expect([FIRST_MS, MOST_MS]).toEqual([500, 10_000]);
});
