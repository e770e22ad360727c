/** Results as people see them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readResults, table } from '../../../local/accounts/results.ts';

const columns = [
  { field: 'region', title: 'region', format: 'text' },
  { field: 'total', title: 'total', format: 'money' },
  { field: 'count', title: 'count', format: 'count' },
  { field: 'window_start', title: 'window start', format: 'time' },
] as const;

test('money keeps every digit, also those that a double has not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-results-'));
  mkdirSync(join(folder, 'json'));
  const line =
    '{"region":"Asia & Pacific","total":9007199254740993.10,"count":1234567,"window_start":"2026-01-31T13:05:00Z"}';
  writeFileSync(join(folder, 'json', 'part-0000.json'), `${line}\n`);
  writeFileSync(join(folder, 'json', '_SUCCESS'), '');
  expect(table(readResults(folder), columns)).toBe(
    [
      'region                             total      count  window start',
      '--------------  ------------------------  ---------  --------------------',
      'Asia & Pacific  9,007,199,254,740,993.10  1,234,567  2026-01-31 13:05 UTC',
    ].join('\n'),
  );
});

test('a count is a number, and an amount keeps its decimals', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-results-'));
  mkdirSync(join(folder, 'json'));
  writeFileSync(join(folder, 'json', 'part-0000.json'), '{"region":"Asia","count":12,"total":1.50}\n');
  expect(readResults(folder)).toEqual([{ region: 'Asia', count: 12, total: '1.50' }]);
});

test('what is not there is shown as nothing', () => {
  expect(table([{ region: 'Asia', count: 1 }], columns.slice(0, 3))).toMatch(/^Asia +1$/m);
});

test('a text with line ends is one line, under its own title', () => {
  const rows = [
    { region: 'Asia\nEurope\u001b[31m', count: 1 },
    { region: 'Oceania', count: 20 },
  ];
  expect(table(rows, [columns[0], columns[2]]).split('\n')).toEqual([
    'region            count',
    '----------------  -----',
    'Asia␊Europe␛[31m      1',
    'Oceania              20',
  ]);
});

test('a whole amount is shown with its decimals', () => {
  expect(table([{ region: 'Europe', total: '1234', count: '2', window_start: '' }], columns)).toContain('1,234.00');
});
