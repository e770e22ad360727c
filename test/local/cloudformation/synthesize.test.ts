/** The app is run when its inputs changed, and its mistakes are passed on. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { synthesize } from '../../../local/cloudformation/index.ts';
import { temporaryFolder } from './support.ts';

/** A project whose app notes its context in the assembly, and fails when a file `mistake.txt` says so. */
function project() {
  const root = temporaryFolder();
  const write = (name: string, content: string) => {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  };
  write('package.json', '{ "type": "module" }');
  write('cdk.json', '{ "context": { "flag": true } }');
  write('pipelines/readings/pipeline.ts', 'export const topic: string = "readings";');
  write('jobs/pyspark/__pycache__/noise.pyc', 'ignored');
  write(
    'bin/app.ts',
    `import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
     import { topic } from '../pipelines/readings/pipeline.ts';
     if (existsSync('pipelines/mistake.txt')) throw Object.assign(new TypeError(readFileSync('pipelines/mistake.txt', 'utf8')), { mistakes: [{ at: 1 }] });
     mkdirSync(process.env.CDK_OUTDIR!, { recursive: true });
     writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', JSON.stringify({ topic, context: JSON.parse(process.env.CDK_CONTEXT_JSON!) }));`,
  );
  const lines: string[] = [];
  const run = () => synthesize({ root, progress: (line) => lines.push(line) });
  return { root, write, run };
}

describe('synthesizing', () => {
  test('runs the app with the context of cdk.json, once', async () => {
    const { root, run } = project();
    expect(await run()).toEqual({ assembly: join(root, 'cdk.out'), changed: true });
    const manifest = JSON.parse(readFileSync(join(root, 'cdk.out', 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ topic: 'readings', context: { flag: true } });
    expect((await run()).changed).toBe(false);
  });

  test.each([
    ['a declaration', 'pipelines/readings/pipeline.ts', 'export const topic: string = "tides";'],
    ['a new file', 'pipelines/readings/schemas/new.avsc', '{}'],
    ['a handler', 'lambda/prepare/core.ts', 'export {};'],
    ['a construct', 'lib/stacks/network-stack.ts', 'export {};'],
    ['an environment', 'config/dev.ts', 'export {};'],
    ['a job', 'jobs/pyspark/readings/average.py', 'pass'],
    ['a sample file', 'sample_data/readings/readings.csv', 'a'],
    ['a package', 'package-lock.json', '{}'],
    ['the context', 'cdk.json', '{}'],
    ['a pinned jar', 'build/spark-jars/kafka-clients-3.9.1.jar', 'jar'],
  ])('runs the app again after a change of %s', async (_what, file, content) => {
    const { run, write } = project();
    await run();
    write(file, content);
    expect((await run()).changed).toBe(true);
  });

  test('does not run the app again for what it does not read', async () => {
    const { run, write } = project();
    await run();
    write('jobs/pyspark/__pycache__/noise.pyc', 'other');
    write('README.md', 'other');
    write('jobs/pyspark/readings/tests/test_read.py', 'other');
    expect((await run()).changed).toBe(false);
  });

  test('passes a mistake on in its own words, leaves no older assembly, and runs again next time', async () => {
    const { root, run, write } = project();
    await run();
    write('pipelines/mistake.txt', 'pipelines/readings: partitions is 0. Allowed: 1 to 100.\nsecond mistake');
    const error = await run().then(
      () => expect.fail('it should have failed'),
      (reason) => reason,
    );
    expect(error).toMatchObject({
      code: 'SYNTHESIS_FAILED',
      message: 'pipelines/readings: partitions is 0. Allowed: 1 to 100.\nsecond mistake',
    });
    expect(existsSync(join(root, 'cdk.out'))).toBe(false);
  });

  test('tells a mistake of syntax by its file and line', async () => {
    const { run, write } = project();
    write('bin/app.ts', 'const partitions: number = 6;\nconst retention: number = ;\n');
    await expect(run()).rejects.toThrow(/bin\/app\.ts:2\n[\s\S]*Expression expected/);
  });
});
