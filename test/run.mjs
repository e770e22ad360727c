/**
 * All checks and tests of the project, or those of `--only NAME[,NAME...] [WORD ...]`; the words narrow down what a runner runs. Streams what the
 * runners say, and closes standard output with one line `N passed, N failed`. `npm test` starts it with whatever Node the machine has; it sets up
 * first. Exit code 0 only if nothing failed.
 *
 * Each static check counts as one test. A runner that dies, or that runs no test, counts as one failure. Under CI=true a skipped test is one too.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const { MillraceError } = await import('../tools/errors.mjs');
  try {
    const { checkNode } = await import('../tools/setup/requirements.mjs');
    checkNode();
    const { ensureToolchain } = await import('../tools/setup/toolchain.mjs');
    const { buildFolder } = await import('../tools/setup/folders.mjs');
    const { chosen, planOf } = await import('./run/plan.mjs');
    const toolchain = await ensureToolchain({ log: (line) => process.stdout.write(`${line}\n`), dev: true });
    const results = join(buildFolder, 'test-results');
    rmSync(results, { recursive: true, force: true });
    const plan = chosen(planOf(toolchain, results), args);
    const { carryOut } = await import('./run/carry-out.mjs');
    const { passed, failed, skipped } = await carryOut(plan);
    const skippedCounts = process.env.CI === 'true' ? skipped : 0;
    if (skipped > 0) process.stdout.write(`${skipped} skipped${skippedCounts ? ', counted as failed' : ''}\n`);
    process.stdout.write(`${passed} passed, ${failed + skippedCounts} failed\n`);
    return failed + skippedCounts === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    process.stdout.write(`error ${error.code}: ${error.message}\n0 passed, 1 failed\n`);
    return 1;
  }
}
