/**
 * Takes the project and leaves its cloud assembly in `cdk.out`: runs the CDK app when any of its inputs changed, and otherwise keeps what is there.
 * Called by `millrace up`, `synth` and everything that includes them.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { MillraceError } from '../../tools/errors.ts';
import { projectRoot } from '../home.ts';
import { withLock } from '../services/lock.ts';
import { readJsonFile, writeFileAtomically } from './files.ts';
import { isObject } from './json.ts';

/** What the app reads. */
const inputs = ['bin', 'config', 'lib', 'pipelines', 'lambda', 'jobs', 'sample_data'];
const inputFiles = ['cdk.json', 'cdk.context.json', 'package-lock.json'];
/** Large and named by their version: their content is not read. */
const inputsByName = ['build/spark-jars'];
/** What no assembly contains: tests, and what tools leave behind. */
const ignoredFolders = new Set(['node_modules', 'tests', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache']);

export interface SynthesizeOptions {
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Instead of this checkout. */
  readonly root?: string;
  /**
   * Whether the templates have to pass the rule packs as well, which takes several times as long and changes nothing
   * in them. The local deployment has no use for it: what it deploys never reaches AWS.
   * @default false
   */
  readonly rules?: boolean;
}

/** The assembly's folder, and whether it had to be made. */
export interface Synthesis {
  readonly assembly: string;
  readonly changed: boolean;
}

/** File in the assembly that says from which inputs it was made. */
const stampName = 'millrace-inputs.json';

/** Synthesizes when needed. A mistake in the declarations is thrown in the app's own words. */
export async function synthesize(options: SynthesizeOptions): Promise<Synthesis> {
  const root = options.root ?? projectRoot;
  const assembly = join(root, 'cdk.out');
  const stamp = join(assembly, stampName);
  return withLock(join(root, '.millrace', 'synthesize.lock'), { waitMs: 300_000, signal: options.signal }, async () => {
    const hash = hashOfInputs(root);
    const last = readJsonFile(stamp);
    const rules = options.rules ?? false;
    if (isObject(last) && last.hash === hash && (last.rules || !rules)) return { assembly, changed: false };
    // Made beside the old one and put in its place at the end: another command may be reading it.
    const draft = join(root, 'build', 'cdk.out');
    rmSync(draft, { recursive: true, force: true });
    try {
      await runApp(root, draft, options);
      writeFileAtomically(join(draft, stampName), `${JSON.stringify({ hash, rules })}\n`);
    } finally {
      // A synthesis that fails must not leave an older assembly to be taken for its result.
      rmSync(assembly, { recursive: true, force: true });
    }
    renameSync(draft, assembly);
    return { assembly, changed: true };
  });
}

/** One digest over the content of everything that the app reads. */
export function hashOfInputs(root: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of inputs.flatMap((folder) => filesBelow(join(root, folder))).sort()) {
    hash.update(`\n${relative(root, file)}\n`).update(readFileSync(file));
  }
  for (const name of inputFiles) {
    const file = join(root, name);
    if (statSync(file, { throwIfNoEntry: false })) hash.update(`\n${name}\n`).update(readFileSync(file));
  }
  for (const file of inputsByName.flatMap((folder) => filesBelow(join(root, folder))).sort()) {
    hash.update(`\n${relative(root, file)} ${statSync(file).size}`);
  }
  return hash.digest('hex');
}

function filesBelow(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ignoredFolders.has(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Runs the app as the CDK's command line does, with the same context, so that both give the same templates. */
function runApp(root: string, assembly: string, options: SynthesizeOptions): Promise<void> {
  const context = {
    ...contextOf(join(root, 'cdk.json'), 'context'),
    ...contextOf(join(root, 'cdk.context.json')),
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
    ...(options.rules ? {} : { 'millrace:rules': false }),
  };
  const app = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join('bin', 'app.ts')], {
    cwd: root,
    env: { ...process.env, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify(context) },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const lines: string[] = [];
  for (const stream of [app.stdout, app.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('Bundling asset ')) options.progress(line);
    });
  }
  return new Promise((resolve, reject) => {
    app.on('error', (error) => reject(options.signal?.aborted ? options.signal.reason : error));
    app.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new MillraceError('SYNTHESIS_FAILED', messageFrom(lines, code)));
    });
  });
}

function contextOf(file: string, key?: string): Record<string, unknown> {
  const content = readJsonFile(file);
  const context = key !== undefined && isObject(content) ? content[key] : content;
  return isObject(context) ? context : {};
}

/** What the app said, without the parts that only tell where in the code it was said. */
function messageFrom(lines: readonly string[], code: number | null): string {
  const noise = /^\s+at |^Node\.js v|^Bundling asset |^npm warn |^\s*$|⚡ Done|^\s+\S+\.js\s+[\d.]+[km]?b$/i;
  const said = withoutExcerpt(withoutProperties(lines)).filter((line) => !noise.test(line));
  const message = said.map((line) => line.replace(/^(Uncaught )?\w*Error: /, '')).join('\n');
  return message || `The CDK app ended with code ${code} and said nothing.`;
}

/** Node.js shows the line of code that threw, under its place and above a caret. */
function withoutExcerpt(lines: readonly string[]): string[] {
  const caret = lines.findIndex((line) => /^\s*\^+\s*$/.test(line));
  const place = lines
    .slice(0, Math.max(caret, 0))
    .findLastIndex((line) => /^(file:|node:|\/|[A-Z]:\\).*:\d+$/.test(line));
  return place < 0 ? [...lines] : [...lines.slice(0, place), ...lines.slice(caret + 1)];
}

/** Node.js shows an error's own properties in braces that open after the last frame. */
function withoutProperties(lines: readonly string[]): string[] {
  const opening = lines.findIndex((line) => /^\s+at .*\{$/.test(line));
  const closing = lines.findIndex((line, index) => index > opening && line === '}');
  return opening < 0 || closing < 0 ? [...lines] : [...lines.slice(0, opening), ...lines.slice(closing + 1)];
}
