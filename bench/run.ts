/**
 * `npm run bench`: measures this project, by turns with what is named beside each figure, and prints a table or JSON.
 *
 *     npm run bench -- --quick              few and short rounds of what does not take millions of rows
 *     npm run bench -- --only latency       some of them; a wrong name lists them
 *     npm run -s bench -- --json            what was measured, round by round
 */
import { parseArgs } from 'node:util';
import { MillraceError } from '../tools/errors.mjs';
import { ensureToolchain } from '../tools/setup/toolchain.mjs';
import { chosen } from './benchmarks.ts';
import { type Summary, summarized, table } from './rows.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, json: { type: 'boolean' } },
});
const tell = (text: string) => process.stderr.write(`${text}\n`);

const undo: (() => Promise<void>)[] = [];
const end = () => Promise.all(undo.map((one) => one()));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // What runs in groups of its own, and the services, would stay.
  process.once(signal, () => void end().finally(() => process.exit(130)));
}
try {
  const benchmarks = chosen(values.only ?? [], values.quick === true);
  await ensureToolchain({ log: tell, dev: true });
  const rows: Summary[] = [];
  for (const { name, measure } of benchmarks) {
    const began = performance.now();
    const found = await measure({ quick: values.quick === true, atEnd: (one) => undo.push(one) });
    rows.push(...found.map(summarized));
    tell(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  process.stdout.write(`${values.json ? JSON.stringify({ at: new Date().toISOString(), rows }) : table(rows)}\n`);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  tell(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await end();
}
