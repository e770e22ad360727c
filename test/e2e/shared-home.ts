/** Makes the home that end-to-end tests share, and takes it down with all that was brought up in it. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { projectRoot } from '../../local/home.ts';
import { Machine } from './cli.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the home that end-to-end tests share. */
    readonly sharedHome: string;
    /** Temporary files of what runs there longer than a test file does. */
    readonly sharedTemporary: string;
  }
}

export default function makeSharedHome(project: TestProject): () => Promise<void> {
  const machine = new Machine();
  project.provide('sharedHome', machine.home);
  project.provide('sharedTemporary', tmpdir());
  // Who is interrupted waits for nothing.
  const removeAtOnce = () => {
    const words = [join(projectRoot, 'local', 'cli', 'millrace.mjs'), 'down', '--purge'];
    spawnSync('node', words, { env: { ...process.env, MILLRACE_HOME: machine.home }, stdio: 'ignore' });
    rmSync(machine.home, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', removeAtOnce).once('SIGTERM', removeAtOnce);
  return async () => {
    await machine.remove();
    process.off('SIGINT', removeAtOnce).off('SIGTERM', removeAtOnce);
  };
}
