/**
 * Takes a folder of a person's own files, checks that each declared file is there with the columns of its schema, and copies them to where an
 * execution may read them. Called by `run` before anything is started.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { FileDeclaration, Pipeline } from '../../lib/declaration/model.ts';
import { inputPrefix } from '../../lib/declaration/plan.ts';
import { bucketPath } from '../deploy/index.ts';
import { MillraceError } from '../errors.ts';
import type { Home } from '../home.ts';

/** Checks the files of a folder; throws one error with all that is wrong. */
export async function checkSampleData(pipeline: Pipeline, folder: string): Promise<void> {
  const problems: string[] = [];
  for (const file of Object.values(pipeline.files)) {
    const path = join(resolve(folder), file.sample);
    if (!existsSync(path) || !statSync(path).isFile()) problems.push(`${path} does not exist.`);
    else problems.push(...(await headerProblems(path, file, columnsOf(pipeline, file))));
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

function columnsOf(pipeline: Pipeline, { schema }: FileDeclaration): string[] {
  const text = readFileSync(join(pipeline.folders.declaration, 'schemas', schema.file), 'utf8');
  return (JSON.parse(text) as { fields: { name: string }[] }).fields.map(({ name }) => name);
}

async function headerProblems(path: string, file: FileDeclaration, columns: readonly string[]): Promise<string[]> {
  const header = await firstLine(path);
  const found = header.split(file.separator).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const missing = columns.filter((column) => !found.includes(column));
  if (missing.length === 0) return [];
  return [
    `${path} has the header "${header}", which lacks ${missing.join(', ')}. Expected: ${columns.join(file.separator)}.`,
  ];
}

async function firstLine(path: string): Promise<string> {
  for await (const line of createInterface({ input: createReadStream(path) })) return line.replace(/^\uFEFF/, '');
  return '';
}
