/** Makes a new pipeline from the templates beside this file: three folders that pass every check of a declaration, or an error and nothing. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DeclarationError } from '../../lib/declaration/mistakes.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { mistakesOf } from '../../lib/declaration/validate.ts';
import { MillraceError } from '../errors.mjs';

const TEMPLATES = fileURLToPath(new URL('templates', import.meta.url));
const SUFFIX = '.template';

/** What a pipeline is made of. */
export interface Model {
  /** Folders of templates. */
  readonly templates: readonly string[];
  /** What stands for `{{word}}` in them, beside the name. */
  readonly words: Readonly<Record<string, string>>;
  /** Further files, by their paths in the checkout. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Of readings of sensors, which it brings along. */
const READINGS: Model = {
  templates: ['common', 'readings'],
  words: {
    records: 'readings',
    record: 'reading',
    key: 'sensor',
    handlers: 'topics: the handler, and the framework that calls it',
    schemaHandler: '',
  },
  files: {},
};

/** Where a pipeline has a folder of its name; the templates lie in the same. */
const PLACES = ['pipelines', 'jobs/pyspark', 'sample_data'] as const;

/**
 * Makes the pipeline of a model (of readings, unless another is given) in the checkout `root` and gives its files, relative to it. Its folders are filled aside and checked there together with all
 * other declarations, so that what is moved into place is whole.
 *
 * @throws MillraceError INVALID_NAME or NAME_TAKEN
 * @throws DeclarationError when it does not fit beside the other pipelines
 */
export async function scaffold(
  name: string,
  {
    root,
    pipelines,
    model = READINGS,
  }: { readonly root: string; readonly pipelines: readonly Pipeline[]; readonly model?: Model },
): Promise<string[]> {
  refuseName(name);
  const targets = PLACES.map((place) => `${place}/${name}`);
  refuseExisting(name, root, targets);
  fs.mkdirSync(join(root, 'build'), { recursive: true });
  const aside = fs.mkdtempSync(join(root, 'build', 'new-'));
  try {
    // A declaration imports the words of declarations by a relative path.
    fs.symlinkSync(join(root, 'lib'), join(aside, 'lib'));
    const files = fillTemplates(name, aside, model);
    await checkDeclaration(name, aside, pipelines);
    moveIntoPlace(aside, root, targets);
    return files;
  } finally {
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

function refuseName(name: string): void {
  const folders = { declaration: '', jobs: '', sampleData: '' };
  const mistakes = mistakesOf([{ name, description: name || '-', jobs: {}, folders }]);
  const mistake = mistakes.find(({ where }) => where === 'name' || where === `${name}.name`);
  if (!mistake) return;
  const called = `A pipeline cannot be called ${JSON.stringify(name)}`;
  throw new MillraceError('INVALID_NAME', `${called}: it ${mistake.what}. Allowed: ${mistake.allowed}.`);
}

function refuseExisting(name: string, root: string, targets: readonly string[]): void {
  const existing = targets.filter((target) => fs.existsSync(join(root, target)));
  if (existing.length === 0) return;
  throw new MillraceError(
    'NAME_TAKEN',
    `The name "${name}" is taken: ${existing.join(', ')} ${existing.length === 1 ? 'exists' : 'exist'}. Nothing was written. Choose another name, or delete what is there.`,
  );
}

function fillTemplates(name: string, aside: string, { templates, words, files }: Model): string[] {
  const made = new Map<string, string | Uint8Array>(Object.entries(files));
  const known: Readonly<Record<string, string>> = { ...words, name };
  for (const folder of PLACES.flatMap((place) =>
    templates.map((one) => [place, join(TEMPLATES, one, place)] as const),
  )) {
    const [place, path] = folder;
    if (!fs.existsSync(path)) continue;
    const paths = fs.readdirSync(path, { recursive: true, encoding: 'utf8' });
    for (const file of paths.filter((each) => each.endsWith(SUFFIX))) {
      const text = fs.readFileSync(join(path, file), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, word) => known[word] ?? '');
      made.set(`${place}/${name}/${file.slice(0, -SUFFIX.length)}`, sortOwnImports(text, name));
    }
  }
  const placeOf = (file: string) => PLACES.findIndex((place) => file.startsWith(`${place}/`));
  const paths = [...made.keys()].sort((one, other) => placeOf(one) - placeOf(other) || (one < other ? -1 : 1));
  for (const file of paths) {
    fs.mkdirSync(dirname(join(aside, file)), { recursive: true });
    fs.writeFileSync(join(aside, file), made.get(file) ?? '');
  }
  return paths;
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
      fs.mkdirSync(dirname(join(root, target)), { recursive: true });
      fs.renameSync(join(aside, target), join(root, target));
      moved.push(target);
    }
  } catch (error) {
    for (const target of moved) fs.rmSync(join(root, target), { recursive: true, force: true });
    throw error;
  }
}

/** Sorts each run of lines that import from `millrace` or from the pipeline: which comes first depends on the name. */
function sortOwnImports(text: string, name: string): string {
  const runs = new RegExp(`(^from (millrace|${name})(\\.\\S+)? import .*\\n)+`, 'gm');
  const moduleOf = (line: string) => line.split(' ')[1] ?? '';
  return text.replace(runs, (run) => {
    const lines = run.trimEnd().split('\n');
    return `${lines.sort((one, other) => (moduleOf(one) < moduleOf(other) ? -1 : 1)).join('\n')}\n`;
  });
}
