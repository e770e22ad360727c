/** A person's own files: checked as far as their beginnings tell, and copied to where an execution may read them. */
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { schemaPath } from '../../lib/declaration/checks/schema.ts';
import { filesOf } from '../../lib/declaration/flow.ts';
import { isObject } from '../../lib/declaration/json.ts';
import type { InputFile } from '../../lib/declaration/kinds/file.ts';
import { inputPrefix } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { checkFiles } from '../check/check.ts';
import { bucketPath } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';

/**
 * Checks the files of a folder.
 *
 * @throws MillraceError INVALID_SAMPLE_DATA with all that is wrong
 */
export async function checkSampleData(pipeline: Pipeline, folder: string): Promise<void> {
  await checkBeginnings(pipeline, folder);
  refuse(folder, await mistakesOfTables(pipeline, folder));
}

/**
 * Whether all files of a folder are there, and begin as their schemas say.
 *
 * @throws MillraceError INVALID_SAMPLE_DATA with all that is wrong
 */
export async function checkBeginnings(pipeline: Pipeline, folder: string): Promise<void> {
  const files = Object.values(filesOf(pipeline));
  const mistakes = await Promise.all(
    files.map((file) => mistakeOf(pipeline, file, join(resolve(folder), file.sample))),
  );
  refuse(
    folder,
    mistakes.filter((mistake) => mistake !== undefined),
  );
}

function refuse(folder: string, details: readonly string[]): void {
  if (details.length === 0) return;
  const message = `The files in ${resolve(folder)} cannot be used. Nothing was started.`;
  throw new MillraceError('INVALID_SAMPLE_DATA', message, { details });
}

/** What is wrong with files that jobs read as a whole, of which one bad line ends a run. */
async function mistakesOfTables(pipeline: Pipeline, folder: string): Promise<string[]> {
  const files = await checkFiles(pipeline, folder, { tablesOnly: true });
  return files.flatMap(({ refused }) => (refused ? `${refused.code}: ${refused.message}` : []));
}

/** Copies the files into the data bucket, under the hash of their content, and gives the `files` of an execution's input. */
export async function publishSampleData(
  pipeline: Pipeline,
  folder: string,
  home: Home,
  bucket: string,
): Promise<Record<string, string>> {
  const declared = Object.entries(filesOf(pipeline));
  const files = declared.map(([alias, { sample }]) => ({ alias, sample, path: join(resolve(folder), sample) }));
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
  return Object.fromEntries(files.map(({ alias, sample }) => [alias, `${prefix}/${sample}`]));
}

/** So many lines tell whether a file is of the right kind; single lines that are not are the business of the job that reads it. */
const inspectedLines = 10;

async function mistakeOf(
  pipeline: Pipeline,
  { schema, separator }: InputFile,
  path: string,
): Promise<string | undefined> {
  if (!existsSync(path) || !statSync(path).isFile()) return `${path} does not exist.`;
  // The fields of an Avro schema, or the names that a JSON Schema requires.
  const {
    fields = [],
    header: other,
    required = [],
  } = JSON.parse(readFileSync(schemaPath(pipeline, schema.file), 'utf8')) as {
    fields?: { name: string }[];
    header?: string;
    required?: string[];
  };
  const lines = await firstLines(path, separator === undefined ? inspectedLines : 1);
  if (separator === undefined) {
    const lacking = lines.filter((line) => line.trim() !== '').map((line) => lackOf(line, required));
    if (lacking.includes(undefined)) return undefined;
    const found = lacking.length === 0 ? ' has no lines' : `: its first line ${lacking[0]}`;
    return `${path}${found}. Expected: a JSON object in each line, with ${required.join(', ')}.`;
  }
  const [header = ''] = lines;
  const columns = fields.map(({ name }) => name);
  const found = header.split(separator).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  // As the jobs want them, which read fields by their places.
  if (header === other || isDeepStrictEqual(found, columns)) return undefined;
  const missing = columns.filter((column) => !found.includes(column)).join(', ');
  const lacks = missing === '' ? '' : `, which lacks ${missing}`;
  return `${path} has the header "${header}"${lacks}. Expected, in this order: ${columns.join(separator)}${other ? `; or ${other}` : ''}.`;
}

/** What a line lacks to be an object with the names that it must have; undefined when it lacks nothing. */
function lackOf(line: string, required: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `is no JSON: ${shortened(line)}`;
  }
  if (!isObject(value)) return `is no object: ${shortened(line)}`;
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
