/**
 * What a case of a fault is. Those of a pipeline are the default export of `pipelines/<name>/tests/faults.ts`, those of the machine, which
 * one pipeline lends its records, those of the files in its `tests/faults/machine`.
 */
import type { Random } from './random.ts';
import type { Stack } from './stack.ts';

export interface Hit {
  /** What the fault has hit, in figures. */
  readonly what: string;
  /** From the fault until all was worked through that lay in the topics by then; of several faults the longest. */
  readonly recoveredMs: number;
}

export interface Case {
  readonly number: number;
  readonly title: string;
  /** Whether what it leaves behind would disturb another case of its pipeline. */
  readonly isLast?: boolean;
  /** Whether the stack that it gets is its own, and not up. */
  readonly isAlone?: boolean;
  /** Whether it runs only where its number is asked for. */
  readonly isLong?: boolean;
  /** Sends its history, makes the fault in the middle of work, and recovers as documented; an error where that cannot be done. */
  readonly run: (stack: Stack, random: Random, minutes: number) => Promise<Hit>;
}

/** A fault that cannot be made on this machine. */
export class NotMade extends Error {}

export interface Suite {
  readonly cases: readonly Case[];
  /** Ends the streams, and compares everything that the topics hold with what an oracle makes of the source. */
  readonly check: (stack: Stack) => Promise<string[]>;
}
