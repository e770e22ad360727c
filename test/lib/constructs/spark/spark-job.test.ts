/** A job: how it is started, and that its role reads what it needs by this deployment and by those before. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack } from 'aws-cdk-lib';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { JobAssets } from '../../../../lib/constructs/spark/job-assets.ts';
import { SparkJob } from '../../../../lib/constructs/spark/spark-job.ts';
import type { Pipeline } from '../../../../lib/declaration/pipeline.ts';
import { parseSparkSubmitParameters } from '../../../../local/emr/spark-submit.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-job-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same pipeline after somebody has changed its jobs. */
function changed(): Pipeline {
  const jobs = join(folder, 'pyspark');
  cpSync(join(readings.folders.jobs, '..'), jobs, { recursive: true });
  for (const script of ['send.py', 'average.py']) appendFileSync(join(jobs, 'readings', script), '# changed\n');
  return { ...readings, folders: { ...readings.folders, jobs: join(jobs, 'readings') } };
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: { readonly StringLike?: { readonly 's3:prefix'?: string | readonly string[] } };
}

/** A deployment: for each job how it is started, the keys that it names, and what its role may do with the assets' bucket. */
function deploy(pipeline: Pipeline) {
  const found: SparkJob[] = [];
  const template = templatesOf({
    pipelines: [pipeline],
    change: (app) => found.push(...app.node.findAll().filter((one) => one instanceof SparkJob)),
  }).readings;
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy'));
  const parameter = JSON.stringify(resourcesOf(template, 'AWS::SSM::Parameter'));
  return Object.fromEntries(
    found.map((job) => {
      const start = Stack.of(job).resolve([job.entryPoint, job.submitParameters]) as unknown;
      const text = JSON.stringify(start) + parameter;
      const keys = [...text.matchAll(/assets-[^/]*\/([\w/]+\.(?:py|zip|jar|jsonl?|csv|tgz))/g)].map(
        ([, key = '']) => key,
      );
      const [, policy] = policies.find(([id]) => id.startsWith(`Job${job.jobName}`)) ?? [];
      const { Statement: statements } = (policy?.PolicyDocument ?? { Statement: [] }) as { Statement: Statement[] };
      const about = (action: string) =>
        statements.filter(
          ({ Action, Resource }) => [Action].flat().includes(action) && JSON.stringify(Resource).includes('-assets-'),
        );
      const read = about('s3:GetObject').flatMap(({ Resource }) =>
        [...JSON.stringify(Resource).matchAll(/"\/(millrace\/[^"]*)"/g)].map(([, pattern = '']) => pattern),
      );
      const list = about('s3:ListBucket').flatMap(({ Condition }) => Condition?.StringLike?.['s3:prefix'] ?? []);
      return [job.jobName, { start, keys, read, list }];
    }),
  );
}

const allows = (patterns: readonly string[] = [], text: string): boolean =>
  patterns.some((pattern) => pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1)));

const before = deploy(readings);

describe('third-party packages', () => {
  const jobs = join(folder, 'with-packages', 'pyspark');
  cpSync(join(readings.folders.jobs, '..'), jobs, { recursive: true });
  writeFileSync(join(jobs, 'readings', 'requirements.txt'), 'tiny==1.0 --hash=sha256:0\n');
  const withPackages = { ...readings, folders: { ...readings.folders, jobs: join(jobs, 'readings') } };
  const made = fileURLToPath(new URL('../../../../build/python-packages/readings', import.meta.url));
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  test('are asked for when the set-up has not fetched those of the file as it is', () => {
    expect(() => deploy(withPackages)).toThrow(/no packages of .*readings\/requirements\.txt\. Run "npm run synth"/);
  });

  test('come as an archive that driver and executors run their Python from', () => {
    mkdirSync(made, { recursive: true });
    cpSync(join(jobs, 'readings', 'requirements.txt'), join(made, 'requirements.txt'));
    writeFileSync(join(made, 'environment.tgz'), 'packed');
    const { average } = deploy(withPackages);
    // Spark unpacks by the ending, and an asset keeps the last one only.
    const key = average?.keys.find((each) => each.endsWith('.tgz')) ?? '';
    const start = JSON.stringify(average?.start);
    expect(start).toMatch(/--conf spark\.archives=",[^#]*\.tgz"\},"#environment /);
    for (const name of [
      'spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON',
      'spark.emr-serverless.driverEnv.PYSPARK_PYTHON',
      'spark.executorEnv.PYSPARK_PYTHON',
    ]) {
      expect(start).toContain(`--conf ${name}=./environment/bin/python`);
    }
    expect(allows(average?.read, key)).toBe(true);
    expect(JSON.stringify(before.average?.start)).not.toContain('spark.archives');
  });
});

describe('what jobs share', () => {
  test('has the same bytes wherever it is packed: in one order, of one day, without tests and entry points', () => {
    const jobs = join(folder, 'packed', 'pyspark');
    cpSync(join(readings.folders.jobs, '..'), jobs, { recursive: true });
    cpSync(join(jobs, 'readings'), join(jobs, 'packed'), { recursive: true });
    for (const name of ['zeta.py', 'alpha.json', 'tests/test_alpha.py', 'notes.txt']) {
      mkdirSync(dirname(join(jobs, 'packed', name)), { recursive: true });
      writeFileSync(join(jobs, 'packed', name), '');
    }
    new JobAssets(new Stack(), 'Assets', {
      ...readings,
      name: 'packed',
      folders: { ...readings.folders, jobs: join(jobs, 'packed') },
    });
    const packed = fileURLToPath(new URL('../../../../build/python/packed.zip', import.meta.url));
    onTestFinished(() => rmSync(packed));
    const dates = new Set<number>();
    const bytes = readFileSync(packed);
    for (let at = 0; bytes.readUInt32LE(at) === 0x04034b50; ) {
      dates.add(bytes.readUInt32LE(at + 10));
      at += 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28) + bytes.readUInt32LE(at + 18);
    }
    // The first of January 1980, at midnight.
    expect([...dates]).toEqual([0x00210000]);
    expect(Object.keys(unzipSync(bytes))).toEqual([
      'millrace/__init__.py',
      'packed/__init__.py',
      'packed/alpha.json',
      'packed/zeta.py',
    ]);
  });

  test('is given to Spark in one order', () => {
    const stack = new Stack();
    const jars = new JobAssets(stack, 'Assets', readings).jars.map(({ node }) => node.id);
    expect(jars.length).toBeGreaterThan(1);
    expect(jars).toEqual([...jars].sort());
  });
});

describe('the role of a job', () => {
  test('reads after a deployment what a stream was started with before it, for a retry', () => {
    const { average: after } = deploy(changed());
    const old = before.average?.keys ?? [];
    expect(old.filter((key) => !after?.keys.includes(key))).toEqual([expect.stringMatching(/\.py$/)]);
    expect(old.length).toBeGreaterThan(5);
    for (const key of old) expect([key, allows(after?.read, key)]).toEqual([key, true]);
  });

  test('lists a sample, as Spark does before it reads one, where the job reads a file, and no other pipeline', () => {
    const sample = before.send?.keys.find((key) => key.endsWith('.csv')) ?? '';
    expect(allows(before.send?.list, `${sample}/`)).toBe(true);
    expect(allows(before.send?.list, 'millrace/dev/tides/')).toBe(false);
    expect(before.show?.list).toEqual([]);
  });
});

describe('a job is started', () => {
  const textOf = (job: string): string => {
    const [, parameters] = (before[job]?.start ?? []) as [unknown, { 'Fn::Join': [string, unknown[]] }];
    return parameters['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'known')).join('');
  };
  const text = textOf('average');
  const { settings } = parseSparkSubmitParameters(text);

  test('with quotes around values only, as EMR Serverless takes them', () => {
    expect(text).toMatch(/--conf spark\.driver\.extraJavaOptions="-D\S+ -D\S+ -D\S+" --conf/);
    expect(text).not.toContain('--conf "');
    expect(settings['spark.executor.extraJavaOptions']).toMatch(/^-D\S+ -D\S+ -D\S+$/);
  });

  test('with bounds for what one record may claim, at the driver and at its executors', () => {
    const bounds = ['string.maxLength=1048576', 'bytes.maxLength=65536', 'collectionItems.maxLength=1048576'];
    const options = bounds.map((bound) => `-Dorg.apache.avro.limits.${bound}`).join(' ');
    for (const process of ['driver', 'executor']) {
      expect(settings[`spark.${process}.extraJavaOptions`]).toBe(options);
    }
  });

  test('with the executors that are declared, and never more', () => {
    const count = String(readings.jobs.average?.size.executors);
    expect(settings).toMatchObject({
      'spark.executor.instances': count,
      'spark.dynamicAllocation.maxExecutors': count,
      'spark.dynamicAllocation.enabled': 'false',
    });
  });

  test('with workers that know each other, a region that S3A need not ask for, and no looks above the folders of its role', () => {
    expect(settings).toMatchObject({ 'spark.authenticate': 'true', 'spark.hadoop.fs.s3a.endpoint.region': 'known' });
    expect(settings['spark.hadoop.fs.s3a.performance.flags']).toBe('mkdir');
  });

  test('with a GB beside the heap of a small worker, for Python and the rest of the JVM', () => {
    const { settings: small } = parseSparkSubmitParameters(textOf('send'));
    for (const process of ['driver', 'executor']) {
      expect(small).toMatchObject({ [`spark.${process}.memory`]: '2g', [`spark.${process}.memoryOverhead`]: '1g' });
    }
  });
});
