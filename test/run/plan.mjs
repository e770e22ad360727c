/**
 * What `npm test` runs, in which order: takes the toolchain, gives stages of steps. Called by `run.mjs`.
 * A step is a static check (one test: its exit code) or a runner (many tests: its report). The steps of a stage run side by side.
 */
import { join } from 'node:path';
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
    const report = join(results, `vitest-${project}.json`);
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
      { name: 'static/mypy', command: [python('mypy'), '--no-error-summary'], environment },
    ],
    [
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
      vitest('vitest/unit', 'unit'),
      {
        name: 'pytest',
        command: [python('pytest'), '--junit-xml', junit, '-q'],
        environment,
        report: () => readJunit(junit),
      },
    ],
    [vitest('vitest/aws', 'aws')],
    [vitest('vitest/integration', 'integration')],
    [vitest('vitest/e2e', 'e2e')],
  ];
}

/**
 * @param {Step[][]} plan
 * @returns {string[]}
 */
export function namesOf(plan) {
  return plan.flat().map(({ name }) => name);
}
