/** Rows of results as what a chart draws. */
import type { Chart, Column } from '../../../lib/declaration/pipeline.ts';

export type Row = Readonly<Record<string, string | number>>;

const [mostSeries, mostBars, mostTimes] = [8, 20, 60];
const others = 'others';

interface Series {
  readonly label: string;
  readonly data: readonly (number | null)[];
}

/** Rows as series along an axis: those that come to most by their names, the others as one. */
export function seriesOf({ x, y, by }: Chart, columns: readonly Column[], rows: readonly Row[]) {
  const formatOf = (field: string) => columns.find((column) => column.field === field)?.format ?? 'text';
  const isTime = formatOf(x) === 'time';
  const value = (row: Row) => Number(row[y] ?? 0);
  const textOf = (field: string | undefined, row: Row) => (field === undefined ? '' : String(row[field] ?? ''));
  const totals = (field: string | undefined) => {
    const sums = new Map<string, number>();
    for (const row of rows) sums.set(textOf(field, row), (sums.get(textOf(field, row)) ?? 0) + value(row));
    return [...sums].sort(([, one], [, other]) => other - one).map(([name]) => name);
  };
  const along = totals(x);
  const points = isTime ? along.sort().slice(-mostTimes) : along.slice(0, mostBars);
  const ranked = totals(by);
  const named = ranked.length > mostSeries ? ranked.slice(0, mostSeries - 1) : ranked;
  const labels = ranked.length > mostSeries ? [...named, others] : named;
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = textOf(by, row);
    const key = `${named.includes(name) ? name : others}\n${textOf(x, row)}`;
    sums.set(key, (sums.get(key) ?? 0) + value(row));
  }
  // The order of names stays the same while their totals change places.
  const series = labels
    .toSorted()
    .map((label): Series => ({ label, data: points.map((point) => sums.get(`${label}\n${point}`) ?? null) }));
  return { points, series, isTime, left: along.length - points.length };
}
