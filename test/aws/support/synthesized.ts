/** Global set-up of `test/aws`: synthesizes the app and its variants once into a temporary folder, `inject('assembly')`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder with the assemblies `app`, `readings`, `connected`, `tagged`, `resized`, `faulty`, `bare`, and `without-<pipeline>` for each pipeline. */
    assembly: string;
  }
}

const script = fileURLToPath(new URL('synthesize.ts', import.meta.url));

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-templates-'));
  // Those who look at one pipeline as it is deployed wait for no other assembly.
  const chosen = process.env.MILLRACE_TEST_ASSEMBLIES?.split(',') ?? [];
  // What the CDK says of planted mistakes is no news; of a synthesis that fails it is in the error.
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, folder, ...chosen], {
    stdio: 'pipe',
  });
  project.provide('assembly', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
