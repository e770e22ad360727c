/** The arguments that follow from a declaration, on a pipeline that is small enough to read at once. */
import { describe, expect, test } from 'vitest';
import { artifactOf, drainOf, kebab, planOf } from '../../../lib/declaration/plan.ts';
import { coresOf, peakCores } from '../../../lib/declaration/sizes.ts';
import { asJson, tinyPipeline } from './tiny-pipeline.ts';

const KAFKA = [
  ['--kafka-bootstrap-servers', '{platform.bootstrapServers}'],
  ['--kafka-security', '{platform.kafkaSecurity}'],
];
const PLATFORM = [...KAFKA, ['--registry-url', '{platform.registryUrl}']];

describe('the plan of a pipeline', () => {
  const plan = planOf(tinyPipeline());

  test('gives a job that reads a file and writes a topic what it has to know of both', () => {
    expect(plan.arguments.send).toEqual([
      ...PLATFORM,
      ['--lines-file', '{files.lines}'],
      ['--lines-file-schema-id', '{pipeline.schemas.linesFile}'],
      ['--lines-file-separator', ','],
      ['--words-topic', 'tiny.words'],
      ['--words-key-schema-id', '{pipeline.schemas.wordsTopicKey}'],
      ['--words-value-schema-id', '{pipeline.schemas.wordsTopicValue}'],
      ['--rejects-path', 's3://{platform.bucket}/rejects/tiny/{execution.name}'],
      ['--line-count', '{tunables.lineCount}'],
    ]);
  });

  const stream = [
    ...PLATFORM,
    ['--words-topic', 'tiny.words'],
    ['--words-key-schema-id', '{pipeline.schemas.wordsTopicKey}'],
    ['--words-value-schema-id', '{pipeline.schemas.wordsTopicValue}'],
    ['--word-counts-topic', 'tiny.counts'],
    ['--word-counts-key-schema-id', '{pipeline.schemas.wordCountsTopicKey}'],
    ['--word-counts-value-schema-id', '{pipeline.schemas.wordCountsTopicValue}'],
    ['--lost-topic', 'tiny.lost'],
    ['--words-retention-ms', '3600000'],
    ['--checkpoint-path', 's3://{platform.bucket}/checkpoints/tiny/count'],
    ['--group-id-prefix', 'millrace.tiny.count'],
  ];

  test('gives a stream the retention of its source, its checkpoint and its group, and no schema where there is none', () => {
    expect(plan.arguments.count).toEqual(stream);
  });

  test('gives the drain of a stream the same and when to end', () => {
    expect(plan.arguments[drainOf('count')]).toEqual([...stream, ['--until', 'caught-up']]);
  });

  test('gives no batch job a checkpoint, a retention or an end', () => {
    expect(plan.arguments.show).toEqual([
      ...PLATFORM,
      ['--word-counts-topic', 'tiny.counts'],
      ['--word-counts-key-schema-id', '{pipeline.schemas.wordCountsTopicKey}'],
      ['--word-counts-value-schema-id', '{pipeline.schemas.wordCountsTopicValue}'],
      ['--group-id-prefix', 'millrace.tiny.show'],
      ['--results-path', 's3://{platform.bucket}/results/tiny/{execution.name}'],
      ['--word', '{tunables.word}'],
      ['--since', '{tunables.since}'],
    ]);
  });

  test('gives a job that uses no Avro the addresses of its schemas and no registry', () => {
    const { arguments: templates } = planOf(tinyPipeline(asJson));
    expect(templates.send).toEqual([
      ...KAFKA,
      ['--lines-file', '{files.lines}'],
      ['--lines-file-schema', '{pipeline.schemas.linesFile}'],
      ['--words-topic', 'tiny.words'],
      ['--words-value-schema', '{pipeline.schemas.wordsTopicValue}'],
      ['--rejects-path', 's3://{platform.bucket}/rejects/tiny/{execution.name}'],
      ['--line-count', '{tunables.lineCount}'],
    ]);
    expect(templates.show?.map(([flag]) => flag)).toContain('--registry-url');
  });

  test('lets an execution run a bounded order, work on its stream, or run a batch job by the name that people write', () => {
    expect(plan.actions).toEqual(['run', 'start', 'stop', 'upgrade']);
    const renamed = tinyPipeline((p) => Object.assign(p.jobs, { showAll: p.jobs.show }));
    expect(planOf(renamed).batchJobs).toEqual({ send: 'send', show: 'show', 'show-all': 'showAll' });
  });

  test('starts the stream of a continuous order where an input says nothing', () => {
    const continuous = tinyPipeline((p) => Object.assign(p, { order: { kind: 'continuous', stream: 'count' } }));
    expect(planOf(continuous).actions).toEqual(['start', 'stop', 'upgrade']);
  });

  test('names every job, every tunable and every file, and nothing else', () => {
    expect(plan.pipeline).toBe('tiny');
    expect(Object.keys(plan.arguments)).toEqual(['send', 'count', 'countDrain', 'show']);
    expect(Object.keys(plan.tunables)).toEqual(['lineCount', 'word', 'since']);
    expect(plan.files).toEqual(['lines']);
  });

  test('gives a topic that a job reads and writes once', () => {
    const both = tinyPipeline((p) => p.jobs.count.writes.topics.push('words'));
    const flags = (planOf(both).arguments.count ?? []).map(([flag]) => flag);
    expect(flags.filter((flag) => flag === '--words-topic')).toHaveLength(1);
  });
});

test('an artifact is named after its topic unless the declaration names it', () => {
  const pipeline = tinyPipeline((p) => void Object.assign(p.topics.words.value, { artifact: 'word' }));
  expect(artifactOf(pipeline, 'words', 'key')).toBe('tiny.words-key');
  expect(artifactOf(pipeline, 'words', 'value')).toBe('word');
  expect(artifactOf(pipeline, 'lost', 'value')).toBeUndefined();
});

test('a name becomes an argument by hyphens', () => {
  expect(kebab('deadLetters')).toBe('dead-letters');
  expect(kebab('rows')).toBe('rows');
});

describe('the vCPU that a pipeline takes', () => {
  const size = (driver: number, executor: number, executors: number) => ({
    driver: { cores: driver, memory: 2 },
    executor: { cores: executor, memory: 2 },
    executors,
  });

  test('by a job are those of its driver and of all its executors', () => {
    expect(coresOf(size(2, 4, 3))).toBe(14);
  });

  test('at once are those of the stream and the largest job beside it', () => {
    const pipeline = tinyPipeline((p) => {
      p.jobs.count.size = size(1, 2, 2);
      p.jobs.send.size = size(1, 1, 2);
    });
    expect(peakCores(pipeline)).toBe(8);
  });

  test('at once are those of the stream and the largest job that may be run beside it alone', () => {
    const pipeline = tinyPipeline((p) => {
      p.jobs.show.size = size(4, 4, 2);
    });
    expect(peakCores(pipeline)).toBe(14);
  });
});
