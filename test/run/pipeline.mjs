/**
 * What `millrace test` runs: takes the plan of `npm test` and the name of a pipeline, gives the steps that need no service, narrowed to the
 * pipeline: its unit tests, its Python tests, and who may do what. Called by `run-pipeline.mjs`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** @typedef {import('./plan.mjs').Step} Step */

const UNIT_TEST = /^(?!.*\.(aws|integration|e2e)\.test\.ts$).*\.test\.ts$/;
const PYTHON_TEST = /^test_.*\.py$/;

/**
 * @param {Step[][]} plan what `npm test` runs
 * @param {string} pipeline
 * @param {string} root the tree
 * @returns {Step[][]}
 */
export function pipelinePlanOf(plan, pipeline, root) {
  /**
   * @param {string} name
   * @param {string[]} words
   * @returns {Step}
   */
  const narrowed = (name, ...words) => {
    const step = plan.flat().find((one) => one.name === name);
    if (!step?.report) throw new Error(`${name} is no runner of the plan.`);
    const { command, environment, report } = step;
    return {
      ...step,
      command: [...command, ...words],
      // Only what is deployed is looked at, and nobody waits for the templates of other tests.
      environment: { ...environment, MILLRACE_TEST_ASSEMBLIES: 'app' },
      // Tests of others that a runner passes over are none of this run: one that passed over all of them ran no test.
      report: () => ({ ...report(), skipped: 0 }),
    };
  };
  // A runner that is given nothing to run would count as failed.
  const python = [`jobs/pyspark/${pipeline}`, `sample_data/${pipeline}`].filter((at) => holds(root, at, PYTHON_TEST));
  const declaration = `pipelines/${pipeline}/`;
  const table = `pipeline ${pipeline} may|every pipeline has a table`;
  return [
    [
      ...(holds(root, declaration, UNIT_TEST) ? [narrowed('vitest/unit', declaration)] : []),
      ...(python.length > 0 ? [narrowed('pytest', ...python)] : []),
      narrowed('vitest/aws', 'test/aws/permissions.test.ts', '--testNamePattern', table),
    ],
  ];
}

/**
 * Whether a folder of the tree has a file of such a name, at any depth.
 * @param {string} root
 * @param {string} folder
 * @param {RegExp} name
 * @returns {boolean}
 */
function holds(root, folder, name) {
  const path = join(root, folder);
  if (!existsSync(path)) return false;
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).some((file) => name.test(basename(file)));
}
