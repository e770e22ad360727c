/** Runs a program of the project in this process's place, with its signals, and never longer than it. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Node is told before the name of a TypeScript file of the project. */
export const typescriptOptions = [
  '--disable-warning=ExperimentalWarning',
  `--import=${new URL('stripped-types.mjs', import.meta.url).href}`,
];

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Starts the program with the same standard streams and waits for its end.
 *
 * It is put into a process group of its own. In ours it would get a Ctrl-C of the terminal twice, once from the
 * terminal and once forwarded, but a signal sent to us alone only if we forward it; and the two cannot be told apart.
 * So it always gets signals from here, and only from here.
 * @param {string} node the Node to run it with
 * @param {string} file a TypeScript file
 * @param {string[]} args
 * @returns {Promise<number>} its exit code; 128 and the signal's number when a signal ended it
 */
export function handOver(node, file, args) {
  const follow = fileURLToPath(new URL('follow-parent.mjs', import.meta.url));
  const child = spawn(node, [...typescriptOptions, `--import=${follow}`, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
    // As in an npm script: what the program starts finds the project's Node and tools first.
    env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` },
  });
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of FORWARDED) process.removeListener(name, forward);
      fulfil(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
