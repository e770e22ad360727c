/**
 * Takes the rows that the last job of an execution left as JSON and gives them as they are shown: a table for people, or objects for
 * machines. The columns and their forms are the declaration's.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../../lib/declaration/model.ts';

/** One row; numbers stay the text that the job wrote, so that money keeps its decimals. */
export type ResultRow = Readonly<Record<string, string>>;

/** Reads the JSON lines below a results folder. */
export function readResults(folder: string): ResultRow[] {
  const json = join(folder, 'json');
  if (!existsSync(json)) return [];
  return readdirSync(json)
    .filter((name) => name.startsWith('part-'))
    .sort()
    .flatMap((name) => readFileSync(join(json, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line, keepNumberText) as ResultRow);
}

/** `JSON.parse` calls this with the source of each number, which is not in TypeScript's library yet. */
function keepNumberText(this: unknown, _name: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

type Column = Report['columns'][number];

/** An aligned table with a header and a line under it. */
export function table(rows: readonly ResultRow[], columns: readonly Column[]): string {
  const cells = rows.map((row) => columns.map((column) => cell(row[column.field] ?? '', column.format)));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const format = (line: readonly string[]) =>
    line
      .map((value, index) => {
        const width = widths[index] ?? 0;
        return isNumber(columns[index]) ? value.padStart(width) : value.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    format(columns.map(({ title }) => title)),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map(format),
  ].join('\n');
}

function isNumber(column: Column | undefined): boolean {
  return column?.format === 'money' || column?.format === 'count';
}

function cell(value: string, format: Column['format']): string {
  if (format === 'count') return grouped(value);
  if (format === 'time') return value.replace('T', ' ').replace(/:\d\d(\.\d+)?(Z|\+00:00)$/, ' UTC');
  if (format === 'text') return value;
  const [whole = '0', decimals = ''] = value.split('.');
  return `${grouped(whole)}.${decimals.padEnd(2, '0')}`;
}

const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
