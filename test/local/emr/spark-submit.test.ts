/** How a job run's request becomes a command of this machine. */
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { JobRunRequest } from '../../../local/emr/job-run-records.ts';
import { parseSparkSubmitParameters, type SparkOptions, sparkSubmit } from '../../../local/emr/spark-submit.ts';
import { fakeRequest } from './fake-job.ts';

const toolchain = {
  python: '/venv/bin/python',
  sparkHome: '/spark',
  java17Home: '/java17',
  s3aJars: '/s3a',
  sparkClasses: '/classes.jsa',
};

function commandOf(
  parameters: string,
  programArguments: string[] = [],
  { mode = 'BATCH', ...more }: Partial<SparkOptions & Pick<JobRunRequest, 'mode'>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace run-'));
  const request = fakeRequest('', { mode, sparkSubmitParameters: parameters, entryPointArguments: programArguments });
  return {
    folder,
    ...sparkSubmit(request, folder, {
      toolchain,
      buckets: '/home/me/a b/buckets',
      ...more,
    }),
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
  test('has what a stream does in each batch optimized, late, and what a batch job does once not at all', () => {
    const compiler = (mode: JobRunRequest['mode']) =>
      settingsOf(commandOf('', [], { mode }).arguments)['spark.driver.extraJavaOptions']?.match(/Tier\w+(?==)/g);
    expect(compiler('BATCH')).toEqual(['TieredStopAtLevel']);
    expect(compiler('STREAMING')).toHaveLength(4);
    expect(compiler('STREAMING')?.every((name) => name.startsWith('Tier4'))).toBe(true);
  });

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

  test('finds what a strict run has kept under addresses of S3 in the folders', () => {
    const buckets = mkdtempSync(join(tmpdir(), 'buckets-'));
    mkdirSync(join(buckets, 'data'));
    const settings = settingsOf(commandOf('', [], { buckets }).arguments);
    expect(settings['spark.hadoop.fs.s3.impl']).toMatch(/ViewFileSystemOverloadScheme$/);
    expect(settings['spark.hadoop.fs.viewfs.mounttable.data.linkFallback']).toBe(`file://${buckets}/data`);
  });

  test('leaves every address as it is in a strict run, but for the archives of a JVM that waits for jobs, and no secret in it', () => {
    const s3 = { endpoint: 'http://127.0.0.1:9701', userAgent: 'millrace/1' };
    const variables = { AWS_SECRET_ACCESS_KEY: 'secret' };
    const parameters = '--py-files s3://b/p.zip --jars s3://b/a.jar';
    const {
      arguments: words,
      jvm,
      environment,
    } = commandOf(parameters, ['--spec', '{"url":"s3://b/c"}'], { s3, variables });
    expect(words.slice(words.indexOf('--py-files')).slice(0, 4)).toEqual([
      '--py-files',
      's3://b/p.zip',
      '--jars',
      's3://b/a.jar',
    ]);
    expect(words.slice(-3)).toEqual(['s3://bucket/fake.py', '--spec', '{"url":"s3://b/c"}']);
    expect(jvm.slice(0, 2)).toEqual(['--jars', 'file:///home/me/a%20b/buckets/b/a.jar']);
    expect(settingsOf(words)).toMatchObject({
      'spark.driver.extraClassPath': '/s3a/*',
      'spark.hadoop.fs.s3a.endpoint': 'http://127.0.0.1:9701',
      'spark.hadoop.fs.s3a.user.agent.prefix': 'millrace/1',
    });
    expect(environment.AWS_SECRET_ACCESS_KEY).toBe('secret');
    expect([...words, ...jvm].join(' ')).not.toContain('secret');
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
    // A source and a sink share threads, so there are two where one core is asked for.
    expect(words[words.indexOf('--master') + 1]).toBe('local[2,4]');
  });

  test('gives driver and workers the packages of this machine in place of the archive, to a job that has one', () => {
    const python = './environment/bin/python';
    const archived =
      `--conf spark.archives=s3://b/e.tar.gz#environment --conf spark.executorEnv.PYSPARK_PYTHON=${python} ` +
      `--conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=${python} --conf spark.executorEnv.TZ=UTC`;
    const { environment, arguments: words } = commandOf(archived, [], { packages: '/build/packages' });
    expect(environment).toMatchObject({ PYTHONPATH: '/build/packages', PYSPARK_PYTHON: '/venv/bin/python' });
    const settings = settingsOf(words);
    const about = Object.keys(settings).filter((name) => /archives|Env/.test(name));
    expect(about.sort()).toEqual(['spark.executorEnv.PYTHONPATH', 'spark.executorEnv.TZ']);
    expect(settings['spark.executorEnv.PYTHONPATH']).toBe('/build/packages');
    expect(commandOf('', [], { packages: '/build/packages' }).environment).not.toHaveProperty('PYTHONPATH');
  });

  test('sees this project’s Spark and Python only, and logs little', () => {
    const { command, environment, arguments: words } = commandOf('');
    expect(command).toBe('/spark/bin/spark-submit');
    expect(environment).toMatchObject({ PYSPARK_PYTHON: '/venv/bin/python', JAVA_HOME: '/java17' });
    const [, logSettings = ''] = /log4j2\.configurationFile=(\S+)/.exec(words.join(' ')) ?? [];
    expect(readFileSync(new URL(logSettings), 'utf8')).toContain('rootLogger.level = warn');
  });

  test('gets nothing of the shell of a person, and opens no port to others', () => {
    vi.stubEnv('SPARK_CONF_DIR', '/etc/spark');
    vi.stubEnv('PYTHONPATH', '/home/me');
    const { environment, arguments: words } = commandOf('');
    vi.unstubAllEnvs();
    expect(environment).not.toHaveProperty('SPARK_CONF_DIR');
    expect(environment).not.toHaveProperty('PYTHONPATH');
    expect(settingsOf(words)).toMatchObject({
      'spark.driver.bindAddress': '127.0.0.1',
      'spark.driver.host': '127.0.0.1',
      'spark.ui.enabled': 'false',
    });
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
