/** Finds and checks all declarations. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeclarationError, type Mistake, noteUnder } from './mistakes.ts';
import type { Pipeline } from './pipeline.ts';
import { mistakesOf } from './validate.ts';

/** The folder in which each pipeline has a folder of its name. */
export const PIPELINES_FOLDER = fileURLToPath(new URL('../../pipelines', import.meta.url));

/** Loads every pipeline, in the order of their names. @throws DeclarationError with all mistakes at once */
export async function loadPipelines(folder: string = PIPELINES_FOLDER): Promise<Pipeline[]> {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map((entry) => join(folder, entry.name, 'pipeline.ts'))
    .sort();
  const mistakes: Mistake[] = [];
  const pipelines: Pipeline[] = [];
  const note = noteUnder('', mistakes);
  for (const file of files) {
    if (!existsSync(file)) {
      note(file, 'is missing', undefined, 'a file that declares the pipeline, or no such folder');
      continue;
    }
    try {
      const { default: exported } = (await import(pathToFileURL(file).href)) as { default?: unknown };
      if (typeof exported === 'object' && exported !== null && 'folders' in exported) {
        pipelines.push(exported as Pipeline);
      } else note(file, 'declares no pipeline', exported, 'export default pipeline(import.meta.url, {...})');
    } catch (error) {
      const [, after = ''] = String((error as Error).stack).split(`${file}:`);
      const [line] = after.match(/^\d+/) ?? [];
      note(line ? `${file}:${line}` : file, 'cannot be loaded', `${error}`, 'a module that runs without an error');
    }
  }
  mistakes.push(...mistakesOf(pipelines));
  if (mistakes.length > 0) throw new DeclarationError(mistakes);
  return pipelines;
}
