/** What a benchmark is, and what it is told. */
import type { Row } from './rows.ts';

export interface Conditions {
  readonly quick: boolean;
  /** Has something done when all is measured, or when that is interrupted. */
  readonly atEnd: (undo: () => Promise<void>) => void;
}

export interface Benchmark {
  readonly name: string;
  /** Whether `--quick` leaves it out unless it is named: it sends and reads millions of rows. */
  readonly isLong?: boolean;
  readonly measure: (conditions: Conditions) => Promise<Row[]>;
}
