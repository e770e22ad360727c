/** What a benchmark finds, as rows of a table: values of rounds that were measured by turns, and what is made of them. */

/** The values of the rounds of one figure, and of what it is compared with in the same rounds. */
export interface Row {
  readonly metric: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly beside?: { readonly name: string; readonly values: readonly number[] };
  readonly goal?: Goal;
}

/** What is wanted of the median, or of the ratio to what stands beside. */
export interface Goal {
  readonly of: 'ours' | 'ratio';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The value in the middle, or between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low = Number.NaN, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

/** From the least value to the most, as a share of the median. */
export const spread = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / median(values);

/** The median of the ratios of the rounds: what else the machine does hits both sides of a round. */
export const ratio = (ours: readonly number[], beside: readonly number[]): number =>
  median(ours.flatMap((value, round) => (beside[round] === undefined ? [] : [value / beside[round]])));

/** A row with what is made of its values. */
export interface Summary extends Row {
  readonly median: number;
  readonly spread: number;
  readonly besideMedian?: number;
  readonly ratio?: number;
  /** Whether the goal is reached; undefined without one. */
  readonly reached?: boolean;
}

export function summarized(row: Row): Summary {
  const { ours, beside, goal } = row;
  const compared = beside && { besideMedian: median(beside.values), ratio: ratio(ours, beside.values) };
  const judged = goal?.of === 'ratio' ? compared?.ratio : median(ours);
  const reached =
    goal && judged !== undefined && judged <= (goal.atMost ?? judged) && judged >= (goal.atLeast ?? judged);
  return {
    ...row,
    median: median(ours),
    spread: spread(ours),
    ...compared,
    ...(goal && { reached: reached === true }),
  };
}

const shown = (value: number | undefined): string =>
  value === undefined ? '' : value.toLocaleString('en', { maximumSignificantDigits: 3 });

function wanted({ goal, reached }: Summary): string {
  if (!goal) return '';
  const bound = goal.atMost === undefined ? `>= ${shown(goal.atLeast)}` : `<= ${shown(goal.atMost)}`;
  return `${goal.of === 'ratio' ? 'ratio ' : ''}${bound} ${reached ? 'reached' : 'MISSED'}`;
}

const columns = ['metric', 'ours', 'unit', 'spread', 'beside', '', 'ratio', 'goal', 'rounds'];

/** The rows as a table for people. */
export function table(rows: readonly Summary[]): string {
  const cells = rows.map((row) => [
    row.metric,
    shown(row.median),
    row.unit,
    row.ours.length > 1 ? `${Math.round(100 * row.spread)} %` : '',
    row.beside?.name ?? '',
    shown(row.besideMedian),
    shown(row.ratio),
    wanted(row),
    String(row.ours.length),
  ]);
  const widths = columns.map((title, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  return [columns, ...cells]
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
