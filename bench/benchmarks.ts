/** All that `npm run bench` measures, by name: here what is of no pipeline, and in `pipelines/<name>/tests/bench` what is of one. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../tools/errors.mjs';
import { root } from '../tools/setup/folders.mjs';
import { contracts, unchanged } from './deployment/deployment.ts';
import { decisions } from './kafka/decisions.ts';
import type { Row } from './rows.ts';
import { synth } from './synth/synth.ts';

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

const files = globSync(join(root, 'pipelines', '*', 'tests', 'bench', 'benchmarks.ts')).sort();
const ofPipelines = await Promise.all(
  files.map(async (file) => ((await import(file)) as { default: readonly Benchmark[] }).default),
);

export const benchmarks: readonly Benchmark[] = [
  ...ofPipelines.flat(),
  { name: 'synth', measure: ({ quick }) => synth(quick) },
  { name: 'contracts', measure: contracts },
  { name: 'up', measure: unchanged },
  { name: 'decisions', isLong: true, measure: ({ quick }) => decisions(quick) },
];

/** Those of these names; where none is given all, or those that are not long. */
export function chosen(names: readonly string[], quick: boolean): readonly Benchmark[] {
  const unknown = names.filter((name) => !benchmarks.some((one) => one.name === name));
  if (unknown.length > 0) {
    const allowed = benchmarks.map(({ name }) => name).join(', ');
    throw new MillraceError(
      'UNKNOWN_BENCHMARK',
      `There is no benchmark "${unknown.join('", "')}". Allowed: ${allowed}.`,
    );
  }
  const isChosen =
    names.length === 0 ? ({ isLong }: Benchmark) => !(quick && isLong) : ({ name }: Benchmark) => names.includes(name);
  return benchmarks.filter(isChosen);
}
