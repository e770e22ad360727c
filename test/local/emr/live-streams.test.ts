/** Which streams go on, whether they run what is deployed, and what people are told of them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { streamCommands, streamLine } from '../../../local/cli/stream-lines.ts';
import { type Deployment, ParameterStore } from '../../../local/cloudformation/index.ts';
import type { JobRunRecord } from '../../../local/emr/job-run-records.ts';
import { knownJobRuns, liveStreams, type StreamStatus, streamsOf } from '../../../local/emr/live-streams.ts';
import { millraceHome } from '../../../local/home.ts';
import { identityOf } from '../../../local/services/process.ts';
import { fakeRequest } from './fake-job.ts';

const script = 's3://assets/1234.py';
const settings = '--conf spark.a=b';
const schemaUrl = 's3://assets/5678.json';

/** What is deployed: a machine that starts the stream so. */
function deploymentOf(entryPoint = script, others = 's3://assets/other.py'): Deployment {
  const templates = {
    sumByWindow: [
      ['--kafka-bootstrap-servers', '{platform.bootstrapServers}'],
      ['--readings-topic', 'plant.readings'],
      ['--readings-value-schema', '{pipeline.schemas.readingsTopicValue}'],
      ['--trigger-seconds', '{tunables.triggerSeconds}'],
      ['--region', '{tunables.region}'],
    ],
  };
  const driver = (file: string) => ({ SparkSubmit: { EntryPoint: file, SparkSubmitParameters: settings } });
  const definition = {
    States: {
      Prepare: { Parameters: { Payload: { plan: { arguments: templates } } } },
      StartStream: { Parameters: { Mode: 'STREAMING', JobDriver: driver(entryPoint) } },
      Produce: { Parameters: { JobDriver: driver(others) } },
    },
  };
  const machine = {
    stack: 'dev/readings',
    logicalId: 'Machine',
    type: 'AWS::StepFunctions::StateMachine',
    physicalId: 'arn:machine',
    attributes: {},
    properties: { StateMachineName: 'readings', DefinitionString: JSON.stringify(definition) },
  };
  return { environment: 'dev', deployedAt: '2026-01-31T13:00:00.000Z', resources: [machine], outputs: {} };
}

/** A machine on which a stream of `readings` runs, or did. */
function machineWith(run: Partial<JobRunRecord> = {}, words: readonly string[] = []) {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-streams-')));
  const parameters = new ParameterStore(home);
  const platform = (port: number) =>
    parameters.put('/millrace/dev/platform', JSON.stringify({ bootstrapServers: `127.0.0.1:${port}` }));
  const schema = (url: string) =>
    parameters.put('/millrace/dev/pipelines/readings', JSON.stringify({ schemas: { readingsTopicValue: url } }));
  platform(9092);
  schema(schemaUrl);
  const { records } = knownJobRuns(home);
  const record = records.create(
    fakeRequest('', {
      name: 'readings/sumByWindow/20260131-ab12',
      mode: 'STREAMING',
      entryPoint: script,
      sparkSubmitParameters: settings,
      entryPointArguments: [
        ...['--kafka-bootstrap-servers', '127.0.0.1:9092', '--readings-topic', 'plant.readings'],
        ...['--readings-value-schema', schemaUrl, '--trigger-seconds', '7', ...words],
      ],
    }),
  );
  const process = identityOf();
  records.write({ ...record, state: 'RUNNING', ...(process && { process }), ...run });
  return { home, records, record, platform, schema };
}

const currentIn = (home: ReturnType<typeof millraceHome>, deployment = deploymentOf()) =>
  streamsOf(home, deployment)[0]?.current;

describe('a stream that goes on', () => {
  test('is known by its run, its process and when it began', () => {
    const { home, record } = machineWith();
    expect(liveStreams(home, deploymentOf())).toEqual([
      {
        pipeline: 'readings',
        job: 'sum-by-window',
        runName: 'readings/sumByWindow/20260131-ab12',
        runId: record.id,
        state: 'RUNNING',
        since: record.createdAt,
        pid: process.pid,
        current: true,
      },
    ]);
    expect(liveStreams(home, undefined)[0]).not.toHaveProperty('current');
  });

  test('runs what is deployed as long as its own part has not changed', () => {
    const { home, platform, schema } = machineWith();
    expect(currentIn(home, deploymentOf(script, 's3://assets/changed.py'))).toBe(true);
    expect(currentIn(home, deploymentOf('s3://assets/changed.py'))).toBe(false);
    schema('s3://assets/changed.json');
    expect(currentIn(home)).toBe(false);
    schema(schemaUrl);
    platform(19_092);
    expect(currentIn(home)).toBe(false);
  });

  test('does not run what is deployed when an argument of it is gone from the declaration', () => {
    expect(currentIn(machineWith({}, ['--gone', 'x']).home)).toBe(false);
    expect(currentIn(machineWith({}, ['--region', 'Europe']).home)).toBe(true);
  });

  test('is none that was ended, nor a batch job', () => {
    expect(streamsOf(machineWith({ state: 'CANCELLED' }).home, undefined)).toEqual([]);
    const { home, records } = machineWith({ state: 'CANCELLED' });
    records.create(fakeRequest('', { name: 'readings/produce/20260131-ab12' }));
    expect(streamsOf(home, undefined)).toEqual([]);
  });

  test('that failed with nobody watching is told with its reason, and does not go on', () => {
    const process = { pid: 1, startTime: 'another' };
    const { home, records, record } = machineWith({ process, watcher: process });
    writeFileSync(records.stdout(record.id), '{"event":"failed","code":"STREAM_FAILED","message":"no topic"}\n');
    expect(streamsOf(home, undefined)).toMatchObject([{ state: 'FAILED', details: 'STREAM_FAILED: no topic' }]);
    expect(liveStreams(home, undefined)).toEqual([]);
  });
});

describe('what people are told', () => {
  const stream: StreamStatus = {
    pipeline: 'readings',
    job: 'sum-by-window',
    runName: 'readings/sumByWindow/one',
    runId: '1',
    state: 'RUNNING',
    since: '2026-01-31T13:00:00.123Z',
    pid: 42,
    current: true,
  };

  test('of a stream is since when it runs, and what to do about an old or a failed one', () => {
    expect(streamLine(stream)).toBe('stream sum-by-window runs since 2026-01-31 13:00:00 UTC (pid 42)');
    expect(streamLine({ ...stream, current: false })).toMatch(
      /; it runs what was deployed before: "npx millrace run readings --action upgrade"$/,
    );
    const { pid: _, ...gone } = stream;
    expect(streamLine({ ...gone, state: 'FAILED', details: 'STREAM_FAILED: no topic\n  at x' })).toBe(
      'stream sum-by-window failed at 2026-01-31 13:00:00 UTC: STREAM_FAILED: no topic; ' +
        '"npx millrace logs sum-by-window" says more, "npx millrace run readings --action start" goes on from its checkpoint',
    );
  });

  test('are the commands that they need', () => {
    expect(streamCommands(stream)).toContain('Stop     npx millrace run readings --action stop');
  });
});
