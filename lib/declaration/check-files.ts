/** Checks the files that a pipeline reads: a pipeline comes in, mistakes go out. Called by `validate.ts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkSchema } from './check-schema.ts';
import { isPlainFileName, type Note } from './mistakes.ts';
import type { Pipeline } from './model.ts';

/** Notes the mistakes in each file. */
export function checkFiles(pipeline: Pipeline, note: Note): void {
  for (const [role, file] of Object.entries(pipeline.files)) {
    const at = `files.${role}`;
    if (isPlainFileName(note, `${at}.sample`, file.sample)) {
      const path = join(pipeline.folders.sampleData, file.sample);
      if (!existsSync(path)) note(`${at}.sample`, 'does not exist', path, `a file in ${pipeline.folders.sampleData}`);
    }
    if (!/^[^"\r\n]$/u.test(file.separator)) {
      note(`${at}.separator`, 'is not one character', file.separator, 'one character that is no quote or line end');
    }
    checkSchema(pipeline, note, `${at}.schema`, file.schema);
  }
}
