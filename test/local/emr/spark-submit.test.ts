/** How a job run's request becomes a command of this machine. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSparkSubmitParameters, sparkSubmit } from '../../../local/emr/spark-submit.ts';
import { fakeRequest } from './fake-job.ts';

const toolchain = { python: '/venv/bin/python', sparkHome: '/spark', java17Home: '/java17' };

function commandOf(parameters: string, programArguments: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace run-'));
  const request = fakeRequest('', { sparkSubmitParameters: parameters, entryPointArguments: programArguments });
  return {
    folder,
    ...sparkSubmit(request, folder, { toolchain, buckets: '/home/me/a b/buckets' }),
  };
}

/** Values of all `--conf` settings by name. */
function settingsOf(command: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    command.flatMap((word, index) => {
      const setting = command[index - 1] === '--conf' ? word : '';
      const equals = setting.indexOf('=');
      return equals > 0 ? [[setting.slice(0, equals), setting.slice(equals + 1)] as const] : [];
    }),
  );
}

describe('the command of a job run', () => {
  test('reads from folders what the job reads from S3', () => {
    const { arguments: words } = commandOf('--py-files s3://b/p.zip --jars s3://b/a.jar,s3://b/c.jar', [
      '--checkpoint-path',
      's3://b/c/d',
    ]);
    expect(words).toContain('file:///home/me/a%20b/buckets/b/p.zip');
    expect(words).toContain('file:///home/me/a%20b/buckets/b/a.jar,file:///home/me/a%20b/buckets/b/c.jar');
    expect(words.slice(-3)).toEqual([
      'file:///home/me/a%20b/buckets/bucket/fake.py',
      '--checkpoint-path',
      'file:///home/me/a%20b/buckets/b/c/d',
    ]);
  });

  test('keeps the settings of the job and drops the sizes of a cluster', () => {
    const { arguments: words } = commandOf(
      '--conf spark.executor.memory=4g --conf spark.driver.cores=2 --conf spark.driver.memory=4g --conf spark.sql.ansi.enabled=true ' +
        '--conf spark.dynamicAllocation.maxExecutors=2 --conf "spark.driver.extraJavaOptions=-Da=1 -Db=2"',
    );
    const settings = settingsOf(words);
    expect(settings).toMatchObject({ 'spark.sql.ansi.enabled': 'true', 'spark.driver.bindAddress': '127.0.0.1' });
    expect(settings['spark.driver.memory']).toMatch(/^\d+m$/);
    expect(settings['spark.driver.extraJavaOptions']).toMatch(/^-Da=1 -Db=2 .*-XX:\+UseSerialGC /);
    expect(Object.keys(settings).filter((name) => /executor\.|dynamicAllocation|driver\.cores/.test(name))).toEqual([]);
    expect(words[words.indexOf('--master') + 1]).toMatch(/^local\[\d+\]$/);
  });

  test('sees this project’s Spark and Python only, and logs little', () => {
    const { command, environment, arguments: words } = commandOf('');
    expect(command).toBe('/spark/bin/spark-submit');
    expect(environment).toMatchObject({ PYSPARK_PYTHON: '/venv/bin/python', JAVA_HOME: '/java17' });
    const [, logSettings = ''] = /log4j2\.configurationFile=(\S+)/.exec(words.join(' ')) ?? [];
    expect(readFileSync(new URL(logSettings), 'utf8')).toContain('rootLogger.level = warn');
  });

  test('shares a JVM with jobs of the same archives and the same settings that a JVM keeps, whatever else they set', () => {
    const [jars, keys] = ['--jars s3://b/a.jar', '--conf spark.hadoop.fs.s3a.access.key=one'];
    const { jvm } = commandOf(`${jars} ${keys} --conf spark.sql.ansi.enabled=true`);
    expect(commandOf(`${jars} ${keys} --py-files s3://b/p.zip`).jvm).toEqual(jvm);
    expect(commandOf(`--jars s3://b/c.jar ${keys}`).jvm).not.toEqual(jvm);
    expect(commandOf(`${jars} --conf spark.hadoop.fs.s3a.access.key=another`).jvm).not.toEqual(jvm);
  });

  test('is refused when the parameters are no pairs', () => {
    expect(() => parseSparkSubmitParameters('--conf a=b --verbose')).toThrow(
      /pairs of an option and its value, got "--verbose"/,
    );
  });
});
