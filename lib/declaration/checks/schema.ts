/** Checks a reference to a schema whose structure is right, and the schema itself. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '../mistakes.ts';
import type { Schema } from '../schema.ts';
import type { Owner } from '../thing.ts';
import { avroSchemaMistake } from './avro-schema.ts';
import { isFileName } from './form.ts';
import { jsonSchemaMistake } from './json-schema.ts';

export const schemaPath = ({ folders }: Owner, file: string): string => join(folders.declaration, 'schemas', file);

/** Apicurio's own characters of an artifact's id, without those that need escaping in an address. */
const ARTIFACT = /^[a-zA-Z0-9._-]{1,512}$/;

export function checkSchema(pipeline: Owner, note: Note, at: string, { format, file, artifact }: Schema): void {
  const isJson = format === 'json';
  if (isJson && artifact !== undefined) {
    note(`${at}.artifact`, 'is for Avro schemas, the registry holds no other', artifact, 'none, or avro(...)');
  } else if (artifact !== undefined && !ARTIFACT.test(artifact)) {
    note(`${at}.artifact`, 'is not the name of an artifact', artifact, 'letters, digits, ".", "_" and "-"');
  }
  if (!isFileName(file)) return;
  const ending = isJson ? '.schema.json' : '.avsc';
  const path = schemaPath(pipeline, file);
  if (!file.endsWith(ending)) note(at, 'has the ending of another format', file, `*${ending}`);
  else if (!existsSync(path)) note(at, 'does not exist', path, 'a file in the schemas folder of the pipeline');
  else {
    const text = readFileSync(path, 'utf8');
    const mistake = isJson ? jsonSchemaMistake(text) : avroSchemaMistake(text);
    const [name, allowed] = isJson
      ? ['a JSON Schema that can be kept', 'the part of JSON Schema in docs/adding-a-pipeline.md']
      : ['an Avro schema', 'a schema of Avro 1.11'];
    if (mistake) note(at, `is not ${name}`, `${file}: ${mistake}`, allowed);
  }
}
