/**
 * Finds and checks all declarations: the folder `pipelines/` comes in, checked pipelines in the order of their names
 * go out, or one error with every mistake. Called by the CDK app and by the local runner.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Pipeline } from './model.ts';
import { DeclarationError, mistakesOf } from './validate.ts';

/** The folder in which each pipeline has a folder of its name. */
export const PIPELINES_FOLDER = fileURLToPath(new URL('../../pipelines', import.meta.url));

/**
 * Loads every pipeline.
 *
 * @throws DeclarationError with all mistakes at once
 */
export async function loadPipelines(folder: string = PIPELINES_FOLDER): Promise<Pipeline[]> {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name, 'pipeline.ts'))
    .filter((file) => existsSync(file))
    .sort();
  const pipelines = await Promise.all(
    files.map(async (file) => ((await import(pathToFileURL(file).href)) as { default: Pipeline }).default),
  );
  const mistakes = mistakesOf(pipelines);
  if (mistakes.length > 0) throw new DeclarationError(mistakes);
  return pipelines;
}
