/**
 * Takes a folder of a person's own files, checks that each declared file is there and holds what its schema says, as far as its beginning tells, and
 * copies them to where an execution may read them. Called by `run` before anything is started.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { FileDeclaration, Pipeline } from '../../lib/declaration/model.ts';
import { inputPrefix } from '../../lib/declaration/plan.ts';
import { MillraceError } from '../../tools/errors.ts';
import { bucketPath } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';

/** Checks the files of a folder; throws one error with all that is wrong. */
export async function checkSampleData(pipeline: Pipeline, folder: string): Promise<void> {
  const problems: string[] = [];
  for (const file of Object.values(pipeline.files)) {
    const path = join(resolve(folder), file.sample);
    if (!existsSync(path) || !statSync(path).isFile()) problems.push(`${path} does not exist.`);
    else if (file.separator === undefined) problems.push(...(await jsonProblems(path, requiredOf(pipeline, file))));
    else problems.push(...(await headerProblems(path, file.separator, columnsOf(pipeline, file))));
  }
  if (problems.length > 0) {
    throw new MillraceError(
      'INVALID_SAMPLE_DATA',
      `The files in ${resolve(folder)} cannot be used. Nothing was started.`,
      { details: problems },
    );
  }
}

/** Copies the files into the data bucket, under the hash of their content, and gives the `files` of an execution's input. */
export async function publishSampleData(
  pipeline: Pipeline,
  folder: string,
  home: Home,
  bucket: string,
): Promise<Record<string, string>> {
  const files = Object.entries(pipeline.files).map(([role, { sample }]) => ({
    role,
    sample,
    path: join(resolve(folder), sample),
  }));
  const hash = createHash('sha256');
  for (const { sample, path } of files) {
    hash.update(`${sample}\n`);
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
  }
  const prefix = `s3://${bucket}/${inputPrefix(pipeline.name)}/${hash.digest('hex').slice(0, 16)}`;
  mkdirSync(bucketPath(home, prefix), { recursive: true });
  for (const { sample, path } of files) {
    const target = bucketPath(home, `${prefix}/${sample}`);
    if (existsSync(target)) continue;
    copyFileSync(path, `${target}.part`);
    renameSync(`${target}.part`, target);
  }
  return Object.fromEntries(files.map(({ role, sample }) => [role, `${prefix}/${sample}`]));
}

/** So many lines tell whether a file is of the right kind; single lines that are not are the business of the job that reads it. */
const inspectedLines = 10;

function columnsOf(pipeline: Pipeline, file: FileDeclaration): string[] {
  return (schemaOf(pipeline, file) as { fields: { name: string }[] }).fields.map(({ name }) => name);
}

function requiredOf(pipeline: Pipeline, file: FileDeclaration): readonly string[] {
  return (schemaOf(pipeline, file) as { required?: string[] }).required ?? [];
}

function schemaOf(pipeline: Pipeline, { schema }: FileDeclaration): unknown {
  return JSON.parse(readFileSync(join(pipeline.folders.declaration, 'schemas', schema.file), 'utf8'));
}

async function headerProblems(path: string, separator: string, columns: readonly string[]): Promise<string[]> {
  const [header = ''] = await firstLines(path, 1);
  const found = header.split(separator).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const missing = columns.filter((column) => !found.includes(column));
  if (missing.length === 0) return [];
  return [
    `${path} has the header "${header}", which lacks ${missing.join(', ')}. Expected: ${columns.join(separator)}.`,
  ];
}

async function jsonProblems(path: string, required: readonly string[]): Promise<string[]> {
  const lines = (await firstLines(path, inspectedLines)).filter((line) => line.trim() !== '');
  const lacking = lines.map((line) => lackOf(line, required));
  if (lacking.includes(undefined)) return [];
  const expected = `Expected: a JSON object in each line, with ${required.join(', ')}.`;
  const [first] = lacking;
  return [first === undefined ? `${path} has no lines. ${expected}` : `${path}: its first line ${first}. ${expected}`];
}

/** What a line lacks to be an object with the names that it must have; undefined when it lacks nothing. */
function lackOf(line: string, required: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `is no JSON: ${shortened(line)}`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `is no object: ${shortened(line)}`;
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return missing.length > 0 ? `lacks ${missing.join(', ')}: ${shortened(line)}` : undefined;
}

const shortened = (line: string) => (line.length > 100 ? `${line.slice(0, 100)}...` : line);

async function firstLines(path: string, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    lines.push(lines.length === 0 ? line.replace(/^\uFEFF/, '') : line);
    if (lines.length >= count) break;
  }
  return lines;
}
