/** Runs the other programs that set-up needs, and ends them when it is interrupted. */
import { spawn } from 'node:child_process';
import { MillraceError, messageOf } from '../errors.mjs';

/** Some programs say the cause first and then at length how they are used; others come to it in the end. */
const FIRST_LINES = 8;
const LAST_LINES = 12;

/** The exit code of a JVM that was asked to end. */
const ENDED_BY_SIGTERM = 143;

/** A service that has not started by then does not start at all. */
const START_MS = 180_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

export function stopRunning() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {Record<string, string | undefined>} [environment] added to this process's environment
 * @property {string} [input] given on standard input
 * @property {string} [endAt] a service says this when it has started, and is asked to end then
 * @property {string} what what is being done, for the error: "installing Python packages"
 */

/**
 * Runs a program; nothing that it writes is shown unless it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string>} its standard output
 */
export function run(command, args, { cwd, environment = {}, input = '', endAt, what }) {
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...environment }, stdio: 'pipe' });
    running.add(child);
    let output = '';
    let everything = '';
    let hasStarted = false;
    const look = () => {
      if (endAt === undefined || hasStarted || !everything.includes(endAt)) return;
      hasStarted = true;
      child.kill('SIGTERM');
    };
    const patience = endAt === undefined ? undefined : setTimeout(() => child.kill('SIGTERM'), START_MS);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      everything += text;
      look();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      everything += text;
      look();
    });
    // A program that ends before it has read its input breaks the pipe; its exit code is the error that counts.
    child.stdin.on('error', () => undefined).end(input);
    /** @param {string} why */
    const fail = (why) => {
      running.delete(child);
      reject(new MillraceError('SETUP_COMMAND_FAILED', `${what} failed${why}`));
    };
    child.on('error', (error) => fail(`: ${command} could not be started: ${messageOf(error)}`));
    child.on('close', (code, signal) => {
      clearTimeout(patience);
      const said = excerpt(everything.trimEnd().split('\n')).map((line) => `    ${line}`);
      const end = signal ? `signal ${signal}` : `exit code ${code}`;
      if (hasStarted ? code !== ENDED_BY_SIGTERM : endAt !== undefined || code !== 0) {
        fail(
          ` (${end}). Nothing half-made was kept: run the same command again.\n  command: ${[command, ...args].join(' ')}\n  what it said:\n${said.join('\n')}`,
        );
      }
      running.delete(child);
      fulfil(output);
    });
  });
}

/** @param {string[]} lines */
function excerpt(lines) {
  if (lines.length <= FIRST_LINES + LAST_LINES) return lines;
  return [...lines.slice(0, FIRST_LINES), '...', ...lines.slice(-LAST_LINES)];
}
