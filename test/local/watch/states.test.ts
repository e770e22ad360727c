/** A state machine as its definition draws it, and its states with their times, from a history as the interpreter writes it. */
import { expect, test } from 'vitest';
import { machineIn } from '../../../local/watch/machine.ts';
import { States } from '../../../local/watch/states.ts';

const machine = machineIn(
  JSON.stringify({
    StartAt: 'Lock',
    States: {
      Lock: { Type: 'Task', Next: 'Streams', Catch: [{ ErrorEquals: ['Held'], Next: 'Busy' }] },
      Busy: { Type: 'Fail' },
      Streams: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Ask',
          States: {
            Ask: { Type: 'Task', Next: 'Check' },
            Check: { Type: 'Choice', Choices: [{ Next: 'Ready' }, { Next: 'Ready' }], Default: 'Wait' },
            Wait: { Type: 'Wait', Next: 'Ask' },
            Ready: { Type: 'Pass', End: true },
          },
        },
        Next: 'Both',
      },
      Both: {
        Type: 'Parallel',
        Branches: ['Left', 'Right'].map((name) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } })),
        Next: 'Streams',
      },
    },
  }),
);

/** Reads entries such as `StateEntered Lock`, one a second. */
function read(...entries: string[]) {
  const states = new States(machine);
  for (const [second, entry] of entries.entries()) {
    const [event = '', state, error] = entry.split(' ');
    states.add({ event, state, error, at: `2026-01-31T13:00:${String(second).padStart(2, '0')}.000Z` });
  }
  return states.told();
}

/** Enters and leaves each of these. */
const through = (...names: string[]) => names.flatMap((name) => [`StateEntered ${name}`, `StateExited ${name}`]);

test('a definition says where each state leads, by itself and by an error, and what is within it', () => {
  expect(machine?.startAt).toBe('Lock');
  expect(machine?.states.map(({ name, type, next, catches }) => [name, type, next, catches])).toEqual([
    ['Lock', 'Task', ['Streams'], ['Busy']],
    ['Busy', 'Fail', [], []],
    ['Streams', 'Map', ['Both'], []],
    ['Both', 'Parallel', ['Streams'], []],
  ]);
  const innerOf = (state: string) => machine?.states.find(({ name }) => name === state)?.inner ?? [];
  expect(innerOf('Streams')[0]?.states.find(({ name }) => name === 'Check')?.next).toEqual(['Wait', 'Ready']);
  expect(innerOf('Both').map(({ startAt }) => startAt)).toEqual(['Left', 'Right']);
});

test.each(['', '{}', '{"States":"none"}', '[]'])('what is no definition draws nothing: %j', (text) => {
  expect(machineIn(text)).toBeNull();
});

test('a state is told with when it was entered and left, and the one that runs is open', () => {
  const [lock, work] = read('ExecutionStarted', ...through('Lock'), 'StateEntered Streams');
  expect(lock).toMatchObject({
    name: 'Lock',
    enteredAt: '2026-01-31T13:00:01.000Z',
    exitedAt: '2026-01-31T13:00:02.000Z',
    ms: 1_000,
  });
  expect(lock?.since).toBeUndefined();
  expect(work).toMatchObject({ since: '2026-01-31T13:00:03.000Z', ms: 0, after: ['Lock'] });
  expect(work?.exitedAt).toBeUndefined();
});

test('a state that comes back on the way is told again, in its place', () => {
  const states = read('ExecutionStarted', ...through('Streams', 'Both'), 'StateEntered Streams');
  expect(states.map(({ name, after }) => [name, after])).toEqual([
    ['Streams', []],
    ['Both', ['Streams']],
    ['Streams', ['Both']],
  ]);
});

test('what a loop does is within its state: each state once with how often, how long, and what led to it', () => {
  const [streams, both] = read(
    ...['ExecutionStarted', 'StateEntered Streams', 'ExecutionStarted', ...through('Ask', 'Check', 'Wait', 'Ask')],
    ...[...through('Check', 'Ready'), 'ExecutionSucceeded', 'ExecutionStarted', ...through('Ask')],
    ...['ExecutionSucceeded', 'StateExited Streams', 'StateEntered Both'],
  );
  expect(streams?.inner.map(({ name, times, ms, after }) => [name, times, ms, after])).toEqual([
    ['Ask', 3, 3_000, ['Wait']],
    ['Check', 2, 2_000, ['Ask']],
    ['Wait', 1, 1_000, ['Check']],
    ['Ready', 1, 1_000, ['Check']],
  ]);
  expect(both?.inner).toEqual([]);
});

test('branches that run beside each other are within their state', () => {
  const [both, after] = read(
    ...['ExecutionStarted', 'StateEntered Both', 'ParallelBranchStarted', 'ParallelBranchStarted'],
    ...['StateEntered Left', 'StateEntered Right', 'StateExited Left', 'StateExited Right'],
    ...['ParallelBranchSucceeded', 'ParallelBranchSucceeded', 'StateExited Both', 'StateEntered Streams'],
  );
  expect(both?.inner.map(({ name, ms }) => [name, ms])).toEqual([
    ['Left', 2_000],
    ['Right', 2_000],
  ]);
  expect(after?.name).toBe('Streams');
});

const failed = ['ExecutionStarted', 'StateEntered Lock', 'StateFailed Lock Held'];

test('a state that failed says why', () => {
  const [lock] = read(...failed, 'ExecutionFailed');
  expect(lock).toMatchObject({ error: 'Held', caught: false, exitedAt: '2026-01-31T13:00:02.000Z', ms: 1_000 });
});

test('a state whose error was caught says both, and led to what catches', () => {
  const [lock, busy] = read(...failed, 'StateCaught Lock', 'StateExited Lock', 'StateEntered Busy');
  expect(lock).toMatchObject({ error: 'Held', caught: true, ms: 1_000 });
  expect(busy?.after).toEqual(['Lock']);
});

test('a state that was tried again and went well has no error, and took all of that time', () => {
  const [lock] = read(...failed, 'StateRetried Lock', 'StateExited Lock');
  expect(lock).toMatchObject({ retries: 1, caught: false, ms: 2_000 });
  expect(lock?.error).toBeUndefined();
});
