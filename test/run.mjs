/**
 * All checks and tests of the project: takes `--only NAME[,NAME...]`, streams what the runners say, and closes standard output with one line
 * `N passed, N failed`. Started by `npm test` with whatever Node the machine has; it sets up first. Exit code 0 only if nothing failed.
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
    const { namesOf, planOf } = await import('./run/plan.mjs');
    const toolchain = await ensureToolchain({ log: (line) => process.stdout.write(`${line}\n`), dev: true });
    const results = join(buildFolder, 'test-results');
    rmSync(results, { recursive: true, force: true });
    const plan = planOf(toolchain, results);
    const only = chosen(args, namesOf(plan));
    const { carryOut } = await import('./run/carry-out.mjs');
    const { passed, failed, skipped } = await carryOut(plan, only);
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

/**
 * @param {string[]} args
 * @param {string[]} names all that can be asked for
 * @returns {string[]} the names asked for; all of them when none is
 */
function chosen(args, names) {
  if (args.length === 0) return names;
  const [option, value = '', ...rest] = args;
  const asked = value.split(',');
  const unknown = asked.filter((name) => !names.some((one) => one.split('/').includes(name) || one === name));
  if (option === '--only' && rest.length === 0 && unknown.length === 0) {
    return names.filter((name) => asked.some((one) => name === one || name.split('/').includes(one)));
  }
  const choices = [...new Set(names.flatMap((name) => name.split('/')))].join(', ');
  process.stderr.write(
    `error TEST_ARGUMENTS: got "${args.join(' ')}". Allowed: --only NAME[,NAME...] with the names ${choices}\n`,
  );
  process.exit(2);
}
