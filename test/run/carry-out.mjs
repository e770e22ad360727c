/**
 * Carries out a plan: streams what each step says with the step's name before it, and adds up the counts. What a step leaves in the temporary
 * folder goes with it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../../tools/setup/folders.mjs';

/**
 * @typedef {import('./plan.mjs').Step} Step
 * @typedef {import('./plan.mjs').Counts} Counts
 */

/** A machine with two cores is kept busy, and not more. */
const AT_ONCE = 2;

/**
 * Writes one line of a step; colours are for a terminal only, whatever the runner thinks.
 * @param {string} name
 * @param {string} line
 */
function tell(name, line) {
  process.stdout.write(`${name} | ${process.stdout.isTTY ? line : stripVTControlCharacters(line)}\n`);
}

/**
 * @param {Step[][]} plan
 * @returns {Promise<Counts>}
 */
export async function carryOut(plan) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-tests-'));
  const clear = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  // Ctrl-C reaches the runners too, which belong to the same group.
  const interrupted = () => {
    clear();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    for (const stage of plan) {
      const waiting = [...stage];
      const work = async () => {
        for (let step = waiting.shift(); step; step = waiting.shift()) {
          const counts = await carryOutStep(step, scratch);
          sum.passed += counts.passed;
          sum.failed += counts.failed;
          sum.skipped += counts.skipped;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    clear();
  }
  return sum;
}

/**
 * @param {Step} step
 * @param {string} scratch
 * @returns {Promise<Counts>}
 */
async function carryOutStep(step, scratch) {
  const started = performance.now();
  step.before?.();
  const { code, output } = await start(step, scratch);
  const counts = step.report
    ? countsOf(step.report, code)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  // A runner has been streamed while it ran; a check says something only when it has something to say.
  if (!step.report && code !== 0) for (const line of output.split('\n')) tell(step.name, line);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const outcome = counts.failed === 0 ? 'ok    ' : 'FAILED';
  const numbers = step.report ? ` (${counts.passed} of ${counts.passed + counts.failed + counts.skipped})` : '';
  process.stdout.write(`${outcome} ${step.name}${numbers} ${seconds} s\n`);
  return counts;
}

/**
 * @param {() => Counts} report
 * @param {number} code the runner's exit code
 * @returns {Counts}
 */
function countsOf(report, code) {
  try {
    const counts = report();
    const ran = counts.passed + counts.failed + counts.skipped;
    const silent = ran === 0 || (code !== 0 && counts.failed === 0);
    return silent ? { ...counts, failed: counts.failed + 1 } : counts;
  } catch {
    // The runner died before it could report.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * @param {Step} step
 * @param {string} scratch
 * @returns {Promise<{ code: number, output: string }>}
 */
function start(step, scratch) {
  const [program = '', ...args] = step.command;
  return new Promise((fulfil) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...step.environment, TMPDIR: scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let line = '';
    /** @param {string} text */
    const take = (text) => {
      if (!step.report) {
        output += text;
        return;
      }
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const one of lines) tell(step.name, one);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => take(`${error.message}\n`));
    child.on('close', (code) => {
      if (line) tell(step.name, line);
      fulfil({ code: code ?? 1, output: output.trimEnd() });
    });
  });
}
