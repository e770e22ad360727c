/** The results of the newest execution that left some, as a table for a dashboard. Whatever stands in them is text. */
import type { Column } from '../../lib/declaration/pipeline.ts';
import { isNumber, type ResultRow, rowOf, shown } from '../../lib/declaration/shown.ts';

/** An execution of the state machine. */
export interface Execution {
  readonly name: string;
  readonly status: string;
  readonly started: Date;
}

export interface ResultsPorts {
  /** The newest executions, the newest first. */
  executions(): Promise<readonly Execution[]>;
  /** Keys of the files that an execution left, in their order. */
  files(execution: string): Promise<readonly string[]>;
  /** The text that a file begins with, and whether that is all of it. */
  beginning(key: string): Promise<{ readonly text: string; readonly whole: boolean }>;
}

/** More rows than this are left to the report. */
const MOST_ROWS = 100;

/** The longest cell; a longer one ends with dots. */
const LONGEST_CELL = 200;

/** The table with what it is of, as HTML. */
export async function resultsTable(columns: readonly Column[], ports: ResultsPorts): Promise<string> {
  for (const execution of await ports.executions()) {
    const files = await ports.files(execution.name);
    if (files.length === 0) continue;
    const { rows, more } = await rowsOf(files, ports);
    const { name, status, started } = execution;
    const when = `${started.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const left = more ? `; the report has more rows than these ${rows.length}` : '';
    return `<p>Execution ${escaped(name)}, ${escaped(status)}, of ${when}${left}</p>${table(rows, columns)}`;
  }
  return '<p>None of the last executions has left results.</p>';
}

async function rowsOf(files: readonly string[], ports: ResultsPorts): Promise<{ rows: ResultRow[]; more: boolean }> {
  const rows: ResultRow[] = [];
  for (const key of files) {
    const { text, whole } = await ports.beginning(key);
    // Behind the last line end there is nothing, or half a line.
    for (const line of text.split('\n').slice(0, -1)) {
      if (rows.length === MOST_ROWS) return { rows, more: true };
      rows.push(rowOf(line));
    }
    if (!whole) return { rows, more: true };
  }
  return { rows, more: false };
}

function table(rows: readonly ResultRow[], columns: readonly Column[]): string {
  const align = (column: Column): string => (isNumber(column) ? ' style="text-align: right"' : '');
  const cells = (tag: string, textOf: (column: Column) => string): string =>
    columns.map((column) => `<${tag}${align(column)}>${escaped(textOf(column))}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', (column) => shortened(shown(row, column)))}</tr>`).join('');
  return `<table><thead><tr>${cells('th', ({ title }) => title)}</tr></thead><tbody>${body}</tbody></table>`;
}

const shortened = (text: string): string => (text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}...` : text);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML that is nothing but text: no element of HTML, and none by which CloudWatch makes buttons that call something. */
const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '').replace(/\p{Cc}|\p{Cf}/gu, '\u{FFFD}');
