/** Checks the files that a pipeline reads: a pipeline comes in, mistakes go out. Called by `validate.ts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkSchema } from './check-schema.ts';
import { isPlainFileName, type Note } from './mistakes.ts';
import { type FileDeclaration, isJsonSchema, type Pipeline } from './model.ts';

/** Notes the mistakes in each file. */
export function checkFiles(pipeline: Pipeline, note: Note): void {
  for (const [role, file] of Object.entries(pipeline.files)) {
    const at = `files.${role}`;
    if (isPlainFileName(note, `${at}.sample`, file.sample)) {
      const path = join(pipeline.folders.sampleData, file.sample);
      if (!existsSync(path)) note(`${at}.sample`, 'does not exist', path, `a file in ${pipeline.folders.sampleData}`);
    }
    checkForm(note, at, file);
    checkSchema(pipeline, note, `${at}.schema`, file.schema);
  }
}

/** A delimited file has an Avro schema of a name of its own in the registry; JSON lines have a JSON Schema. */
function checkForm(note: Note, at: string, { separator, schema }: FileDeclaration): void {
  const isJson = isJsonSchema(schema);
  if (separator === undefined) {
    if (!isJson)
      note(
        `${at}.schema`,
        'is not a JSON Schema, but without a separator its lines are JSON',
        schema.file,
        'a *.schema.json file, or a separator',
      );
    return;
  }
  if (!/^[^"\r\n]$/u.test(separator)) {
    note(`${at}.separator`, 'is not one character', separator, 'one character that is no quote or line end');
  }
  if (isJson)
    note(
      `${at}.schema`,
      'is a JSON Schema, but its lines are delimited',
      schema.file,
      'an *.avsc file, or no separator',
    );
  else if (schema.artifact === undefined) {
    note(`${at}.schema.artifact`, 'is missing', undefined, 'the name of the artifact in the registry');
  }
}
