/**
 * The machine that end-to-end tests share who need nothing but their pipeline: services and warm JVMs stay from file to file, each of which brings up what it tests.
 * Tests that end services, or begin with nothing, have one of their own.
 */
import { afterAll, beforeAll, inject } from 'vitest';
import { projectRoot } from '../../local/home.ts';
import { acquireLock } from '../../tools/lock.mjs';
import { Machine } from './cli.ts';

/** As long as all others may take. */
const longestWaitMs = 60 * 60_000;

/** Has the machine until the tests of the file that asks for it have ended; files come one after the other. */
export function sharedMachine(): Machine {
  const machine = new Machine(projectRoot, inject('sharedHome'));
  // What is started here outlives the temporary folder of the file that starts it.
  machine.variables = { TMPDIR: inject('sharedTemporary') };
  let release = () => {};
  beforeAll(async () => {
    release = await acquireLock(`${machine.home}.lock`, { waitMs: longestWaitMs });
  }, longestWaitMs);
  afterAll(() => release());
  return machine;
}
