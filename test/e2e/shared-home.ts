/** Makes the home that end-to-end tests share, and takes it down with all that was brought up in it. */
import { tmpdir } from 'node:os';
import type { TestProject } from 'vitest/node';
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
  return () => machine.remove();
}
