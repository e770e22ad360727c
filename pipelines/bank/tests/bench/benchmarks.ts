/** What `npm run bench` measures of this pipeline: how fast rows get into a table, beside a plain COPY of PostgreSQL's. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Benchmark, Conditions } from '../../../../bench/benchmark.ts';
import type { Row } from '../../../../bench/rows.ts';
import { root } from '../../../../tools/setup/folders.mjs';
import { readToolchain } from '../../../../tools/setup/toolchain.mjs';

async function tables({ quick }: Conditions): Promise<Row[]> {
  const { python, java17Home } = readToolchain();
  const words = ['--rounds', quick ? '3' : '7', '--batches', quick ? '3' : '10'];
  const script = fileURLToPath(new URL('tables.py', import.meta.url));
  const { stdout } = await promisify(execFile)(
    python,
    [script, '--toolchain', join(root, 'build', 'toolchain.json'), ...words],
    { env: { ...process.env, PYTHONPATH: join(root, 'jobs', 'pyspark'), JAVA_HOME: java17Home } },
  );
  const { ours, copy } = JSON.parse(stdout) as Readonly<Record<'ours' | 'copy', number[]>>;
  const beside = { name: 'COPY alone, new rows', values: copy };
  return [{ metric: 'rows into a table', unit: 'rows/s', ours, beside, goal: { of: 'ours', atLeast: 20_000 } }];
}

const all: readonly Benchmark[] = [{ name: 'tables', measure: tables }];
export default all;
