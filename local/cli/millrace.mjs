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
    const [first = ''] = args;
    if (['-V', '--version'].includes(first)) return await printVersion();
    const program = fileURLToPath(new URL('main.ts', import.meta.url));
    const { handOver } = await import('../../tools/setup/hand-over.mjs');
    // What is wrong with the machine may be what keeps a set-up from its end.
    if (first === 'doctor') {
      const { installedNode, machineChecks, printChecks, unasked } = await import('../../tools/setup/machine.mjs');
      const node = installedNode();
      const print = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);
      if (node === undefined)
        return printChecks([...machineChecks(), unasked], { json: args.includes('--json'), print });
      return await handOver(node, program, args);
    }
    const { ensureToolchain } = await import('../../tools/setup/toolchain.mjs');
    // What runs the tests is not needed to run a pipeline.
    const dev = first === 'test';
    const { node } = await ensureToolchain({ log: (line) => process.stderr.write(`${line}\n`), dev });
    return await handOver(node, program, args);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const { code, message, details } = error;
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code, message, details } })}\n`);
    process.stderr.write(`error ${code}: ${message}\n`);
    return 1;
  }
}

/** @returns {Promise<number>} the exit code */
async function printVersion() {
  const { readFileSync } = await import('node:fs');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
  return 0;
}
