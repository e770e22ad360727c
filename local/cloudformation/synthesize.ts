/** Keeps the cloud assembly in `cdk.out` up to date: runs the CDK app when any of its inputs has changed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { filesBelow, readJson, writeJson } from '../../tools/files.mjs';
import { withLock } from '../../tools/lock.mjs';
import { typescriptOptions } from '../../tools/setup/hand-over.mjs';
import { projectRoot } from '../home.ts';

const inputs = ['bin', 'config', 'lib', 'pipelines', 'lambda', 'jobs', 'sample_data'];
const inputFiles = ['cdk.json', 'cdk.context.json', 'package-lock.json'];
/** Large and named by their version: their content is not read. */
const inputsByName = ['spark', 'iceberg', 'postgres', 'connect', 'debezium-postgres'].map(
  (name) => `build/${name}-jars`,
);
/** What no assembly contains: tests, and what tools leave behind. */
const ignoredFolders = ['node_modules', 'tests', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache'];

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

/** File in the assembly that says from which inputs it was made. */
const stampName = 'millrace-inputs.json';

/**
 * Synthesizes when needed, and says whether it was. A mistake in the declarations is thrown in the app's own words.
 */
export async function synthesize(options: SynthesizeOptions) {
  const root = options.root ?? projectRoot;
  const assembly = join(root, 'cdk.out');
  const stamp = join(assembly, stampName);
  return withLock(join(root, 'build', 'synthesize.lock'), { waitMs: 300_000, signal: options.signal }, async () => {
    const hash = hashOfInputs(root);
    const last = readJson(stamp, 'Remove the folder cdk.out.');
    const rules = options.rules ?? false;
    if (isObject(last) && last.hash === hash && (last.rules || !rules)) return { assembly, changed: false };
    // Made beside the old one and put in its place at the end: another command may be reading it.
    const draft = join(root, 'build', 'cdk.out');
    rmSync(draft, { recursive: true, force: true });
    try {
      await runApp(root, draft, options);
      writeJson(join(draft, stampName), { hash, rules });
    } finally {
      // A synthesis that fails must not leave an older assembly to be taken for its result.
      rmSync(assembly, { recursive: true, force: true });
    }
    renameSync(draft, assembly);
    return { assembly, changed: true };
  });
}

/** One digest over the content of everything that the app reads. */
function hashOfInputs(root: string): string {
  const hash = createHash('sha256').update(process.version);
  const below = (folder: string) => filesBelow(join(root, folder), ignoredFolders);
  const files = [...inputs.flatMap(below), ...inputFiles.map((name) => join(root, name)).filter(existsSync)];
  for (const file of files) hash.update(`\n${relative(root, file)}\n`).update(readFileSync(file));
  for (const file of inputsByName.flatMap(below)) hash.update(`\n${relative(root, file)} ${statSync(file).size}`);
  return hash.digest('hex');
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
  const words = [...typescriptOptions, `--import=${messagesOnly}`, join('bin', 'app.ts')];
  const app = spawn(process.execPath, words, {
    cwd: root,
    env: { ...process.env, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify(context) },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal && { signal: options.signal }),
  });
  const lines: string[] = [];
  for (const input of [app.stdout, app.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('Bundling asset ')) options.progress(line);
    });
  }
  return new Promise((resolve, reject) => {
    app.on('error', (error) => reject(options.signal?.aborted ? options.signal.reason : error));
    app.on('close', (code) =>
      code === 0 ? resolve() : reject(new MillraceError('SYNTHESIS_FAILED', messageFrom(lines, code))),
    );
  });
}

function contextOf(file: string, key?: string): Record<string, unknown> {
  const content = readJson(file, 'Restore it.');
  const context = key !== undefined && isObject(content) ? content[key] : content;
  return isObject(context) ? context : {};
}

/** What the app said, without what its tools report of their work. */
function messageFrom(lines: readonly string[], code: number | null): string {
  const noise = /^Bundling asset |^npm warn |^\s*$|⚡ Done|^\s+\S+\.js\s+[\d.]+[km]?b$/i;
  const message = lines.filter((line) => !noise.test(line)).join('\n');
  return message || `The CDK app ended with code ${code} and said nothing.`;
}

/** Loaded before the app: an error is told by its message, and by its place only when the code cannot be read. */
const messagesOnly = `data:text/javascript,process.on('uncaughtException', (error) => {
  const text = error?.name === 'SyntaxError' ? error.stack.split('\\n    at ')[0] : error?.message;
  console.error(text ?? error);
  process.exit(1);
})`;
