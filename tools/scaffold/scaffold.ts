/**
 * Makes a new pipeline from the templates beside this file: its name comes in, three folders that pass every check of a declaration go out,
 * or an error and nothing. Called by `millrace new`.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkNames } from '../../lib/declaration/check-names.ts';
import { DeclarationError, type Mistake, noteUnder } from '../../lib/declaration/mistakes.ts';
import type { Pipeline } from '../../lib/declaration/model.ts';
import { mistakesOf } from '../../lib/declaration/validate.ts';
import { MillraceError } from '../errors.ts';
import { fill } from './fill.ts';

const TEMPLATES = fileURLToPath(new URL('templates', import.meta.url));
const SUFFIX = '.template';

/** Where a pipeline has a folder of its name; the templates lie in the same. */
const PLACES = ['pipelines', 'jobs/pyspark', 'sample_data'] as const;

export interface ScaffoldOptions {
  /** The checkout that gets the pipeline. */
  readonly root: string;
  /** The pipelines that it has. */
  readonly pipelines: readonly Pipeline[];
}

/**
 * Makes the pipeline and gives its files, relative to the checkout. Its folders are filled aside and checked there together with all other
 * declarations, so that what is moved into place is whole.
 */
export async function scaffold(name: string, { root, pipelines }: ScaffoldOptions): Promise<string[]> {
  refuseName(name);
  const targets = PLACES.map((place) => `${place}/${name}`);
  refuseExisting(name, root, targets);
  mkdirSync(join(root, 'build'), { recursive: true });
  const aside = mkdtempSync(join(root, 'build', 'new-'));
  try {
    // A declaration imports the words of declarations by a relative path.
    symlinkSync(join(root, 'lib'), join(aside, 'lib'));
    const files = await fillTemplates(name, aside);
    await checkDeclaration(name, aside, pipelines);
    moveIntoPlace(aside, root, targets);
    return files;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function refuseName(name: string): void {
  const mistakes: Mistake[] = [];
  const nothing = {
    description: '',
    topics: {},
    files: {},
    jobs: {},
    order: { kind: 'continuous', stream: '' },
  } as const;
  const folders = { declaration: `pipelines/${name}`, jobs: '', sampleData: '' };
  checkNames({ ...nothing, name, folders }, noteUnder('', mistakes));
  const [mistake] = mistakes;
  if (mistake) {
    throw new MillraceError(
      'INVALID_NAME',
      `A pipeline cannot be called ${JSON.stringify(name)}: it ${mistake.problem}. Allowed: ${mistake.allowed}.`,
    );
  }
}

function refuseExisting(name: string, root: string, targets: readonly string[]): void {
  const existing = targets.filter((target) => existsSync(join(root, target)));
  if (existing.length === 0) return;
  throw new MillraceError(
    'NAME_TAKEN',
    `The name "${name}" is taken: ${existing.join(', ')} ${existing.length === 1 ? 'exists' : 'exist'}. Nothing was written. Choose another name, or delete what is there.`,
  );
}

async function fillTemplates(name: string, aside: string): Promise<string[]> {
  const templates = PLACES.flatMap((place) =>
    readdirSync(join(TEMPLATES, place), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(SUFFIX))
      .sort()
      .map((path) => ({ place, path, file: `${place}/${name}/${path.slice(0, -SUFFIX.length)}` })),
  );
  for (const { place, path, file } of templates) {
    mkdirSync(dirname(join(aside, file)), { recursive: true });
    await writeFile(join(aside, file), fill(await readFile(join(TEMPLATES, place, path), 'utf8'), name));
  }
  return templates.map(({ file }) => file);
}

/** Refuses what only a look at all declarations together shows: a topic's name that is taken, a quota that is used up. */
async function checkDeclaration(name: string, aside: string, pipelines: readonly Pipeline[]): Promise<void> {
  const file = pathToFileURL(join(aside, 'pipelines', name, 'pipeline.ts')).href;
  const { default: made } = (await import(file)) as { default: Pipeline };
  const mistakes = mistakesOf([...pipelines, made]);
  if (mistakes.length > 0) throw new DeclarationError(mistakes);
}

/** All three, or none. */
function moveIntoPlace(aside: string, root: string, targets: readonly string[]): void {
  const moved: string[] = [];
  try {
    for (const target of targets) {
      mkdirSync(dirname(join(root, target)), { recursive: true });
      renameSync(join(aside, target), join(root, target));
      moved.push(target);
    }
  } catch (error) {
    for (const target of moved) rmSync(join(root, target), { recursive: true, force: true });
    throw error;
  }
}
