/**
 * `node tools/start.mjs FILE [ARGUMENT ...]`: sets up what is missing, that of the tests too, and runs a program of the tree under the project's own Node.
 * Runs under whatever Node the machine has; plain JavaScript, because nothing is installed yet.
 */
import { fileURLToPath } from 'node:url';
import { MillraceError } from './errors.mjs';

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args the file below the root, and what it is given
 * @returns {Promise<number>} the exit code
 */
async function main([file = '', ...args]) {
  try {
    const { checkNode } = await import('./setup/requirements.mjs');
    checkNode();
    const { ensureToolchain } = await import('./setup/toolchain.mjs');
    const { handOver } = await import('./setup/hand-over.mjs');
    const { node } = await ensureToolchain({ log: (line) => process.stderr.write(`${line}\n`), dev: true });
    return await handOver(node, fileURLToPath(new URL(`../${file}`, import.meta.url)), args);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    return 1;
  }
}
