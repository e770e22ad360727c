/** Checks how a pipeline accounts for its rows and shows its results, where it says so. */
import { readFileSync } from 'node:fs';
import { filesOf, foldersOf, nameIn, tablesOf, topicsOf } from '../flow.ts';
import type { Job } from '../job.ts';
import type { InputFile } from '../kinds/file.ts';
import type { Topic } from '../kinds/topic.ts';
import { type Note, names, noteAt } from '../mistakes.ts';
import type { Account, Chart, Column, Filter, Pipeline, Report, Sum } from '../pipeline.ts';
import { isNumber } from '../shown.ts';
import type { Named } from '../thing.ts';
import { integersOf, propertiesOf } from './json-schema.ts';
import { schemaPath } from './schema.ts';

function checkAmong<T>(note: Note, things: Named<T>, where: string, thing: T): void {
  if (nameIn(things, thing) === undefined) note(where, 'is not used by a job of the pipeline', thing, names(things));
}

export function checkSum(pipeline: Pipeline, sum: Sum, note: Note): void {
  const { sent, of, deadLetters, table, column, rows = {} } = sum;
  const topics = topicsOf(pipeline);
  checkAmong(note, topics, 'sent', sent);
  checkAmong(note, topics, 'deadLetters', deadLetters);
  checkAmong(note, tablesOf(pipeline), 'table', table);
  const { columns } = table.props;
  if (!columns.includes(column)) note('column', 'is no column of its table', column, columns.join(', '));
  for (const name of Object.keys(rows)) {
    if (!columns.includes(name)) note(`rows.${name}`, 'is no column of its table', name, columns.join(', '));
  }
  if (of === undefined) {
    if (sent.cleanup !== 'compact')
      note('sent', 'holds no keys that count', sent.cleanup, "a topic with cleanup 'compact'");
    return;
  }
  const numbers = numbersIn(pipeline, sent);
  if (numbers && !numbers.includes(of)) {
    const allowed = numbers.join(', ') || 'none: a number of a JSON schema';
    note('of', 'is no number in the values of its topic', of, allowed);
  }
}

export function checkAccount(pipeline: Pipeline, { sent, deadLetters, results, from }: Account, note: Note): void {
  const topics = topicsOf(pipeline);
  checkAmong(note, topics, 'sent', sent);
  checkAmong(note, topics, 'deadLetters', deadLetters);
  checkAmong(note, topics, 'results.topic', results.topic);
  const counts = results.count === undefined ? undefined : integersIn(pipeline, results.topic);
  if (counts && results.count !== undefined && !counts.includes(results.count)) {
    const allowed = counts.join(', ') || 'none';
    note('results.count', 'is not a whole number in the values of its topic', results.count, allowed);
  }
  if (!from) return;
  checkAmong(note, filesOf(pipeline), 'from.file', from.file);
  checkAmong(note, foldersOf(pipeline), 'from.rejects', from.rejects);
  const reader = Object.values(pipeline.jobs).find((job) => Object.values(job.reads).includes(from.file));
  if (reader && (from.rows.kind !== 'integer' || nameIn(reader.parameters, from.rows) === undefined)) {
    const what = 'is no whole number among the parameters of the job that reads the file';
    note('from.rows', what, from.rows, names(reader.parameters));
  }
}

/** Fields of a topic's values that are whole numbers; undefined when the schema cannot be read, which is noted where the topic is. */
function integersIn(pipeline: Pipeline, { props: { value } }: Topic): string[] | undefined {
  if (!value) return [];
  try {
    const text = readFileSync(schemaPath(pipeline, value.file), 'utf8');
    if (value.format === 'json') return integersOf(text);
    const { fields = [] } = JSON.parse(text) as { fields?: { name: string; type: unknown }[] };
    return fields.filter(({ type }) => type === 'long' || type === 'int').map(({ name }) => name);
  } catch {
    return undefined;
  }
}

/** Fields of a topic's values that are numbers of a JSON schema; undefined as for `integersIn`. */
function numbersIn(pipeline: Pipeline, { props: { value } }: Topic): string[] | undefined {
  if (value?.format !== 'json') return [];
  try {
    const types = Object.entries(propertiesOf(readFileSync(schemaPath(pipeline, value.file), 'utf8')));
    return types.filter(([, type]) => type === 'number' || type === 'integer').map(([name]) => name);
  } catch {
    return undefined;
  }
}

export function checkReport(pipeline: Pipeline, { job, folder, columns, chart, filters }: Report, note: Note): void {
  const { jobs } = pipeline;
  const name = nameIn(jobs, job);
  if (name === undefined) note('job', 'is not a job of the pipeline', job, names(jobs));
  else if (nameIn(job.writes, folder) === undefined) {
    note('folder', `is not written by ${name}`, folder, names(job.writes));
  }
  if (columns.length === 0) note('columns', 'shows nothing', 'no column', 'at least one');
  if (chart) checkChart(chart, columns, note);
  for (const [index, filter] of (filters ?? []).entries()) {
    checkFilter(pipeline, job, filter, noteAt(note, `filters.${index}`));
  }
}

function checkFilter(pipeline: Pipeline, job: Job, filter: Filter, note: Note): void {
  if (nameIn(job.parameters, filter.by) === undefined) {
    note('by', 'is no parameter of the job', filter.by, names(job.parameters));
  }
  if (!('among' in filter)) return;
  const { file, column } = filter.among;
  const files = filesOf(pipeline);
  if (nameIn(files, file) === undefined) note('among.file', 'is not used by a job of the pipeline', file, names(files));
  const columns = fieldsOf(pipeline, file);
  if (columns && !columns.includes(column)) {
    note('among.column', 'is no column of the file', column, columns.join(', '));
  }
}

/** Names of the columns of a delimited file; undefined when its schema cannot be read, which is noted where the file is. */
function fieldsOf(pipeline: Pipeline, { schema }: InputFile): string[] | undefined {
  try {
    const { fields } = JSON.parse(readFileSync(schemaPath(pipeline, schema.file), 'utf8')) as {
      fields: { name: string }[];
    };
    return fields.map(({ name }) => name);
  } catch {
    return undefined;
  }
}

/** A chart draws numbers of one column over the texts or times of others: what nobody can read in the table is in no chart. */
function checkChart({ x, y, by }: Chart, columns: readonly Column[], note: Note): void {
  const fieldsOf = (fitting: readonly Column[]) => fitting.map(({ field }) => field);
  const numbers = fieldsOf(columns.filter(isNumber));
  const others = fieldsOf(columns.filter((column) => !isNumber(column)));
  const checkAmong = (where: string, what: string, field: string, allowed: readonly string[]): void => {
    if (!allowed.includes(field))
      note(`chart.${where}`, what, field, allowed.join(', ') || 'none: the table has no such column');
  };
  checkAmong('x', 'is no column of texts or times', x, others);
  checkAmong('y', 'is no column of money or counts', y, numbers);
  if (by !== undefined)
    checkAmong(
      'by',
      'is no other column of texts or times',
      by,
      others.filter((field) => field !== x),
    );
}
