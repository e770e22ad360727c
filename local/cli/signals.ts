/**
 * Ctrl-C and its relatives: the first one asks the running command to stop what it started, a second one ends it at once. Used by `main.ts`.
 */
import { constants } from 'node:os';
import type { Terminal } from './terminal.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Stopping {
  readonly signal: AbortSignal;
  readonly onForce: (() => void)[];
  /** 128 and the signal's number, once there was one. */
  exitCode(): number | undefined;
  release(): void;
}

export function catchSignals(terminal: Terminal): Stopping {
  const controller = new AbortController();
  const onForce: (() => void)[] = [];
  let code: number | undefined;
  const handle = (name: NodeJS.Signals) => {
    if (code !== undefined) {
      for (const force of onForce.reverse()) force();
      process.exit(code);
    }
    code = 128 + constants.signals[name];
    terminal.count('');
    terminal.line('stopping what was started; once more ends it at once');
    controller.abort(new Error('stopped by a signal'));
  };
  for (const name of signals) process.on(name, handle);
  return {
    signal: controller.signal,
    onForce,
    exitCode: () => code,
    release: () => {
      for (const name of signals) process.removeListener(name, handle);
    },
  };
}
