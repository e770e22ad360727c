/** The arithmetic of `npm run bench`, and how its parts are chosen. What it measures is measured there alone. */
import { expect, test } from 'vitest';
import { benchmarks, chosen } from '../../bench/benchmarks.ts';
import { median, ratio, spread, summarized, table } from '../../bench/rows.ts';

test('the median is the value in the middle, or between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 4])).toBe(3);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test('the spread is from the least value to the most, as a share of the median', () => {
  expect(spread([90, 100, 120])).toBeCloseTo(0.3);
  expect(spread([5])).toBe(0);
});

test('the ratio is that of the rounds, so that a slow round counts on both sides or on none', () => {
  expect(ratio([100, 10, 100], [200, 20, 200])).toBe(0.5);
  // The ratio of the medians would be 1.
  expect(ratio([1, 2, 30], [2, 1, 10])).toBe(2);
  expect(ratio([100, 100], [50])).toBe(2);
});

const row = { metric: 'sender', unit: 'rows/s', ours: [90, 110], beside: { name: 'a tool', values: [100, 100] } };

test('a goal is held to the median or to the ratio', () => {
  const reached = (goal: object) => summarized({ ...row, goal: goal as never }).reached;
  expect(reached({ of: 'ratio', atLeast: 1 })).toBe(true);
  expect(reached({ of: 'ratio', atLeast: 1.01 })).toBe(false);
  expect(reached({ of: 'ours', atMost: 100 })).toBe(true);
  expect(reached({ of: 'ours', atMost: 99 })).toBe(false);
  expect(summarized(row).reached).toBeUndefined();
});

test('a goal of a ratio without anything beside, or of no value, is missed', () => {
  const { beside: _, ...alone } = row;
  expect(summarized({ ...alone, goal: { of: 'ratio', atLeast: 0 } }).reached).toBe(false);
  expect(summarized({ ...row, ours: [], goal: { of: 'ours', atMost: 1 } }).reached).toBe(false);
});

test('the table says what was reached and what was missed', () => {
  const rows = [
    summarized({ ...row, goal: { of: 'ratio', atLeast: 1 } }),
    summarized({ ...row, metric: 'memory', goal: { of: 'ours', atMost: 50 } }),
  ];
  expect(table(rows).split('\n')).toEqual([
    'metric  ours  unit    spread  beside       ratio  goal                rounds',
    'sender  100   rows/s  20 %    a tool  100  1      ratio >= 1 reached  2',
    'memory  100   rows/s  20 %    a tool  100  1      <= 50 MISSED        2',
  ]);
});

test('benchmarks are chosen by name; a wrong one lists them', () => {
  const names = benchmarks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(chosen([], false)).toEqual(benchmarks);
  expect(chosen(['latency', 'throughput'], true).map(({ name }) => name)).toEqual(['latency', 'throughput']);
  expect(() => chosen(['latency', 'latancy'], false)).toThrow(`no benchmark "latancy". Allowed: ${names.join(', ')}`);
});

test('the quick ones are those that do not take millions of rows', () => {
  const quick = ['tables', 'totals', 'latency', 'sender', 'pacing', 'resources', 'synth', 'contracts', 'up'];
  expect(chosen([], true).map(({ name }) => name)).toEqual(quick);
});
