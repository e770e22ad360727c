/** Rows of results as series of a chart. */
import { expect, test } from 'vitest';
import type { Column } from '../../../lib/declaration/pipeline.ts';
import { seriesOf } from '../../../local/watch/page/series.ts';

const columns: readonly Column[] = [
  { field: 'region', title: 'region', format: 'text' },
  { field: 'earned', title: 'earned', format: 'money' },
  { field: 'start', title: 'start', format: 'time' },
];
const row = (region: string, earned: string, start: string) => ({ region, earned, start });

test('stand along times in their order, a series for each colour', () => {
  const rows = [
    row('B', '2.50', '2026-01-31T13:05Z'),
    row('A', '1', '2026-01-31T13:05Z'),
    row('A', '4', '2026-01-31T13:00Z'),
  ];
  expect(seriesOf({ x: 'start', y: 'earned', by: 'region' }, columns, rows)).toEqual({
    points: ['2026-01-31T13:00Z', '2026-01-31T13:05Z'],
    series: [
      { label: 'A', data: [4, 1] },
      { label: 'B', data: [null, 2.5] },
    ],
    isTime: true,
    left: 0,
  });
});

test('of texts the largest are drawn, the largest first, and the others are counted', () => {
  const rows = Array.from({ length: 400 }, (_, each) => row(`r${each}`, String(each), ''));
  const { points, series, left } = seriesOf({ x: 'region', y: 'earned' }, columns, rows);
  expect([points[0], points.at(-1), points.length, left]).toEqual(['r399', 'r380', 20, 380]);
  expect(series).toHaveLength(1);
});

test('of many colours the largest have their own, and the others are one', () => {
  const rows = Array.from({ length: 20 }, (_, each) => row(`r${String(each).padStart(2, '0')}`, '1', 'now')).concat(
    row('r19', '9', 'now'),
  );
  const { series } = seriesOf({ x: 'start', y: 'earned', by: 'region' }, columns, rows);
  expect(series.map(({ label }) => label)).toEqual(['others', 'r00', 'r01', 'r02', 'r03', 'r04', 'r05', 'r19']);
  expect(series.find(({ label }) => label === 'others')?.data).toEqual([13]);
});
