/**
 * Runs one program to its end: takes a command, gives its standard output, or throws with the last lines it wrote.
 * Called by every step of set-up that needs another program. What is running is known here, so that an interrupted set-up leaves none behind.
 */
import { spawn, spawnSync } from 'node:child_process';
import { messageOf, SetupError } from './errors.mjs';

/** Some programs say the cause first and then at length how they are used; others come to it in the end. */
const FIRST_LINES = 8;
const LAST_LINES = 12;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends the programs that are running. Called when set-up is interrupted. */
export function stopRunning() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {Record<string, string | undefined>} [environment] added to this process's environment
 * @property {string} [input] given on standard input
 * @property {string} what what is being done, for the error: "installing Python packages"
 */

/**
 * Runs a program; nothing that it writes is shown unless it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string>} its standard output
 */
export function run(command, args, { cwd, environment = {}, input, what }) {
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    let everything = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      everything += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      everything += text;
    });
    // A program that ends before it has read its input breaks the pipe; its exit code is the error that counts.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.on('error', (error) => {
      running.delete(child);
      reject(
        new SetupError('SETUP_COMMAND_FAILED', `${what} failed: ${command} could not be started: ${messageOf(error)}`),
      );
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) return fulfil(output);
      const lines = excerpt(everything.trimEnd().split('\n'));
      const end = signal ? `signal ${signal}` : `exit code ${code}`;
      reject(
        new SetupError(
          'SETUP_COMMAND_FAILED',
          `${what} failed (${end}). Nothing half-made was kept: run the same command again.\n  command: ${[command, ...args].join(' ')}\n  what it said:\n${lines.map((line) => `    ${line}`).join('\n')}`,
        ),
      );
    });
  });
}

/**
 * Asks a program a question that takes moments.
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} what it wrote on both streams, or undefined if it is not there or failed
 */
export function ask(command, args) {
  const answer = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  return answer.status === 0 ? answer.stdout + answer.stderr : undefined;
}

/**
 * @param {string[]} lines
 * @returns {string[]} all of them, or the first and the last
 */
function excerpt(lines) {
  if (lines.length <= FIRST_LINES + LAST_LINES) return lines;
  return [...lines.slice(0, FIRST_LINES), '...', ...lines.slice(-LAST_LINES)];
}
