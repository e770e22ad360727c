/** Feeds of a pipeline: what follows from them, and what is refused. */
import { describe, expect, test } from 'vitest';
import { feedsOf, orderOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { avro, batch, events, feed, items, stream, topic } from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { refusalOf } from './tiny-pipeline.ts';

const calls = topic('tiny.calls', { partitions: 1, external: 'written' });
const told = topic('tiny.told', { partitions: 1, external: 'read' });
const latest = items('latest', { partitionKey: 'id', version: 'number' });

/** The invented pipeline's folders with items that a batch job writes, and one feed of them. */
function withFeed(change: object = {}, more: Partial<Pipeline> = {}): Pipeline {
  const props = { of: latest, code: 'source/calls.ts', writes: { told }, ...change };
  return {
    ...{ name: 'clients', description: 'x', folders: clients.folders },
    feeds: { telling: feed('telling', props as never) },
    jobs: { keep: batch('count.py', { reads: {}, writes: { latest } }) },
    topics: {},
    ...more,
  };
}

test('its topics are topics of the pipeline, and need no job', () => {
  const pipeline = withFeed();
  expect(refusalOf(pipeline)).toEqual([]);
  expect(Object.keys(topicsOf(pipeline))).toEqual(['told']);
  expect(Object.keys(feedsOf(pipeline))).toEqual(['telling']);
});

test('it is told 500 changes at once, tries one twenty times more, and gives up none that DynamoDB still has', () => {
  expect(feed('telling', { of: latest, code: 'a.ts', writes: { told } }).settings).toEqual({
    ...{ batchSize: 500, retries: 20, maxAgeMinutes: 1_440 },
  });
  const settings = { batchSize: 1, retries: 0, maxAgeMinutes: 5 };
  expect(feed('telling', { of: latest, code: 'a.ts', writes: { told }, ...settings }).settings).toEqual(settings);
});

test('who follows its topic comes behind who writes its items', () => {
  const follow = stream('count.py', { reads: { told: events(told, { lateness: 'none' }) }, writes: {} });
  const keep = batch('count.py', { reads: {}, writes: { latest } });
  expect(orderOf(withFeed({}, { jobs: { follow, keep } }))).toEqual({
    ...{ streams: ['follow'], during: ['keep'], after: [] },
  });
});

describe('refused is', () => {
  const all = (change: object, ...lines: string[]) => expect(refusalOf(withFeed(change))).toEqual(lines);

  test('a feed of items that no job writes', () => {
    all(
      { of: items('others', { partitionKey: 'id', version: 'number' }) },
      'clients.feeds.telling.of: is written by no job of the pipeline; got "items others"; allowed: items that one writes',
    );
  });
  test('a feed of what has no changes', () => {
    all(
      { of: calls },
      'clients.feeds.telling.of: does not belong here; got "topic tiny.calls"; allowed: items made by items(...)',
    );
  });
  test('code that is not there', () => {
    const { declaration } = clients.folders;
    all(
      { code: 'feed/none.ts' },
      `clients.feeds.telling.code: does not exist; got "${declaration}/feed/none.ts"; allowed: a file in ${declaration}`,
    );
  });
  test('a feed that tells nobody', () => {
    all({ writes: {} }, 'clients.feeds.telling.writes: are none; got "no topic"; allowed: at least one');
  });
  test('a topic in a form that it does not write', () => {
    const framed = topic('tiny.told', { partitions: 1, external: 'read', value: avro('word.avsc') });
    expect(refusalOf(withFeed({ writes: { told: framed } }))).toContainEqual(
      expect.stringMatching(
        /^clients\.feeds\.telling\.writes\.told: has a schema that feeds do not write; .*allowed: jsonSchema\(\.\.\.\), or none$/,
      ),
    );
  });
  test.each([
    ['batchSize', 0, 'whole numbers from 1 to 1000 changes'],
    ['batchSize', 1_001, 'whole numbers from 1 to 1000 changes'],
    ['retries', -1, 'whole numbers from 0 to 1000 times'],
    ['maxAgeMinutes', 1_441, 'whole numbers from 1 to 1440 minutes'],
  ])('%s of %s', (word, value, allowed) => {
    all({ [word]: value }, `clients.feeds.telling.${word}: is out of range; got ${value}; allowed: ${allowed}`);
  });
  test('a topic that also a job fills in a circle', () => {
    const loop = stream('count.py', { reads: { told: events(told, { lateness: 'none' }) }, writes: { latest } });
    expect(refusalOf(withFeed({}, { jobs: { loop } }))).toContainEqual(
      expect.stringMatching(/^clients\.jobs: wait for each other in a circle/),
    );
  });
});
