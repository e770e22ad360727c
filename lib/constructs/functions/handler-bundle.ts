/**
 * Bundles a handler.
 *
 * The CDK's own NodejsFunction starts npx, which starts esbuild, for every function; calling esbuild gives the same
 * file in a tenth of the time.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What is made of this tree. */
export const BUILD = join(ROOT, 'build');

/** Each handler is bundled once in a process, for however many functions and environments. */
const bundled = new Map<string, string>();

/** Bundles `lambda/<folder>/handler.ts` with all that it imports, the AWS SDK included: one version runs everywhere. */
export function bundleHandler(folder: string): string {
  return bundle(folder, `export * from './lambda/${folder}/handler.ts';`);
}

/**
 * Bundles a handler that is made of `lambda/<folder>/handler.ts`, which exports `handlerOf`, and of the default export of another module.
 *
 * @param name folder of `build/handlers`
 * @param code path of that module
 */
export function bundleHandlerOf(name: string, folder: string, code: string): string {
  const imports = [
    `import { handlerOf } from './lambda/${folder}/handler.ts';`,
    `import of from ${JSON.stringify(code)};`,
  ];
  return bundle(name, [...imports, 'export const handler = handlerOf(of);'].join('\n'));
}

function bundle(name: string, contents: string): string {
  const known = bundled.get(name);
  if (known) return known;
  const target = join(BUILD, 'handlers', name);
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT, sourcefile: `${name}.ts`, loader: 'ts' },
    outfile: join(target, 'index.js'),
    bundle: true,
    write: false,
    platform: 'node',
    // The oldest that runs it: this machine's; Lambda has a newer one.
    target: 'node22',
    format: 'cjs',
    minify: true,
    // Error names are part of what handlers answer.
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) writeIfChanged(path, contents);
  bundled.set(name, target);
  return target;
}

/** Writes a file in one step, since two syntheses may run at once; an unchanged file is left alone. */
export function writeIfChanged(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}
