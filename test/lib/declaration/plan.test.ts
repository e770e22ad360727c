/** What the prepare Lambda is told of a pipeline, on one that is small enough to read at once. */
import { describe, expect, test } from 'vitest';
import { events, integer, latest, replaysOf } from '../../../lib/declaration/index.ts';
import { commitsPrefix } from '../../../lib/declaration/names.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { asJson, type Change, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const KAFKA = { bootstrapServers: '{platform.bootstrapServers}', security: 'iam' };
const HEAD = { pipeline: 'tiny', execution: '{execution.name}', kafka: KAFKA };
const registry = { url: '{platform.registryUrl}' };
const schema = (key: string) => ({ format: 'avro', id: `{#pipeline.schemas.${key}}` });
const words = { kind: 'topic', topic: 'tiny.words', key: schema('wordsTopicKey'), value: schema('wordsTopicValue') };
const wordCounts = {
  kind: 'topic',
  topic: 'tiny.counts',
  key: schema('wordCountsTopicKey'),
  value: schema('wordCountsTopicValue'),
};
/** Kafka's own limit, which a topic has that says none. */
const largest = { maxMessageBytes: 1_048_588 };

describe('the template of a spec', () => {
  test('tells a batch job of its file, its topic and its folder', () => {
    expect(specOf(tinyPipeline(), 'send')).toEqual({
      ...HEAD,
      job: 'send',
      mode: 'batch',
      registry,
      reads: { lines: { kind: 'file', url: '{files.lines}', schema: schema('linesFile'), separator: ',' } },
      writes: {
        words: { ...words, ...largest },
        rejects: { kind: 'folder', url: 's3://{platform.bucket}/rejects/tiny/{execution.name}' },
      },
      parameters: { lineCount: '{parameters.lineCount}' },
    });
  });

  test('tells a stream the rules of its input, its checkpoint and its windows', () => {
    const windows: Change = { jobs: ({ count }) => void Object.assign(count, { windows: { minutes: 10 }, keys: 1 }) };
    expect(specOf(tinyPipeline(windows), 'count')).toEqual({
      ...HEAD,
      job: 'count',
      mode: 'stream',
      registry,
      reads: {
        words: {
          ...words,
          groupIdPrefix: 'millrace.tiny.count',
          // An hour of retention, 7 days until the segment is closed, 3 times 10 minutes: 10,170 minutes.
          rules: { latenessMinutes: 10, futureMinutes: 10, replayMinutes: 0, watermarkDelayMs: 610_200_000 },
        },
      },
      writes: { wordCounts: { ...wordCounts, ...largest }, lost: { kind: 'topic', topic: 'tiny.lost', ...largest } },
      parameters: {},
      checkpoint: 's3://{platform.bucket}/checkpoints/tiny/count',
      windows: { minutes: 10, every: 10 },
      statePartitions: 1,
    });
  });

  test('tells a batch job that reads a topic no rules', () => {
    expect(specOf(tinyPipeline(), 'show')).toMatchObject({
      reads: { wordCounts: { ...wordCounts, groupIdPrefix: 'millrace.tiny.show' } },
      writes: { results: { kind: 'folder', url: 's3://{platform.bucket}/results/tiny/{execution.name}' } },
      parameters: { word: '{parameters.word}', since: '{parameters.since}' },
    });
    expect(specOf(tinyPipeline(), 'show')).not.toHaveProperty('reads.wordCounts.rules');
    expect(specOf(tinyPipeline(), 'show')).not.toHaveProperty('checkpoint');
  });

  test('tells of a lookup that it is one', () => {
    const change: Change = {
      jobs: ({ show }, things) => void Object.assign(show, { reads: { wordCounts: latest(things.wordCounts) } }),
    };
    expect(specOf(tinyPipeline(change), 'show')).toMatchObject({
      reads: { wordCounts: { ...wordCounts, kind: 'lookup', groupIdPrefix: 'millrace.tiny.show' } },
    });
  });

  test('has the lateness of each input: minutes, a parameter, or none', () => {
    const lateness = integer({ default: 5, minimum: 0, maximum: 60, unit: 'minutes', description: '' });
    const rules = (props: object, parameters: object = {}) =>
      specOf(
        tinyPipeline({
          jobs: ({ count }, things) =>
            void Object.assign(count, { reads: { words: events(things.words, props) }, parameters }),
        }),
        'count',
      );
    expect(rules({ lateness: 3 })).toHaveProperty('reads.words.rules.latenessMinutes', 3);
    expect(rules({ lateness: 0 })).toHaveProperty('reads.words.rules.latenessMinutes', 0);
    expect(rules({ lateness }, { patience: lateness })).toMatchObject({
      reads: { words: { rules: { latenessMinutes: '{parameters.patience}' } } },
      parameters: { patience: '{parameters.patience}' },
    });
    // 60 + 10,080 + 10 + 10 minutes, and the longest lateness that the parameter allows: 10,220.
    expect(rules({ lateness }, { lateness })).toHaveProperty('reads.words.rules.watermarkDelayMs', 10_220 * 60_000);
    const none = { latenessMinutes: null, watermarkDelayMs: null, replayMinutes: 0 };
    expect(rules({ lateness: 'none' })).toMatchObject({ reads: { words: { rules: none } } });
    expect(rules({})).not.toHaveProperty('reads.words.replays');
  });

  test('names the topic of replays, for which state is kept longer', () => {
    const change: Change = {
      jobs({ count }, { words }) {
        const again = replaysOf(words, { retention: 7_200_000 });
        Object.assign(count, { reads: { words: events(words, { replays: again, replayDays: 2 }), again } });
      },
    };
    // Two hours of retention, 7 days until the segment is closed, 3 times 10 minutes, 2 days of replay: 13,110 minutes.
    expect(specOf(tinyPipeline(change), 'count')).toMatchObject({
      reads: {
        words: {
          topic: 'tiny.words',
          replays: 'tiny.words.replays',
          rules: { replayMinutes: 2_880, watermarkDelayMs: 13_110 * 60_000 },
        },
        again: { kind: 'topic', topic: 'tiny.words.replays' },
      },
    });
  });

  test('has no registry and the addresses of schemas where nothing is Avro', () => {
    const spec = specOf(tinyPipeline(asJson), 'send');
    expect(spec).not.toHaveProperty('registry');
    expect(spec).toMatchObject({
      reads: { lines: { schema: { format: 'json', url: '{pipeline.schemas.linesFile}' } } },
      writes: { words: { value: { format: 'json', url: '{pipeline.schemas.wordsTopicValue}' } } },
    });
    expect(spec).not.toHaveProperty('reads.lines.separator');
    expect(spec).not.toHaveProperty('writes.words.key');
  });
});

describe('the plan of a pipeline', () => {
  const plan = planOf(tinyPipeline());

  test('names every job, every parameter, every file and every action', () => {
    expect(plan).toMatchObject({
      pipeline: 'tiny',
      files: ['lines'],
      actions: ['run', 'start', 'stop', 'upgrade'],
      order: { streams: ['count'], during: ['send'], after: ['show'] },
    });
    expect(Object.keys(plan.parameters)).toEqual(['lineCount', 'word', 'since']);
    expect(Object.values(plan.jobs).map(({ kind, timeoutMinutes }) => [kind, timeoutMinutes])).toEqual([
      ['batch', 60],
      ['stream', 60],
      ['batch', 60],
    ]);
  });

  test('has the template of each job', () => {
    expect(plan.jobs.count?.spec).toEqual(specOf(tinyPipeline(), 'count'));
  });
});

test('a stream notes its commits below its checkpoint', () => {
  expect(commitsPrefix('tiny', 'countAll')).toBe('checkpoints/tiny/count-all/query/commits/');
});
