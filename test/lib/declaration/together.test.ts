/** What two pipelines may not share: topics, artifacts, the partitions of one cluster. */
import { expect, test } from 'vitest';
import type { Pipeline } from '../../../lib/declaration/model.ts';
import { refusalOf, type TinyPipeline, tinyPipeline } from './tiny-pipeline.ts';

/** A second pipeline whose topics and artifacts have names of their own. */
const another = (change: (pipeline: TinyPipeline) => void = () => {}): Pipeline =>
  tinyPipeline((p) => {
    for (const topic of Object.values(p.topics)) topic.name = topic.name.replace('tiny', 'other');
    p.files.lines.schema.artifact = 'other.lines.csv';
    change(p);
    p.name = 'other';
  });

/** Lines without those that come of both pipelines living in one folder here. */
const refusal = (...pipelines: Pipeline[]) =>
  refusalOf(...pipelines).filter((line) => !line.includes('is not the name of its folder'));

test('two pipelines with names of their own fit beside each other', () => {
  expect(refusal(tinyPipeline(), another())).toEqual([]);
});

test('two topics of one name are refused', () => {
  const clash = another((p) => {
    p.topics.lost.name = 'tiny.lost';
  });
  expect(refusal(tinyPipeline(), clash)).toEqual([
    'other.topics.lost.name: is the name of tiny.topics.lost too; got "tiny.lost"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two topics of one name in one pipeline are refused', () => {
  const clash = tinyPipeline((p) => {
    p.topics.lost.name = 'tiny.words';
  });
  expect(refusal(clash)).toEqual([
    'tiny.topics.lost.name: is the name of tiny.topics.words too; got "tiny.words"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two topics are refused whose names Kafka cannot tell apart', () => {
  const clash = another((p) => {
    p.topics.lost.name = 'tiny_lost';
  });
  expect(refusal(tinyPipeline(), clash)).toEqual([
    'other.topics.lost.name: collides with tiny.lost; got "tiny_lost"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two schemas under one name in the registry are refused', () => {
  const clash = another((p) => {
    p.files.lines.schema.artifact = 'tiny.words-value';
  });
  expect(refusal(tinyPipeline(), clash)).toEqual([
    'other.files.lines.schema: registers another schema than tiny.topics.words.value under the same name; got "tiny.words-value"; allowed: an artifact of its own',
  ]);
});

test('one schema may have one name in two places', () => {
  const shared = tinyPipeline((p) => {
    Object.assign(p.topics.words.key, { artifact: 'word' });
    Object.assign(p.topics.wordCounts.key, { artifact: 'word' });
  });
  expect(refusal(shared)).toEqual([]);
});

test('compacted topics have 120 partitions together', () => {
  const first = tinyPipeline((p) => {
    p.topics.wordCounts.partitions = 60;
  });
  expect(
    refusal(
      first,
      another((p) => {
        p.topics.wordCounts.partitions = 60;
      }),
    ),
  ).toEqual([]);
  expect(
    refusal(
      first,
      another((p) => {
        p.topics.wordCounts.partitions = 61;
      }),
    ),
  ).toEqual([
    'topics: compacted topics have too many partitions together; got 121; allowed: 120 at most (quota of a cluster)',
  ]);
});

test('all topics have 2,400 partitions together', () => {
  const first = tinyPipeline((p) => {
    p.topics.words.partitions = 1_200;
  });
  expect(
    refusal(
      first,
      another((p) => {
        p.topics.words.partitions = 1_197;
      }),
    ),
  ).toEqual(['topics: topics have too many partitions together; got 2401; allowed: 2400 at most (quota of a cluster)']);
});
