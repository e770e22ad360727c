/** The rows that a job left as JSON lines in its folder, as objects and as a table in the forms that the declaration says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../lib/declaration/pipeline.ts';
import { partsIn } from './counts.ts';

/** One row; a number with decimals stays the text that the job wrote, so that money keeps every digit. */
export type ResultRow = Readonly<Record<string, string | number>>;

/** Reads the JSON lines below a results folder. */
export function readResults(folder: string): ResultRow[] {
  return partsIn(join(folder, 'json'))
    .flatMap((part) => readFileSync(part, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line, keepDecimals) as ResultRow);
}

/** `JSON.parse` calls this with the source of each number, which is not in TypeScript's library yet. */
export function keepDecimals(this: unknown, _name: string, value: unknown, context?: { source?: string }): unknown {
  const { source = String(value) } = context ?? {};
  return typeof value !== 'number' || (Number.isSafeInteger(value) && /^-?\d+$/.test(source)) ? value : source;
}

/** The rows that are not among those before: new ones, and those of which something has changed. */
export function changedSince(before: readonly ResultRow[], rows: readonly ResultRow[]): ResultRow[] {
  const known = new Set(before.map((row) => JSON.stringify(row)));
  return rows.filter((row) => !known.has(JSON.stringify(row)));
}

/** An aligned table with a header and a line under it. */
export function table(rows: readonly ResultRow[], columns: Report['columns']): string {
  const padded = columns.map(({ field, format, title }) => {
    const cells = [title, ...rows.map((row) => cell(String(row[field] ?? ''), format))];
    const width = Math.max(...cells.map(({ length }) => length));
    const isNumber = format === 'money' || format === 'count';
    const [header = '', ...values] = cells.map((text) => (isNumber ? text.padStart(width) : text.padEnd(width)));
    return [header, '-'.repeat(width), ...values];
  });
  const [first = []] = padded;
  const lines = first.map((_, index) => padded.map((column) => column[index]).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function cell(value: string, format: Report['columns'][number]['format']): string {
  if (format === 'count') return grouped(value);
  if (format === 'time') return value.replace('T', ' ').replace(/:\d\d(\.\d+)?(Z|\+00:00)$/, ' UTC');
  if (format === 'text') return value;
  const [whole = '0', decimals = ''] = value.split('.');
  return `${grouped(whole)}.${decimals.padEnd(2, '0')}`;
}

const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
