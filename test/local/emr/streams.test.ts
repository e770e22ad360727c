/** Which streams go on, whether they run what is deployed, and what people are told of them. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import type { JobRunRecord } from '../../../local/emr/job-run-records.ts';
import {
  knownJobRuns,
  liveStreams,
  type StreamStatus,
  streamCommands,
  streamLine,
  streamsOf,
} from '../../../local/emr/streams.ts';
import type { Home } from '../../../local/home.ts';
import { identityOf } from '../../../local/services/process.ts';
import {
  deploymentOf,
  specTextOf,
  startOf,
  temporaryHome,
  values,
  writeParameters,
} from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';
import { fakeRequest } from './fake-job.ts';

const { pipeline, jobs } = wordsPipeline();

/** A machine on which a stream of `tiny` runs, or did. */
function machineWith(run: Partial<JobRunRecord> = {}, spec: object = {}) {
  const home = temporaryHome();
  writeParameters(home);
  return { home, ...streamOn(home, 'count', run, spec) };
}

function streamOn(home: Home, job: string, run: Partial<JobRunRecord> = {}, spec: object = {}) {
  const { records } = knownJobRuns(home);
  const { entryPoint, submitParameters } = startOf('count');
  const record = records.create(
    fakeRequest('', {
      name: `tiny/${job}/one`,
      mode: 'STREAMING',
      entryPoint,
      sparkSubmitParameters: submitParameters,
      entryPointArguments: ['--spec', specTextOf(pipeline, 'count', 'one', spec)],
    }),
  );
  const process = identityOf();
  records.write({ ...record, state: 'RUNNING', ...(process && { process }), ...run });
  return { records, record };
}

const currentIn = (home: Home, deployment = deploymentOf(pipeline)) => streamsOf(home, deployment)[0]?.current;

describe('a stream that goes on', () => {
  test('is known by its run, its process and when it began', () => {
    const { home, record } = machineWith();
    expect(liveStreams(home, deploymentOf(pipeline))).toEqual([
      {
        pipeline: 'tiny',
        job: 'count',
        runName: 'tiny/count/one',
        runId: record.id,
        state: 'RUNNING',
        since: record.createdAt,
        pid: process.pid,
        current: true,
      },
    ]);
    expect(liveStreams(home, undefined)[0]).not.toHaveProperty('current');
  });

  test('is one of several of its pipeline', () => {
    const { home } = machineWith();
    streamOn(home, 'sumByWindow');
    expect(liveStreams(home, undefined).map(({ job }) => job)).toEqual(['count', 'sum-by-window']);
  });

  test('runs what is deployed as long as its own part has not changed', () => {
    const { home } = machineWith();
    expect(currentIn(home, deploymentOf(pipeline, { send: 2 }))).toBe(true);
    expect(currentIn(home, deploymentOf(pipeline, { count: 2 }))).toBe(false);
    writeParameters(home, { values: { schemas: { ...values.schemas, wordsTopicValue: 's3://assets/changed.json' } } });
    expect(currentIn(home)).toBe(false);
    writeParameters(home, { platform: { bootstrapServers: '127.0.0.1:19092' } });
    expect(currentIn(home)).toBe(false);
    writeParameters(home);
    expect(currentIn(home)).toBe(true);
  });

  test('does not run what is deployed when its spec says more or was another one, whatever a person may set', () => {
    expect(currentIn(machineWith({}, { parameters: { triggerSeconds: 7 } }).home)).toBe(true);
    expect(currentIn(machineWith({}, { windows: { minutes: 10, every: 5 } }).home)).toBe(false);
    const { home, records, record } = machineWith();
    records.write({ ...record, request: { ...record.request, entryPointArguments: ['--words-topic', 'tiny.words'] } });
    expect(currentIn(home)).toBe(false);
  });

  test('does not run what is deployed when its code or the packages beside it are others', () => {
    const { home, records, record } = machineWith();
    for (const changed of [
      { entryPoint: 's3://a/other.py' },
      { sparkSubmitParameters: '--py-files s3://a/other.zip' },
    ]) {
      records.write({ ...record, state: 'RUNNING', process: identityOf(), request: { ...record.request, ...changed } });
      expect(currentIn(home)).toBe(false);
    }
    records.write({ ...record, state: 'RUNNING', process: identityOf() });
    expect(currentIn(home)).toBe(true);
  });

  test('runs what is no longer deployed when a parameter lacks a value, or its job is gone', () => {
    const { home } = machineWith();
    writeParameters(home, { values: { schemas: {} } });
    expect(currentIn(home)).toBe(false);
    const { count: _, ...others } = jobs;
    expect(currentIn(home, deploymentOf({ ...pipeline, jobs: others }))).toBe(false);
  });

  test('is none that was ended, nor a batch job', () => {
    expect(streamsOf(machineWith({ state: 'CANCELLED' }).home, undefined)).toEqual([]);
    const { home, records } = machineWith({ state: 'CANCELLED' });
    records.create(fakeRequest('', { name: 'tiny/send/one' }));
    expect(streamsOf(home, undefined)).toEqual([]);
  });

  test('that failed with nobody watching is told with its reason as long as it is declared, and does not go on', () => {
    const process = { pid: 1, startTime: 'another' };
    const { home, records, record } = machineWith({ process, watcher: process });
    writeFileSync(records.stdout(record.id), '{"event":"failed","code":"STREAM_FAILED","message":"no topic"}\n');
    expect(streamsOf(home, deploymentOf(pipeline))).toMatchObject([
      { state: 'FAILED', details: 'STREAM_FAILED: no topic' },
    ]);
    expect(liveStreams(home, undefined)).toEqual([]);
    const { count: _, ...others } = jobs;
    expect(streamsOf(home, deploymentOf({ ...pipeline, jobs: others }))).toEqual([]);
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

  test('are the commands that one or several need', () => {
    expect(streamCommands([stream])).toContain('Stop     npx millrace run readings --action stop');
    expect(streamCommands([stream, { ...stream, job: 'alarm' }])).toEqual([
      'Log      npx millrace logs sum-by-window --follow',
      'Log      npx millrace logs alarm --follow',
      'Upgrade  npx millrace run readings --action upgrade (one of them: --stream sum-by-window)',
      'Stop     npx millrace run readings --action stop (one of them: --stream sum-by-window)',
    ]);
    expect(streamCommands([])).toEqual([]);
  });
});
