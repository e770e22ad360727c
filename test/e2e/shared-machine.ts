/**
 * The machine that end-to-end tests share who need nothing but their pipeline: services and warm JVMs stay from file to file, each of which brings up what it tests.
 * Tests that end services, or begin with nothing, have one of their own.
 */
import { inject } from 'vitest';
import { projectRoot } from '../../local/home.ts';
import { Machine } from './cli.ts';

export function sharedMachine(): Machine {
  const machine = new Machine(projectRoot, inject('sharedHome'));
  // What is started here outlives the temporary folder of the file that starts it.
  machine.variables = { TMPDIR: inject('sharedTemporary') };
  return machine;
}
