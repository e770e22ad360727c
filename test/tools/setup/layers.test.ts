/** The rules on imports bite: small trees that break them are refused, each for its own reason. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../tools/setup/folders.mjs';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { writeImportContracts } from '../../import-contracts.mjs';
import { temporaryFolder, write } from './temporary.ts';

const { venv } = readToolchain();

/** Runs a checker and gives all that it says. */
function check(
  program: string,
  args: string[],
  cwd: string,
  input = '',
  environment: Record<string, string> = {},
): string {
  const result = spawnSync(program, args, { cwd, input, encoding: 'utf8', env: { ...process.env, ...environment } });
  return `${result.stdout}${result.stderr}exit ${result.status}`;
}

describe('TypeScript', () => {
  test('each import that goes up or across is refused by its rule, and no other import is', () => {
    const tree = temporaryFolder();
    const files = {
      'lib/declaration/model.ts': `import '../constructs/topic.ts';`,
      'lib/constructs/topic.ts': `import '../stacks/streaming.ts';`,
      'lib/stacks/streaming.ts': `import '../../local/home.ts';`,
      'local/home.ts': `import '../lambda/topics/core.ts';\nimport { readFileSync } from 'node:fs';\nexport { readFileSync };`,
      'local/emr/jobs.ts': `import '../watch/watch.ts';`,
      'local/watch/watch.ts': `import '../cli/run.ts';\nimport '../accounts/counts.ts';`,
      'local/cli/run.ts': '',
      'local/cli/show.ts': `import '../watch/watch.ts';`,
      'local/accounts/counts.ts': '',
      'local/cdk.ts': `import type { Stack } from 'aws-cdk-lib';\nexport type { Stack };`,
      'lambda/topics/core.ts': `import '../schemas/core.ts';`,
      'lambda/schemas/core.ts': `import 'node:fs';`,
      'lambda/schemas/handler.ts': `import './core.ts';`,
      'pipelines/readings/pipeline.ts': `import '../../lib/declaration/model.ts';\nimport '../../lib/stacks/streaming.ts';`,
      'pipelines/readings/tests/one.ts': `import '../pipeline.ts';\nimport '../../../lib/stacks/streaming.ts';\nimport '../../tides/pipeline.ts';`,
      'pipelines/tides/pipeline.ts': `import '../../lib/declaration/model.ts';`,
      'bin/app.ts': `import '../lib/stacks/streaming.ts';`,
      'config/dev.ts': `import '../pipelines/tides/pipeline.ts';`,
      'lib/constructs/network/network.ts': `import '../spark/job.ts';\nimport '../functions/role.ts';`,
      'lib/constructs/registry/registry.ts': `import '../kafka/kafka.ts';\nimport '../network/network.ts';`,
      'lib/constructs/kafka/kafka.ts': '',
      'lib/constructs/functions/role.ts': '',
      'lib/constructs/spark/job.ts': `import './size.ts';`,
      'lib/constructs/spark/size.ts': '',
      'lib/constructs/a.ts': `import './b.ts';`,
      'lib/constructs/b.ts': `import './a.ts';`,
      'node_modules/aws-cdk-lib/package.json':
        '{"name": "aws-cdk-lib", "version": "2.0.0", "main": "index.js", "types": "index.js"}',
      'node_modules/aws-cdk-lib/index.js': '',
      'package.json': '{"type": "module", "dependencies": {"aws-cdk-lib": "2.0.0"}}',
    };
    for (const [path, text] of Object.entries(files)) write(join(tree, path), text);
    const args = [
      '--config',
      join(root, '.dependency-cruiser.cjs'),
      'bin',
      'config',
      'lib',
      'lambda',
      'local',
      'pipelines',
    ];
    const said = check(join(root, 'node_modules', '.bin', 'depcruise'), args, tree);
    for (const [rule, dependency] of [
      ['declaration-is-the-bottom', 'lib/declaration/model.ts → lib/constructs/topic.ts'],
      ['constructs-over-declaration', 'lib/constructs/topic.ts → lib/stacks/streaming.ts'],
      ['subsystems-go-down', 'lib/constructs/network/network.ts → lib/constructs/spark/job.ts'],
      ['subsystems-go-down', 'lib/constructs/registry/registry.ts → lib/constructs/kafka/kafka.ts'],
      ['stacks-compose', 'lib/stacks/streaming.ts → local/home.ts'],
      ['local-reads-the-assembly', 'local/home.ts → lambda/topics/core.ts'],
      ['only-commands-know-the-page', 'local/emr/jobs.ts → local/watch/watch.ts'],
      ['the-page-watches-what-is-there', 'local/watch/watch.ts → local/cli/run.ts'],
      ['no-cdk-below-the-app', 'local/cdk.ts → node_modules/aws-cdk-lib/index.js'],
      ['handlers-know-their-core', 'lambda/topics/core.ts → lambda/schemas/core.ts'],
      ['pipelines-declare', 'pipelines/readings/pipeline.ts → lib/stacks/streaming.ts'],
      ['pipelines-know-nothing-of-each-other', 'pipelines/readings/tests/one.ts → pipelines/tides/pipeline.ts'],
      ['nobody-imports-a-pipeline', 'config/dev.ts → pipelines/tides/pipeline.ts'],
      ['no-cycles', 'lib/constructs/a.ts →'],
    ]) {
      expect.soft(said).toContain(`error ${rule}: ${dependency}`);
    }
    expect(said).not.toMatch(/error [\w-]+: (bin\/app|local\/cli\/show|lambda\/schemas|pipelines\/tides)\b/);
    expect(said).not.toMatch(/error subsystems-go-down: .* → lib\/constructs\/(network|functions)\/|spark\/size/);
    expect(said).not.toMatch(/watch\.ts → local\/cli\/report\//);
    expect(said).not.toMatch(/readings\/tests\/one\.ts → (lib|pipelines\/readings)\b/);
  });
});

describe('Python', () => {
  const FILES = {
    'millrace/__init__.py': '',
    'millrace/job/__init__.py': '',
    'millrace/job/session.py': 'import os',
    'millrace/helper.py': 'import millrace.job.session',
    'readings/__init__.py': '',
    'readings/read.py': 'import millrace.job.session\nimport readings.transforms',
    'readings/transforms.py': '',
  };

  function lint(files: Record<string, string>): string {
    const tree = temporaryFolder();
    for (const [path, text] of Object.entries({ ...FILES, ...files })) write(join(tree, path), `${text}\n`);
    writeImportContracts(tree, join(tree, 'contracts.ini'));
    const args = ['--no-logo', '--no-cache', '--config', 'contracts.ini'];
    return check(join(venv, 'bin', 'lint-imports'), args, tree, '', { PYTHONPATH: tree });
  }

  test('an entry point may read and write, and use transforms', () => {
    expect(lint({})).toContain('2 kept, 0 broken');
  });

  test('a transform may not reach a session, however far away', () => {
    expect(lint({ 'readings/transforms.py': 'import millrace.helper' })).toContain(
      'Transforms of readings reach no session, input or output BROKEN',
    );
  });

  test('what jobs share may not know a pipeline', () => {
    expect(lint({ 'millrace/helper.py': 'import readings.transforms' })).toContain(
      'What jobs share knows no pipeline BROKEN',
    );
  });

  test('a new pipeline is covered without an edit, and knows no other', () => {
    const files = {
      'tides/__init__.py': '',
      'tides/transforms.py': 'import time',
      'tides/read.py': 'import readings.transforms',
    };
    const said = lint(files);
    expect(said).toContain('Transforms of tides reach no session, input or output BROKEN');
    expect(said).toContain('Pipelines know nothing of each other BROKEN');
  });

  test.each([
    ['a session', 'from pyspark.sql import SparkSession'],
    ['a clock', 'from pyspark.sql import functions as F\n\nNOW = F.current_timestamp()'],
    ['the environment', 'import os'],
  ])('a transform may not use %s; an entry point may', (_what, code) => {
    const lintAs = (path: string) =>
      check(
        join(venv, 'bin', 'ruff'),
        ['check', '--select', 'TID251', '--stdin-filename', path, '-'],
        root,
        `${code}\n`,
      );
    expect(lintAs('jobs/pyspark/tides/transforms.py')).toMatch(/TID251.*exit 1$/s);
    expect(lintAs('jobs/pyspark/tides/read.py')).toMatch(/exit 0$/);
  });
});
