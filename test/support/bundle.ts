/**
 * Handlers as they are bundled for AWS: one minified CommonJS file each.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from '../../local/home.ts';

/** Bundles a file of `lambda/<folder>` with the options of the CDK construct, and loads it. */
export async function bundledHandler<Exports>(folder: string, file = 'handler.ts'): Promise<Exports> {
  const output = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
  try {
    const bundle = join(output, 'index.cjs');
    await build({
      entryPoints: [join(projectRoot, 'lambda', folder, file)],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      target: 'node22',
      format: 'cjs',
      minify: true,
      keepNames: true,
      logLevel: 'error',
    });
    return createRequire(bundle)(bundle) as Exports;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}
