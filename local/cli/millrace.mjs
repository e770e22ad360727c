#!/usr/bin/env node
/**
 * The `millrace` command: sets up what is missing and hands over to `main.ts` under the project's own Node. Runs under whatever Node the machine
 * has; plain JavaScript, because nothing is installed yet.
 */
import { fileURLToPath } from 'node:url';

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const { MillraceError } = await import('../../tools/errors.mjs');
  try {
    const { checkNode } = await import('../../tools/setup/requirements.mjs');
    checkNode();
    const { ensureToolchain } = await import('../../tools/setup/toolchain.mjs');
    // What runs the tests is not needed to run a pipeline.
    const dev = args[0] === 'test';
    const { node } = await ensureToolchain({ log: (line) => process.stderr.write(`${line}\n`), dev });
    const { handOver } = await import('../../tools/setup/hand-over.mjs');
    return await handOver(node, fileURLToPath(new URL('main.ts', import.meta.url)), args);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    return 1;
  }
}
