/**
 * The tests of one pipeline: takes its name, streams what the runners say, and closes standard output with one line `N passed, N failed`.
 * Started by `millrace test`, which has set up the test tools and knows that there is such a pipeline. Counts as `run.mjs` does.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildFolder, root } from '../tools/setup/folders.mjs';
import { readToolchain } from '../tools/setup/toolchain.mjs';
import { carryOut } from './run/carry-out.mjs';
import { pipelinePlanOf } from './run/pipeline.mjs';
import { planOf } from './run/plan.mjs';

const [pipeline = ''] = process.argv.slice(2);
const results = join(buildFolder, 'pipeline-test-results', pipeline);
rmSync(results, { recursive: true, force: true });
const plan = pipelinePlanOf(planOf(readToolchain(), results), pipeline, root);
const { passed, failed } = await carryOut(plan);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
