/** The states of an execution with their times, from its history. */
import type { HistoryEntry } from '../stepfunctions/interpreter.ts';
import type { Machine, MachineState, StateTold } from './model.ts';

type Open = { -readonly [K in keyof StateTold]: StateTold[K] } & { after: string[]; inner: Open[] };

/** Reads a history entry by entry. The states of a loop are within the state that loops. */
export class States {
  private readonly top: Open[] = [];
  /** By its name, which is of one state in the whole machine: a state with the one in which it is. */
  private readonly known = new Map<string, { readonly state: MachineState; readonly within: string | undefined }>();
  /** The state that was left last, of the machine itself and within each state. */
  private readonly left = new Map<string | undefined, string>();

  constructor(machine: Machine | null) {
    const add = (within: string | undefined, { states }: Machine): void => {
      for (const state of states) {
        this.known.set(state.name, { state, within });
        for (const inner of state.inner) add(state.name, inner);
      }
    };
    if (machine) add(undefined, machine);
  }

  add({ event, state: name, at, error }: Pick<HistoryEntry, 'event' | 'state' | 'at' | 'error'>): void {
    if (name === undefined) return;
    if (event === 'StateEntered') this.enter(name, at);
    const state = this.open(name);
    if (!state) return;
    if (event === 'StateExited' || event === 'StateFailed') {
      if (state.since !== undefined) state.ms += Date.parse(at) - Date.parse(state.since);
      [state.exitedAt, state.since] = [at, undefined];
      this.left.set(this.known.get(name)?.within, name);
    }
    if (event === 'StateFailed') state.error = error ?? 'failed';
    if (event === 'StateCaught') state.caught = true;
    if (event === 'StateRetried') {
      state.retries += 1;
      [state.exitedAt, state.error, state.since] = [undefined, undefined, at];
    }
  }

  told(): readonly StateTold[] {
    return structuredClone(this.top);
  }

  private enter(name: string, at: string): void {
    const within = this.known.get(name)?.within;
    const states = this.listWithin(within);
    // A loop asks again and again: its states are told once each, with how often.
    const same = within === undefined ? undefined : states.find((one) => one.name === name);
    const fresh = { name, enteredAt: at, ms: 0, times: 0, retries: 0, caught: false, after: [], inner: [] };
    const entered: Open = same ?? fresh;
    if (!same) states.push(entered);
    entered.times += 1;
    [entered.since, entered.exitedAt] = [at, undefined];
    const last = this.left.get(within);
    const { next = [], catches = [] } = this.known.get(last ?? '')?.state ?? {};
    if (last === undefined || entered.after.includes(last)) return;
    if (next.includes(name) || catches.includes(name)) entered.after.push(last);
  }

  private open(name: string): Open | undefined {
    return this.listWithin(this.known.get(name)?.within).findLast((one) => one.name === name);
  }

  private listWithin(name: string | undefined): Open[] {
    return name === undefined ? this.top : (this.open(name)?.inner ?? []);
  }
}
