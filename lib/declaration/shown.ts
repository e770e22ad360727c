/** How rows of results are read and written for people: numbers exact, as the job wrote them. */
import type { Column } from './pipeline.ts';

/** One row; a number with decimals stays the text that the job wrote, so that money keeps every digit. */
export type ResultRow = Readonly<Record<string, string | number>>;

/** A row of JSON lines. */
export const rowOf = (line: string): ResultRow => JSON.parse(line, keepDecimals) as ResultRow;

/** `JSON.parse` calls this with the source of each number, which is not in TypeScript's library yet. */
export function keepDecimals(this: unknown, _name: string, value: unknown, context?: { source?: string }): unknown {
  const { source = String(value) } = context ?? {};
  return typeof value !== 'number' || (Number.isSafeInteger(value) && /^-?\d+$/.test(source)) ? value : source;
}

/** A value in the form that its column says. */
export function shown(row: ResultRow, { field, format }: Column): string {
  const value = String(row[field] ?? '');
  if (value === '') return '';
  if (format === 'count') return grouped(value);
  if (format === 'time') return value.replace('T', ' ').replace(/:\d\d(\.\d+)?(Z|\+00:00)$/, ' UTC');
  if (format === 'text') return value;
  const [whole = '0', decimals = ''] = value.split('.');
  return `${grouped(whole)}.${decimals.padEnd(2, '0')}`;
}

/** Whether the values of a column stand under each other by their last digit. */
export const isNumber = ({ format }: Column): boolean => format === 'money' || format === 'count';

const grouped = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
