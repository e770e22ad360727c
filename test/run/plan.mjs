/**
 * What `npm test` runs, in which order: stages of steps. A step is a static check (one test: its exit code) or a runner (many tests: its report).
 * A stage begins when the one before has ended; its steps begin in their order, two at once.
 */
import { join } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import { buildFolder, root } from '../../tools/setup/folders.mjs';
import { writeImportContracts } from '../import-contracts.mjs';
import { readJunit, readVitest } from './reports.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {object} Step
 * @property {string} name group and name, such as `static/tsc`
 * @property {string[]} command
 * @property {Record<string, string>} [environment]
 * @property {() => void} [before] what must be there first
 * @property {() => Counts} [report] reads the runner's counts; absent for a static check
 */

const TYPESCRIPT_FOLDERS = ['bin', 'config', 'lib', 'lambda', 'local', 'pipelines', 'test', 'tools'];

/**
 * @param {import('../../tools/setup/toolchain.mjs').Toolchain} toolchain
 * @param {string} results folder for the runners' reports
 * @returns {Step[][]}
 */
export function planOf(toolchain, results) {
  const npm = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name);
  const python = (/** @type {string} */ name) => join(toolchain.venv, 'bin', name);
  const jobs = join(root, 'jobs', 'pyspark');
  const contracts = join(buildFolder, 'import-contracts.ini');
  const environment = {
    PATH: [join(root, 'node_modules', '.bin'), join(toolchain.venv, 'bin'), process.env.PATH].join(':'),
    JAVA_HOME: toolchain.java17Home,
    SPARK_HOME: toolchain.sparkHome,
    // Spark's own workers must be of the interpreter that drives them.
    PYSPARK_PYTHON: toolchain.python,
    // Snapshots are compared, never written.
    CI: 'true',
  };
  /**
   * @param {string} name
   * @param {string} project
   * @returns {Step}
   */
  const vitest = (name, project) => {
    const report = join(results, `${name.replace('/', '-')}.json`);
    const command = [
      npm('vitest'),
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    return { name, command, environment, report: () => readVitest(report) };
  };
  const junit = join(results, 'pytest.xml');
  return [
    [
      { name: 'static/tsc', command: [npm('tsc')], environment },
      {
        name: 'static/tsc-page',
        command: [npm('tsc'), '-p', join('local', 'watch', 'page', 'tsconfig.json')],
        environment,
      },
      { name: 'static/mypy', command: [python('mypy'), '--no-error-summary'], environment },
      { name: 'static/biome', command: [npm('biome'), 'check', '.'], environment },
      {
        name: 'static/imports-typescript',
        command: [npm('depcruise'), '--config', '.dependency-cruiser.cjs', ...TYPESCRIPT_FOLDERS],
        environment,
      },
      { name: 'static/ruff', command: [python('ruff'), 'check', '.'], environment },
      { name: 'static/ruff-format', command: [python('ruff'), 'format', '--check', '--quiet', '.'], environment },
      {
        name: 'static/imports-python',
        command: [
          python('lint-imports'),
          '--no-logo',
          '--config',
          contracts,
          '--cache-dir',
          join(buildFolder, 'import-linter'),
        ],
        environment: { ...environment, PYTHONPATH: jobs },
        before: () => writeImportContracts(jobs, contracts),
      },
    ],
    [
      // It takes as long as all others together.
      vitest('vitest/e2e', 'e2e'),
      vitest('vitest/unit', 'unit'),
      {
        name: 'pytest',
        command: [python('pytest'), '--junit-xml', junit, '-q'],
        environment,
        report: () => readJunit(junit),
      },
      vitest('vitest/integration', 'integration'),
      vitest('vitest/aws', 'aws'),
    ],
  ];
}

/**
 * What a step can be asked for by.
 * @param {Step} step
 */
const namesOf = ({ name }) => [name, ...name.split('/')];

/**
 * The part of a plan that the arguments of `npm test` ask for; all of it when there are none.
 * @param {Step[][]} plan
 * @param {string[]} args
 * @returns {Step[][]}
 * @throws MillraceError for arguments that name no step, or words for another number of runners than one
 */
export function chosen(plan, args) {
  if (args.length === 0) return plan;
  const [option, value = '', ...words] = args;
  const asked = value.split(',');
  const known = [...new Set(plan.flat().flatMap(namesOf))];
  const stages = plan.map((stage) => stage.filter((step) => namesOf(step).some((name) => asked.includes(name))));
  const steps = stages.flat();
  const understood = option === '--only' && asked.every((name) => known.includes(name));
  if (!understood || (words.length > 0 && (steps.length > 1 || !steps[0]?.report))) {
    throw new MillraceError(
      'TEST_ARGUMENTS',
      `got "${args.join(' ')}". Allowed: --only NAME[,NAME...] with the names ${known.join(', ')}; after the name of one runner also words for it, such as a file.`,
    );
  }
  return words.length === 0 ? stages : stages.map((stage) => stage.map((step) => narrowed(step, words)));
}

/**
 * A runner that runs some of its tests. Those that it passes over are none of this run.
 * @param {Step} step
 * @param {string[]} words
 * @returns {Step}
 */
export function narrowed(step, words) {
  const { command, report } = step;
  if (!report) throw new Error(`${step.name} is no runner.`);
  return { ...step, command: [...command, ...words], report: () => ({ ...report(), skipped: 0 }) };
}
