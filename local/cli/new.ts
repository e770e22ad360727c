/** `millrace new <name>`: a small pipeline that runs and passes its tests as it is, to be changed from there. Needs no service. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import type { FileColumn, FileSource } from '../../tools/scaffold/file-schemas.ts';
import { type Choice, modelOf, rolesOf } from '../../tools/scaffold/from-file.ts';
import { type Model, scaffold } from '../../tools/scaffold/scaffold.ts';
import { answers } from '../check/check.ts';
import { projectRoot } from '../home.ts';
import { visibleLine } from '../visible.ts';
import { type Context, pipelines } from './context.ts';

/** As `commands.ts` describes them. */
interface NewOptions extends Choice {
  readonly from?: string;
}

export async function newPipeline(
  { json, print, terminal, signal }: Context,
  name: string,
  { from, key, time }: NewOptions,
): Promise<number> {
  if (from === undefined && (key ?? time) !== undefined) {
    throw new MillraceError('WRONG_COLUMN', '--key and --time are columns of a file. Name the file by --from.');
  }
  const found = from === undefined ? undefined : await modelFrom(name, resolve(from), { key, time }, signal);
  const files = await scaffold(name, {
    root: projectRoot,
    pipelines: await pipelines(),
    ...(found && { model: found.model }),
  });
  const { columns, notes } = found ?? {};
  print(json ? JSON.stringify({ name, files, ...(found && { columns, notes }) }) : files.join('\n'));
  if (json) return 0;
  const width = Math.max(0, ...(columns ?? []).map((column) => column.name.length));
  for (const column of columns ?? []) {
    const part = column.part ? `; the ${column.part}` : '';
    terminal.plain(`${column.name.padEnd(width)}  ${visibleLine(column.words)}${part}`);
  }
  for (const note of notes ?? []) terminal.plain(visibleLine(note));
  const next = ['validate', `test ${name}`, 'up', `run ${name}`].map((words) => `npx millrace ${words}`);
  terminal.plain(`Next  ${next.join('\n      ')}`);
  return 0;
}

/** What `columns.py` says of a file. */
interface Described extends Omit<FileSource, 'sample'> {
  readonly refused?: { readonly code: string; readonly message: string };
  readonly notes: readonly string[];
  /** Invented, where the file is a schema. */
  readonly sample?: string;
}

export interface Found {
  readonly model: Model;
  readonly columns: readonly (FileColumn & { readonly part?: string })[];
  readonly notes: readonly string[];
}

export async function modelFrom(name: string, path: string, choice: Choice, signal: AbortSignal): Promise<Found> {
  let described: Described | undefined;
  for await (const line of answers('columns', { path }, signal)) described = JSON.parse(line);
  if (!described) throw new MillraceError('CHECK_FAILED', `Nothing was said of ${path}.`);
  const { refused, notes, sample: invented, ...source } = described;
  if (refused) throw new MillraceError(refused.code, refused.message);
  const roles = rolesOf(source, choice);
  const parts = new Map([
    [roles.measure?.name, 'number of which the highest is kept'],
    [roles.time?.name, 'time'],
    [roles.key.name, 'key'],
  ]);
  const content = invented === undefined ? beginningOf(path) : { content: invented, whole: true };
  const size = `${LARGEST_SAMPLE / 2 ** 20} MB`;
  const more = `the sample is the first ${size} of the file; to run all of it: --sample-data with its folder`;
  const model = modelOf(
    name,
    { ...source, sample: { name: sampleName(path, source.form, invented), ...content } },
    roles,
  );
  const columns = source.columns.map((column) => {
    const part = parts.get(column.name);
    return { ...column, ...(part === undefined ? {} : { part }) };
  });
  return { model, columns, notes: content.whole ? notes : [...notes, more] };
}

/** A sample is kept beside the code, and is uploaded with it. */
const LARGEST_SAMPLE = 10 * 2 ** 20;

/** A file, or the whole lines with which a large one begins. */
function beginningOf(path: string): { readonly content: Uint8Array; readonly whole: boolean } {
  const size = Math.min(statSync(path).size, LARGEST_SAMPLE);
  const content = Buffer.alloc(size);
  const file = openSync(path, 'r');
  try {
    readSync(file, content);
  } finally {
    closeSync(file);
  }
  const whole = size < LARGEST_SAMPLE;
  return { content: whole ? content : content.subarray(0, content.lastIndexOf('\n') + 1), whole };
}

/** The file's own name, where every system takes it. */
function sampleName(path: string, form: FileSource['form'], invented: string | undefined): string {
  const name = basename(path);
  return invented === undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,24}$/.test(name) ? name : `records.${form}`;
}
