/** Which states and arrows of a state machine are drawn, and what became of a state. */
import type { Machine, MachineState, StateTold } from '../model.ts';

export interface Arrow {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly look: '' | 'moving' | 'catching';
}

export interface DrawnMachine {
  readonly states: readonly MachineState[];
  readonly arrows: readonly Arrow[];
  /** How many states are left out. */
  readonly left: number;
}

interface How {
  readonly running: boolean;
  /** Whether what nothing led to is drawn too. */
  readonly all: boolean;
}

/**
 * While an execution runs, what it has entered and what may come without an error; after it, the way that it took. What waits for errors is more
 * than half of a machine, and is drawn when it was needed.
 */
export function drawnOf(machine: Machine, told: readonly StateTold[], { running, all }: How): DrawnMachine {
  const entered = new Set(told.map(({ name }) => name));
  const ahead = running || entered.size === 0 ? usual(machine) : new Set<string>();
  const states = machine.states.filter(({ name }) => all || entered.has(name) || ahead.has(name));
  const names = new Set(states.map(({ name }) => name));
  const arrows = states.flatMap(({ name: from, next, catches }) =>
    [...new Set([...next, ...catches])].flatMap((to): Arrow[] => {
      if (!names.has(to)) return [];
      const isTaken = told.some((one) => one.name === to && one.after.includes(from));
      const isUsual = next.includes(to);
      if (!all && !isTaken && !(isUsual && ahead.size > 0)) return [];
      return [{ id: `${from}>${to}`, from, to, look: isTaken ? 'moving' : isUsual ? '' : 'catching' }];
    }),
  );
  return { states, arrows, left: machine.states.length - states.length };
}

/** The states that are reached without an error. */
function usual({ startAt, states }: Machine): Set<string> {
  const reached = new Set<string>();
  const reach = (name: string): void => {
    const state = states.find((one) => one.name === name);
    if (!state || state.type === 'Fail' || reached.has(name)) return;
    reached.add(name);
    state.next.forEach(reach);
  };
  reach(startAt);
  return reached;
}

/** What became of a state, in a word and as a sign, from all the times that it was entered. */
export function outcomeOf(
  visits: readonly StateTold[],
  running: boolean,
): readonly [word: string, sign: 'idle' | 'running' | 'good' | 'caught' | 'bad'] {
  const last = visits.at(-1);
  if (!last) return ['not entered', 'idle'];
  if (last.since !== undefined) return running ? ['running', 'running'] : ['not left', 'bad'];
  if (last.error !== undefined && !last.caught) return ['failed', 'bad'];
  if (visits.some(({ caught }) => caught)) return ['caught', 'caught'];
  return ['done', 'good'];
}
