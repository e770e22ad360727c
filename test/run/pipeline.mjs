/**
 * What `millrace test` runs of the plan of `npm test`: the steps that need no service, narrowed to one pipeline: its unit tests, its Python tests,
 * and who may do what.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { narrowed } from './plan.mjs';

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
  const part = (name, ...words) => {
    const step = plan.flat().find((one) => one.name === name);
    if (!step) throw new Error(`${name} is no step of the plan.`);
    // Only what is deployed is looked at, and nobody waits for the templates of other tests.
    const environment = { ...step.environment, MILLRACE_TEST_ASSEMBLIES: 'app' };
    return narrowed({ ...step, environment }, words);
  };
  // A runner that is given nothing to run would count as failed.
  const python = [`jobs/pyspark/${pipeline}`, `sample_data/${pipeline}`].filter((at) => holds(root, at, PYTHON_TEST));
  const declaration = `pipelines/${pipeline}/`;
  const table = `pipeline ${pipeline} may|every pipeline has a table`;
  return [
    [
      ...(holds(root, declaration, UNIT_TEST) ? [part('vitest/unit', declaration)] : []),
      ...(python.length > 0 ? [part('pytest', ...python)] : []),
      part('vitest/aws', 'test/aws/permissions.test.ts', '--testNamePattern', table),
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
