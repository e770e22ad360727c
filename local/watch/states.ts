/** The states of an execution with their times, from its history. */
import type { HistoryEntry } from '../stepfunctions/interpreter.ts';
import type { StateTold } from './model.ts';

interface Open {
  name: string;
  enteredAt: string;
  exitedAt?: string | undefined;
  times: number;
  error?: string | undefined;
  inner: Open[];
}

/** Reads a history entry by entry. A loop has a machine of its own, whose states are within the state that loops. */
export class States {
  private readonly top: Open[] = [];
  /** The lists to which the machines that run add, the innermost last. */
  private readonly machines: Open[][] = [];

  add({ event, state = '', at, error }: Pick<HistoryEntry, 'event' | 'state' | 'at' | 'error'>): void {
    const inner = this.machines.at(-1);
    if (event === 'ExecutionStarted') this.machines.push(inner?.at(-1)?.inner ?? this.top);
    else if (event.startsWith('Execution')) this.machines.pop();
    else if (!inner) return;
    else if (event === 'StateEntered') enter(inner, state, at, this.machines.length > 1);
    else {
      const open = inner.findLast(({ name }) => name === state);
      if (!open) return;
      if (event === 'StateExited') open.exitedAt = at;
      if (event === 'StateFailed') [open.exitedAt, open.error] = [at, error ?? 'failed'];
    }
  }

  told(): readonly StateTold[] {
    return structuredClone(this.top);
  }
}

/** A loop asks again and again: its states are told once each, with how often. */
function enter(states: Open[], name: string, at: string, once: boolean): void {
  const same = once ? states.find((one) => one.name === name) : undefined;
  if (!same) return void states.push({ name, enteredAt: at, times: 1, inner: [] });
  same.times += 1;
  same.exitedAt = undefined;
  // The newest one is where a machine within it belongs.
  states.push(...states.splice(states.indexOf(same), 1));
}
