/** What two pipelines may not share: topics, artifacts, the partitions of one cluster. */
import { expect, test } from 'vitest';
import { avro } from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { type Change, refusalOf, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

/** A second pipeline whose topics and artifacts have names of their own. */
const another = (things: Change['things'] = () => {}): Pipeline => ({
  ...tinyPipeline({
    things: (props) => {
      Object.assign(props.words, { name: 'other.words' });
      Object.assign(props.wordCounts, { name: 'other.counts' });
      Object.assign(props.lost, { name: 'other.lost' });
      Object.assign(props.lines, { schema: avro('line.avsc', 'other.lines.csv') });
      things(props);
    },
  }),
  name: 'other',
});

test('two pipelines with names of their own fit beside each other, although their folders have one name', () => {
  expect(refusalOf(tinyPipeline(), another())).toEqual([]);
});

test('two topics of one name are refused', () => {
  const clash = another(({ lost }) => void Object.assign(lost, { name: 'tiny.lost' }));
  expect(refusalOf(tinyPipeline(), clash)).toEqual([
    'other.topics.lost.name: is the name of tiny.topics.lost too; got "tiny.lost"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two topics of one name in one pipeline are refused', () => {
  const clash = tinyPipeline({ things: ({ lost }) => void Object.assign(lost, { name: 'tiny.words' }) });
  expect(refusalOf(clash)).toEqual([
    'tiny.topics.lost.name: is the name of tiny.topics.words too; got "tiny.words"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two topics are refused whose names Kafka cannot tell apart', () => {
  const clash = another(({ lost }) => void Object.assign(lost, { name: 'tiny_lost' }));
  expect(refusalOf(tinyPipeline(), clash)).toEqual([
    'other.topics.lost.name: collides with tiny.lost; got "tiny_lost"; allowed: a name of its own, "." and "_" being alike',
  ]);
});

test('two schemas under one name in the registry are refused', () => {
  const clash = another(({ lines }) => void Object.assign(lines, { schema: avro('line.avsc', 'tiny.words-value') }));
  expect(refusalOf(tinyPipeline(), clash)).toEqual([
    'other.files.lines: registers another schema than tiny.topics.words under the same name; got "tiny.words-value"; allowed: an artifact of its own',
  ]);
});

test('one schema may have one name in two places', () => {
  const shared = tinyPipeline({
    things: ({ words, wordCounts }) => {
      Object.assign(words, { key: avro('word-key.avsc', 'word') });
      Object.assign(wordCounts, { key: avro('word-key.avsc', 'word') });
    },
  });
  expect(refusalOf(shared)).toEqual([]);
});

test('compacted topics have 120 partitions together', () => {
  const first = tinyPipeline({ things: ({ wordCounts }) => void Object.assign(wordCounts, { partitions: 60 }) });
  const second = (partitions: number) => another(({ wordCounts }) => void Object.assign(wordCounts, { partitions }));
  expect(refusalOf(first, second(60))).toEqual([]);
  expect(refusalOf(first, second(61))).toEqual([
    'topics: compacted topics have too many partitions together; got 121; allowed: 120 at most (quota of a cluster)',
  ]);
});

test('all topics have 2,400 partitions together', () => {
  const first = tinyPipeline({ things: ({ words }) => void Object.assign(words, { partitions: 1_200 }) });
  const second = (partitions: number) => another(({ words }) => void Object.assign(words, { partitions }));
  // The four other topics have one partition each.
  expect(refusalOf(first, second(1_196))).toEqual([]);
  expect(refusalOf(first, second(1_197))).toEqual([
    'topics: topics have too many partitions together; got 2401; allowed: 2400 at most (quota of a cluster)',
  ]);
});
