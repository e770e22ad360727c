/** Who comes back gets exactly what has changed since. */
import { expect, test } from 'vitest';
import { Feed } from '../../../local/watch/feed.ts';

const states = [{ name: 'Lock', enteredAt: '', ms: 0, times: 1, retries: 0, caught: false, after: [], inner: [] }];
const execution = { name: 'one', status: 'RUNNING', startedAt: '', input: {} } as const;

test('gives sections that changed after a moment, and nothing twice', () => {
  const feed = new Feed();
  feed.publish({ execution, states: [] });
  const mark = feed.mark;
  expect(feed.since(mark)).toBeUndefined();
  feed.publish({ execution, states });
  expect(JSON.parse(feed.since(mark) ?? '')).toEqual({ states });
  expect(feed.since(feed.mark)).toBeUndefined();
});

test.each(['', 'other-1', 'other-', '../..', '-1'])('gives all to who knows nothing of this feed: %j', (mark) => {
  const feed = new Feed();
  feed.publish({ execution });
  feed.publish({ states });
  expect(JSON.parse(feed.since(mark) ?? '')).toEqual({ execution, states });
});

test('calls those who listen when something changed, until they have enough', () => {
  const feed = new Feed();
  let calls = 0;
  const stop = feed.listen(() => {
    calls += 1;
  });
  feed.publish({ states });
  feed.publish({ states });
  stop();
  feed.publish({ states: [] });
  expect(calls).toBe(1);
});
