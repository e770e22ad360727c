/**
 * Finds and checks all declarations: the folder `pipelines/` comes in, checked pipelines in the order of their names
 * go out, or one error with every mistake. Called by the CDK app and by the local runner.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeclarationError, type Mistake } from './mistakes.ts';
import type { Pipeline } from './model.ts';
import { mistakesOf } from './validate.ts';

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
  const mistakes: Mistake[] = [];
  const pipelines: Pipeline[] = [];
  for (const [file, exported] of await Promise.all(
    files.map(async (file) => [file, await importDefault(file)] as const),
  )) {
    if (typeof exported === 'object' && exported !== null) pipelines.push(exported as Pipeline);
    else
      mistakes.push({ where: file, problem: 'declares no pipeline', got: String(exported), allowed: DEFAULT_EXPORT });
  }
  mistakes.push(...mistakesOf(pipelines));
  if (mistakes.length > 0) throw new DeclarationError(mistakes);
  return pipelines;
}

const DEFAULT_EXPORT = 'export default definePipeline(import.meta.url, {...})';

/** What a module exports as its default, or in words why it has none. */
async function importDefault(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default ?? 'no default export';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}
