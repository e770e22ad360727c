/** A copy of the checkout in which mutants are planted, and the runners of its tests. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { root } from '../../tools/setup/folders.mjs';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { planOf } from '../run/plan.mjs';

/** What is made, and not written. */
const MADE = ['.git', '.millrace', '.mypy_cache', '.ruff_cache', 'build', 'cdk.out', 'node_modules'];

/** After so many seconds a test hangs, as it would for whoever waits for it. */
const LONGEST_SECONDS = 600;

export interface Copy {
  readonly folder: string;
  /** Runs tests of the copy; whether they pass. */
  passes(tests: readonly string[]): Promise<boolean>;
  /** Ends what runs, and removes the copy. */
  remove(): void;
}

/** Copies the checkout; the packages and the jars that the set-up has fetched are linked. */
export function copyCheckout(tell: (line: string) => void): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mutants-'));
  const isWritten = (path: string) => !MADE.includes(relative(root, path).split(sep)[0] ?? '');
  cpSync(root, folder, { recursive: true, filter: isWritten });
  for (const parent of ['node_modules', 'build']) {
    mkdirSync(join(folder, parent));
    for (const name of readdirSync(join(root, parent)).filter((one) => isLinked(parent, one))) {
      symlinkSync(join(root, parent, name), join(folder, parent, name));
    }
  }
  let runner: number | undefined;
  /** Ends what runs, and what a mutant has kept a test from ending: whatever that is, its command line has a path in this copy. */
  const end = () => {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n');
    const left = lines.filter((line) => line.includes(folder)).map((line) => Number.parseInt(line, 10));
    for (const target of runner === undefined ? left : [-runner, ...left]) {
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    runner = undefined;
  };
  const run = ({ command, environment }: Runner): Promise<boolean> => {
    const [program = '', ...words] = command;
    const scratch = mkdtempSync(join(folder, 'scratch-'));
    const child = spawn(program, words, {
      cwd: folder,
      env: { ...process.env, ...environment, TMPDIR: scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, which can be ended as a whole.
      detached: true,
    });
    runner = child.pid;
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const timer = setTimeout(end, LONGEST_SECONDS * 1000);
    return new Promise((fulfil, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(timer);
        end();
        rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
        tell(said);
        fulfil(code === 0);
      });
    });
  };
  return {
    folder,
    async passes(tests) {
      for (const runner of runnersOf(tests)) if (!(await run(runner))) return false;
      return true;
    },
    remove() {
      end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Of what was built only what the set-up fetched: the rest is made of the code, and so of a mutant. */
const isLinked = (parent: string, name: string) =>
  parent === 'build'
    ? [
        'toolchain.json',
        'spark-jars',
        'iceberg-jars',
        'postgres-jars',
        'connect-jars',
        'debezium-postgres-jars',
        'python-packages',
      ].includes(name)
    : !name.startsWith('.vite');

/** Those also look at an invented pipeline. */
const isOfPermissions = (test: string) => test.includes('permissions');

interface Runner {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The commands that run these tests, the quicker ones first; each ends at the first failure. */
function runnersOf(tests: readonly string[]): Runner[] {
  const steps = planOf(readToolchain(), join(root, 'build')).flat();
  const { environment = {} } = steps.find(({ name }) => name === 'pytest') ?? {};
  const isPython = (test: string) => test.includes('.py');
  const projectOf = (test: string) =>
    test.startsWith('test/aws/') ? 'aws' : test.endsWith('.integration.test.ts') ? 'integration' : 'unit';
  const vitest = (project: string, files: readonly string[], more: Readonly<Record<string, string>> = {}): Runner => ({
    command: [join(root, 'node_modules', '.bin', 'vitest'), 'run', '--bail', '1', '--project', project, ...files],
    environment: { ...environment, ...more },
  });
  const python = tests.filter(isPython);
  const of = (project: string, more: Readonly<Record<string, string>> = {}): Runner[] => {
    const files = tests.filter((test) => !isPython(test) && projectOf(test) === project);
    return files.length > 0 ? [vitest(project, files, more)] : [];
  };
  return [
    ...of('unit'),
    ...(python.length > 0 ? [{ command: ['pytest', '-q', '-x', ...python], environment }] : []),
    ...of('aws', { MILLRACE_TEST_ASSEMBLIES: tests.some(isOfPermissions) ? 'app,readings' : 'app' }),
    ...of('integration'),
  ];
}
