/** The rows that a job left as JSON lines in its folder, as objects and as a table in the forms that the declaration says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../lib/declaration/pipeline.ts';
import { isNumber, type ResultRow, rowOf, shown } from '../../lib/declaration/shown.ts';
import { visibleLine } from '../visible.ts';
import { partsIn } from './counts.ts';

/** Reads the JSON lines below a results folder. */
export function readResults(folder: string): ResultRow[] {
  return partsIn(join(folder, 'json'))
    .flatMap((part) => readFileSync(part, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(rowOf);
}

/** The rows that are not among those before: new ones, and those of which something has changed. */
export function changedSince(before: readonly ResultRow[], rows: readonly ResultRow[]): ResultRow[] {
  const known = new Set(before.map((row) => JSON.stringify(row)));
  return rows.filter((row) => !known.has(JSON.stringify(row)));
}

/** An aligned table with a header and a line under it. */
export function table(rows: readonly ResultRow[], columns: Report['columns']): string {
  const padded = columns.map((column) => {
    const cells = [column.title, ...rows.map((row) => visibleLine(shown(row, column)))];
    const width = Math.max(...cells.map(({ length }) => length));
    const pad = (text: string) => (isNumber(column) ? text.padStart(width) : text.padEnd(width));
    const [header = '', ...values] = cells.map(pad);
    return [header, '-'.repeat(width), ...values];
  });
  const [first = []] = padded;
  const lines = first.map((_, index) => padded.map((column) => column[index]).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}
