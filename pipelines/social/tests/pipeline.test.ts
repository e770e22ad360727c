/** What the declaration of the social pipeline promises to people and to other systems. */
import { expect, test } from 'vitest';
import { databaseOf, isFed, orderOf, ownTopicsOf, stateOf, tablesOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import social from '../pipeline.ts';
import channels from '../source/posts.ts';

test('has no mistake', () => expect(mistakesOf([social])).toEqual([]));

test('a topic for each network keeps the last word of each post, and others may read it', () => {
  const topics = Object.entries(topicsOf(social)).map(([alias, { name, cleanup, externalWays, props }]) => [
    ...[alias, name, props.partitions, cleanup],
    ...externalWays,
  ]);
  expect(topics).toEqual([
    ['bluesky', 'social.bluesky', 2, 'compact', 'Reader'],
    ['mastodon', 'social.mastodon', 2, 'compact', 'Reader'],
    ['counts', 'social.counts', 1, 'compact', 'Reader'],
    ['top', 'social.top-words', 1, 'compact', 'Reader'],
    ['deadLetters', 'social.dead-letters', 1, 'delete'],
  ]);
  expect(ownTopicsOf(social).map(({ name }) => name)).toEqual(['millrace.social.source.posts.cursors']);
});

test('the source has a channel for each network, and the token of one is a secret', () => {
  const { posts } = social.sources ?? {};
  expect(Object.keys(channels)).toEqual(Object.keys(posts?.writes ?? {}));
  expect(posts?.props.secrets).toMatchObject({ mastodon: { name: 'social/mastodon', key: 'token' } });
  expect(Object.keys(posts?.props.parameters ?? {})).toEqual(['keywords', 'languages', 'mastodonServer']);
  expect(posts?.quietMinutes).toBe(15);
});

test('the stream judges nothing late and keeps no state: the tables are the state', () => {
  expect(specOf(social, 'countPosts')).toMatchObject({
    reads: {
      bluesky: { rules: { latenessMinutes: null, watermarkDelayMs: null } },
      mastodon: { rules: { latenessMinutes: null, watermarkDelayMs: null } },
    },
    writes: { byMinute: { user: 'social_count_posts', table: 'by_minute' } },
  });
  expect(social.jobs.countPosts && stateOf(social.jobs.countPosts)).toBeUndefined();
  expect(databaseOf(social)?.logicalReplication).toBe(false);
  expect(Object.entries(tablesOf(social)).map(([alias, { props }]) => [alias, props.key])).toEqual([
    ['byMinute', ['minute', 'network', 'language', 'keyword']],
    ['words', ['minute', 'network', 'word']],
    ['topWords', ['network', 'place']],
  ]);
});

test('a run works through what was heard so far and shows it', () => {
  expect(planOf(social).actions).toEqual(['run', 'start', 'stop', 'upgrade']);
  expect(orderOf(social)).toEqual({ streams: ['countPosts'], during: [], after: ['showCounts'] });
  expect(isFed(social, 'countPosts')).toBe(false);
});
