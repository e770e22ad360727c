/** Loaded before a command: what the command starts has its clock, though a service or a job is given an environment of its own. */
import processes from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const { LD_PRELOAD, MILLRACE_FAULTS_CLOCK } = process.env;
const { spawn } = processes;
/** @type {(command: string, words: readonly string[], options: import('node:child_process').SpawnOptions) => import('node:child_process').ChildProcess} */
const withClock = (command, words, options) =>
  spawn(
    command,
    words,
    options?.env ? { ...options, env: { ...options.env, LD_PRELOAD, MILLRACE_FAULTS_CLOCK } } : options,
  );
Object.assign(processes, { spawn: withClock });
syncBuiltinESMExports();
