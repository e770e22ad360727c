/** Judges the files of a pipeline by their declared schemas, as its jobs will, without Spark: by the Python beside this file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { schemaPath } from '../../lib/declaration/checks/schema.ts';
import { filesOf, usesOf } from '../../lib/declaration/flow.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { root } from '../../tools/setup/folders.mjs';
import { readToolchain } from '../../tools/setup/toolchain.mjs';

/** Where the program finds itself, and the code of the jobs. */
const modules = [root, join(root, 'jobs', 'pyspark')];

/** A line that would be rejected. */
export interface Reject {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

/** What was found in a file. */
export interface CheckedFile {
  readonly file: string;
  readonly path: string;
  /** Why no job would read it. */
  readonly refused?: { readonly code: string; readonly message: string };
  /** Whether a job reads it as a whole, and rejects no single lines. */
  readonly table: boolean;
  readonly read: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Fields with a pattern that only a job can judge. */
  readonly unchecked: readonly string[];
  /** The different values of the column that was asked for, of a file that is read as a whole. */
  readonly values?: readonly string[];
}

export interface HowToCheck {
  /** Only files that are read as a whole, which are small. @default all */
  readonly tablesOnly?: boolean;
  /** Of these files, by their aliases, the values of a column too. */
  readonly columns?: Readonly<Record<string, string>>;
  readonly onReject?: (reject: Reject) => void;
  readonly signal?: AbortSignal;
}

/** Judges the files of a folder. Of those that the folder lacks, the reading fails as it would in a job. */
export async function checkFiles(
  pipeline: Pipeline,
  folder: string,
  { tablesOnly = false, columns = {}, onReject, signal }: HowToCheck = {},
): Promise<CheckedFile[]> {
  const files = Object.entries(filesOf(pipeline)).map(([alias, file]) => ({
    alias,
    path: join(resolve(folder), file.sample),
    separator: file.separator ?? null,
    schema: schemaPath(pipeline, file.schema.file),
    entryPoints: entryPointsOf(pipeline, alias),
    tablesOnly,
    column: columns[alias] ?? null,
  }));
  // A job that reads a table says so where it does; without one, there is nothing for which a program must be started.
  const asked = tablesOnly ? files.filter(({ entryPoints }) => entryPoints.length > 0) : files;
  if (asked.length === 0) return [];
  const checked: CheckedFile[] = [];
  for await (const line of answers('check', { files: asked }, signal)) {
    const told = JSON.parse(line) as Partial<CheckedFile> & Reject & { readonly ended?: boolean };
    if (!told.ended) {
      onReject?.(told);
      continue;
    }
    const { path = '' } = asked.find(({ alias }) => alias === told.file) ?? {};
    const { file, refused, table = false, read = 0, rejected = {}, unchecked = [], values } = told;
    checked.push({
      file,
      path,
      ...(refused && { refused }),
      table,
      read,
      rejected,
      unchecked,
      ...(values && { values }),
    });
  }
  return checked;
}

/** The entry points of jobs that may read a file as a table. */
function entryPointsOf(pipeline: Pipeline, alias: string): string[] {
  const readers = usesOf(pipeline).filter((use) => use.way === 'reads' && use.alias === alias);
  const paths = readers.map(({ job }) => join(pipeline.folders.jobs, pipeline.jobs[job]?.entryPoint ?? ''));
  return paths.filter((path) => readText(path)?.includes('read_table'));
}

/** The lines that the program of this name says to a question. */
export async function* answers(program: string, question: object, signal?: AbortSignal): AsyncGenerator<string> {
  const { python } = readToolchain();
  const PYTHONPATH = modules.join(delimiter);
  const env = { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(python, ['-m', `local.check.${program}`], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  // Whoever reads the answers is told by them.
  closed.catch(() => undefined);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2_000);
  });
  child.stdin.on('error', () => undefined).end(JSON.stringify(question));
  yield* createInterface({ input: child.stdout });
  const [code] = await closed;
  if (code === 0) return;
  const details = complaints.trim().split('\n').slice(-3);
  throw new MillraceError('CHECK_FAILED', `The files could not be checked: the checker ended with ${code}.`, {
    details,
  });
}
