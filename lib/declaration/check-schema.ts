/**
 * Checks a reference to a schema, Avro or JSON Schema: the reference comes in with the pipeline it stands in, mistakes go out. Called
 * by the checks of topics and of files.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { avroSchemaProblem } from './avro-schema.ts';
import { jsonSchemaProblem } from './json-schema.ts';
import { isPlainFileName, type Note } from './mistakes.ts';
import { isJsonSchema, type Pipeline, type SchemaReference } from './model.ts';

/** Where a schema of a pipeline lies. */
export const schemaPath = (pipeline: Pipeline, file: string): string =>
  join(pipeline.folders.declaration, 'schemas', file);

/** Apicurio's own characters of an artifact's id, without those that need escaping in an address. */
const ARTIFACT = /^[a-zA-Z0-9._-]{1,512}$/;

/** Notes what is wrong with the reference or with the schema itself. */
export function checkSchema(pipeline: Pipeline, note: Note, where: string, schema: SchemaReference): void {
  if (schema.artifact !== undefined && !ARTIFACT.test(schema.artifact)) {
    note(`${where}.artifact`, 'is not the name of an artifact', schema.artifact, 'letters, digits, ".", "_" and "-"');
  }
  const isJson = isJsonSchema(schema);
  if (isJson && schema.artifact !== undefined) {
    note(
      `${where}.artifact`,
      'is for Avro schemas, the registry holds no other',
      schema.artifact,
      'none, or an .avsc file',
    );
  }
  if (!isPlainFileName(note, where, schema.file)) return;
  const path = schemaPath(pipeline, schema.file);
  if (!existsSync(path)) {
    note(where, 'does not exist', path, 'a file in the schemas folder of the pipeline');
    return;
  }
  const text = readFileSync(path, 'utf8');
  const problem = isJson ? jsonSchemaProblem(text) : avroSchemaProblem(text);
  const [kind, allowed] = isJson
    ? ['a JSON Schema that can be kept', 'the part of JSON Schema in docs/adding-a-pipeline.md']
    : ['an Avro schema', 'a schema of Avro 1.11'];
  if (problem) note(where, `is not ${kind}`, `${schema.file}: ${problem}`, allowed);
}
