/** Which states of a state machine are drawn, with which arrows, and what is said of each. */
import { describe, expect, test } from 'vitest';
import { machineIn } from '../../../local/watch/machine.ts';
import type { StateTold } from '../../../local/watch/model.ts';
import { drawnOf, outcomeOf } from '../../../local/watch/page/machine-parts.ts';
import { chained, machineOf } from '../../lib/constructs/workflow/invented.ts';

const machine = machineIn(JSON.stringify(machineOf(chained)));
if (!machine) throw new Error('The definition is none.');

const told = (name: string, after: string[] = [], more: Partial<StateTold> = {}): StateTold => ({
  ...{ name, enteredAt: '', exitedAt: '', ms: 1, times: 1, retries: 0, caught: false, after, inner: [] },
  ...more,
});
const drawn = (states: StateTold[], running: boolean, all = false) => {
  const { states: shown, arrows, left } = drawnOf(machine, states, { running, all });
  return { names: shown.map(({ name }) => name), arrows, left };
};

test('while it runs, what comes without an error is drawn, and nothing that waits for one', () => {
  const { names, arrows, left } = drawn([told('ReadPlatform')], true);
  expect(names).toEqual(expect.arrayContaining(['ReadPlatform', 'Lock', 'Streams', 'After', 'Release', 'Done']));
  for (const guard of ['ReadHolder', 'TakeOver', 'Busy', 'Failed']) expect(names).not.toContain(guard);
  expect(arrows.map(({ look }) => look)).not.toContain('catching');
  expect(names.length + left).toBe(machine.states.length);
});

test('a guard that was needed is drawn too, with the way that led there', () => {
  const { names, arrows } = drawn([told('Lock', ['Prepare'], { caught: true }), told('ReadHolder', ['Lock'])], true);
  expect(names).toContain('ReadHolder');
  expect(arrows).toContainEqual({ id: 'Lock>ReadHolder', from: 'Lock', to: 'ReadHolder', look: 'moving' });
});

test('after its end the way that it took is drawn, and no other', () => {
  const { names, arrows } = drawn([told('Lock'), told('ListRuns', ['Lock']), told('EndRuns', ['ListRuns'])], false);
  expect(names).toEqual(['Lock', 'ListRuns', 'EndRuns']);
  expect(arrows.map(({ id }) => id)).toEqual(['Lock>ListRuns', 'ListRuns>EndRuns']);
});

test('all of it is drawn for who wants it, errors by arrows of their own', () => {
  const { names, arrows, left } = drawn([], false, true);
  expect([names.length, left]).toEqual([machine.states.length, 0]);
  expect(arrows).toContainEqual({ id: 'Streams>Ended', from: 'Streams', to: 'Ended', look: 'catching' });
  expect(arrows).toContainEqual({ id: 'Release>Ended', from: 'Release', to: 'Ended', look: '' });
});

describe('what became of a state', () => {
  const open = { since: '2026', exitedAt: undefined };
  test.each([
    ['not entered', 'idle', [], true],
    ['done', 'good', [told('A')], false],
    ['running', 'running', [told('A'), told('A', [], open)], true],
    ['not left', 'bad', [told('A', [], open)], false],
    ['failed', 'bad', [told('A', [], { error: 'Broken' })], false],
    ['caught', 'caught', [told('A', [], { error: 'Broken', caught: true }), told('A')], false],
  ] as const)('%s', (word, sign, visits, running) => {
    expect(outcomeOf(visits, running)).toEqual([word, sign]);
  });
});
