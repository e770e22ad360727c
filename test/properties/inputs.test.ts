/** Whatever is given as environment, input, parameter, file or event: it is taken, or refused in words with a stable name, and a refusal leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dev } from '../../config/dev.ts';
import { checkEnvironments, EnvironmentError } from '../../config/environment.ts';
import { prod } from '../../config/prod.ts';
import { Mistakes } from '../../lambda/custom-resource/lifecycle.ts';
import { begin, goOn } from '../../lambda/kafka-topics/handler.ts';
import { readDeclared, removable } from '../../lambda/registry-artifacts/declared.ts';
import { filesOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { inputOf } from '../../local/cli/run.ts';
import { checkBeginnings } from '../../local/cli/sample-data.ts';
import { parseSparkSubmitParameters } from '../../local/emr/spark-submit.ts';
import { readDefinition } from '../../local/stepfunctions/definition.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { execution } from '../lambda/prepare/execution.ts';
import { ServerlessCluster } from '../support/serverless-cluster.ts';
import { anything, damaged, settings, takes } from './inputs.ts';

const pipelines = await loadPipelines();
const isMillraceError = (error: Error) => error instanceof MillraceError && /^[A-Z][A-Z_]+$/.test(error.code);
/** Errors of the prepare function, by the names that a console shows. */
const isOfPrepare = ({ name }: Error) => name === 'InvalidInput' || name === 'IncompleteDeployment';

const holds = (property: fc.IAsyncProperty<unknown>) => fc.assert(property, settings);

describe('a machine that invents inputs finds no stack trace', () => {
  test.each([dev, prod])('in environments like $name', (environment) =>
    holds(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: damaged(environment) }, anything), async (one) => {
        await takes(
          () => checkEnvironments([one as typeof dev], pipelines),
          (error) => error instanceof EnvironmentError && error.code === 'MILLRACE_ENVIRONMENT',
        );
      }),
    ),
  );

  test('in inputs of executions', () => {
    const rights = [
      { action: 'start', stream: 'enrich', rebuild: true, rate: 10 },
      { job: 'replay' },
      {
        rate: 0,
        share: 0.5,
        region: 'Peru',
        since: '2026-01-31T13:00:00Z',
        files: { readings: 's3://data/input/tiny/a' },
      },
    ].map((right) => damaged(right as Record<string, unknown>));
    return holds(
      fc.asyncProperty(fc.oneof(...rights, anything), async (input) => {
        await takes(() => execution(input), isOfPrepare);
      }),
    );
  });

  test('in deployed parameters', () =>
    holds(
      fc.asyncProperty(
        damaged({
          parameters: { rate: 10, share: 0.1, region: 'Peru', since: '' },
          schemas: { readingsFile: '7' },
          files: { readings: 's3://assets/readings.csv', regions: 's3://assets/regions.csv' },
        }),
        async (pipeline) => {
          await takes(() => execution({}, { pipeline }), isOfPrepare);
        },
      ),
    ));

  test('in the words of a command', () =>
    holds(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.json()),
        fc.option(fc.string(), { nil: undefined }),
        fc.option(fc.string(), { nil: undefined }),
        async (input, job, action) => {
          const given = Object.entries({ input, job, action }).filter(([, value]) => value !== undefined);
          await takes(() => inputOf(Object.fromEntries(given)), isMillraceError);
        },
      ),
    ));

  test('in the Spark parameters of a job', () =>
    holds(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--conf', 'a=b', '"', "'", '--jars', 'spark.x="a b"'))),
        async (words) => {
          await takes(() => parseSparkSubmitParameters(words.join(' ')), isMillraceError);
        },
      ),
    ));

  test('in definitions of state machines', () => {
    const task = { Type: 'Task', Resource: 'arn:known', Parameters: { 'a.$': '$.b' }, End: true };
    const machine = {
      StartAt: 'One',
      States: { One: task, Two: { Type: 'Map', ItemProcessor: { StartAt: 'x', States: {} } } },
    };
    return holds(
      fc.asyncProperty(
        fc.oneof(
          damaged(machine).map((one) => JSON.stringify(one)),
          fc.json(),
          fc.string(),
        ),
        async (text) => {
          await takes(() => readDefinition(text, ['arn:known']), isMillraceError);
        },
      ),
    );
  });

  test.each(pipelines.filter((one) => Object.keys(filesOf(one)).length > 0))(
    'in sample files of $name, and leaves them alone',
    async (pipeline) => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-properties-'));
      const files = Object.values(filesOf(pipeline)).map(({ sample }) => sample);
      const right = Object.fromEntries(
        files.map((name) => [name, readFileSync(join(pipeline.folders.sampleData, name)).subarray(0, 400)]),
      );
      const content = (name: string) =>
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
          fc
            .tuple(fc.nat(400), fc.uint8Array({ maxLength: 4 }), fc.nat(4))
            .map(([at, bytes, gone]) =>
              Buffer.concat([
                right[name]?.subarray(0, at) ?? Buffer.of(),
                bytes,
                right[name]?.subarray(at + gone) ?? Buffer.of(),
              ]),
            ),
        );
      const one = fc.constantFrom(...files).chain((name) => fc.tuple(fc.constant(name), content(name)));
      await holds(
        fc.asyncProperty(one, async ([name, bytes]) => {
          for (const file of files) writeFileSync(join(folder, file), file === name ? bytes : (right[file] ?? ''));
          await takes(() => checkBeginnings(pipeline, folder), isMillraceError);
          expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
        }),
      );
      expect(readdirSync(folder).sort()).toEqual([...files].sort());
    },
  );
});

const topics = {
  BootstrapServers: 'b-1.example:9098',
  Security: 'iam',
  Pipeline: 'readings',
  Topics: [
    { Name: 'a', Partitions: '2', OnRemoval: 'retain', Configuration: { 'retention.ms': '1000' } },
    { Name: 'b', Partitions: '1', OnRemoval: 'delete', Configuration: { 'cleanup.policy': 'compact' } },
  ],
};
const schemas = {
  RegistryUrl: 'http://registry:8080',
  Pipeline: 'readings',
  Artifacts: [
    {
      Key: 'value',
      Group: 'default',
      ArtifactId: 'a',
      ArtifactType: 'AVRO',
      Content: '"int"',
      Compatibility: 'FULL_TRANSITIVE',
      Immutable: 'false',
      OnRemoval: 'delete',
    },
  ],
};

describe('a machine that invents events of CloudFormation finds no stack trace', () => {
  /** What CloudFormation shows: the handler's own words, and never that the code is wrong. */
  const isRefusal = (error: Error) => error instanceof Mistakes;

  test('in those of topics, and what is refused leaves every topic as it was', () =>
    holds(
      fc.asyncProperty(
        fc.constantFrom('Create', 'Update', 'Delete'),
        fc.oneof({ weight: 9, arbitrary: damaged(topics) }, fc.dictionary(fc.string(), anything)),
        damaged(topics),
        async (RequestType, properties, before) => {
          const cluster = new ServerlessCluster();
          cluster.topics.set('a', { partitions: 2, settings: {} });
          cluster.topics.set('b', { partitions: 1, settings: { 'cleanup.policy': 'compact' } });
          const found = JSON.stringify([...cluster.topics]);
          const connect: Parameters<typeof begin>[1] = (_, work) => work(cluster.admin);
          const event = {
            RequestType,
            PhysicalResourceId: 'kafka-topics/readings',
            ResourceProperties: properties as Record<string, unknown>,
            ...(RequestType === 'Update' && { OldResourceProperties: before as Record<string, unknown> }),
          };
          const taken = await takes(
            async () => goOn({ ...event, ...(await begin(event, connect)) }, connect),
            isRefusal,
          );
          if (!taken) expect(JSON.stringify([...cluster.topics])).toBe(found);
        },
      ),
    ));

  test('in those of schemas', () =>
    holds(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: damaged(schemas) }, fc.dictionary(fc.string(), anything)),
        async (properties) => {
          const given: Record<string, unknown> = properties;
          await takes(() => readDeclared(given), isRefusal);
          // A stack has to be deleted whatever its properties are.
          expect(
            await takes(
              () => removable(given),
              () => false,
            ),
          ).toBe(true);
        },
      ),
    ));
});
