/** Cases that are tests of `npm test` too, here with the seed of the run: each failing test is a difference. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../local/home.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { readJunit, readVitest } from '../run/reports.mjs';
import type { Case, Suite } from './cases.ts';
import type { Random } from './random.ts';
import { must, type Stack } from './stack.ts';

type Read = typeof readVitest;

/** Runs tests of one runner, all of which have to pass. */
const tests =
  (read: Read, command: (report: string) => readonly string[]): Case['run'] =>
  async (_stack: Stack, random: Random) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-tests-'));
    const began = performance.now();
    try {
      const report = join(folder, 'report');
      const [program = '', ...words] = command(report);
      const seed = String(random.whole(1, 2 ** 30));
      const child = spawn(program, words, {
        cwd: projectRoot,
        env: { ...process.env, MILLRACE_FAULTS_SEED: seed, MILLRACE_TEST_ASSEMBLIES: 'app' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
      const [code] = await once(child, 'close');
      must(
        code === 0,
        `all tests pass: ${Buffer.concat((await output).flat())
          .toString()
          .slice(-4_000)}`,
      );
      return { what: `${read(report).passed} tests, with seed ${seed}`, recoveredMs: performance.now() - began };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

const vitest = (project: string, ...files: string[]) =>
  tests(readVitest, (report) => [
    join(projectRoot, 'node_modules', '.bin', 'vitest'),
    ...['run', '--project', project, '--reporter=json', `--outputFile.json=${report}`, ...files],
  ]);

const pytest = (...files: string[]) =>
  tests(readJunit, (report) => [join(readToolchain().venv, 'bin', 'pytest'), '-q', '--junit-xml', report, ...files]);

const invented = 'inputs that a machine invents';
const cases: Case[] = [
  {
    number: 15,
    title: 'every state of the state machines failing, timing out, aborted',
    run: vitest('aws', 'test/aws/state-faults.test.ts'),
    isAlone: true,
  },
  {
    number: 16,
    title: 'events of custom resources twice, in disorder, cut off, rolled back',
    run: vitest('integration', 'test/lambda/custom-resource/faults.integration.test.ts'),
    isAlone: true,
  },
  { number: 23, title: `${invented}, for TypeScript`, run: vitest('unit', 'test/properties'), isAlone: true },
  {
    number: 23,
    title: `${invented}, for Python`,
    run: pytest('jobs/pyspark/millrace/tests/test_properties.py'),
    isAlone: true,
  },
];

export default { cases, check: async () => [] } satisfies Suite;
