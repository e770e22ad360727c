/** States of an execution with their times, from its history as the interpreter writes it. */
import { expect, test } from 'vitest';
import { States } from '../../../local/watch/states.ts';

/** Reads entries such as `StateEntered Lock`, one a second. */
function read(...entries: string[]) {
  const states = new States();
  for (const [second, entry] of entries.entries()) {
    const [event = '', state, error] = entry.split(' ');
    states.add({ event, state, error, at: `2026-01-31T13:00:${String(second).padStart(2, '0')}.000Z` });
  }
  return states.told();
}

test('a state is told with when it was entered and left, and the one that runs is open', () => {
  const [lock, work] = read('ExecutionStarted', 'StateEntered Lock', 'StateExited Lock', 'StateEntered Work');
  expect(lock).toMatchObject({
    name: 'Lock',
    enteredAt: '2026-01-31T13:00:01.000Z',
    exitedAt: '2026-01-31T13:00:02.000Z',
  });
  expect(work?.exitedAt).toBeUndefined();
});

test('a state that comes back on the way is told again, in its place', () => {
  const states = read(
    'ExecutionStarted',
    'StateEntered Work',
    'StateExited Work',
    'StateEntered Drains',
    'StateExited Drains',
    'StateEntered Work',
  );
  expect(states.map(({ name }) => name)).toEqual(['Work', 'Drains', 'Work']);
});

test('what a loop does is within its state, each state once with how often', () => {
  const [streams, started] = read(
    ...['ExecutionStarted', 'StateEntered Streams', 'ExecutionStarted', 'StateEntered Ask', 'StateExited Ask'],
    ...['StateEntered Wait', 'StateExited Wait', 'StateEntered Ask', 'StateExited Ask', 'ExecutionSucceeded'],
    ...['StateExited Streams', 'StateEntered Started'],
  );
  expect(streams?.inner.map(({ name, times }) => [name, times])).toEqual([
    ['Wait', 1],
    ['Ask', 2],
  ]);
  expect(started?.inner).toEqual([]);
});

test('a state that failed says why', () => {
  const [lock] = read(
    'ExecutionStarted',
    'StateEntered Lock',
    'StateFailed Lock DynamoDB.ConditionalCheckFailedException',
  );
  expect(lock).toMatchObject({
    error: 'DynamoDB.ConditionalCheckFailedException',
    exitedAt: '2026-01-31T13:00:02.000Z',
  });
});
