/** Posts of two social networks, as they come: those of some words and languages are kept, and counted by the minute. No registry takes part. */
import {
  batch,
  deadLettersOf,
  events,
  folder,
  jsonSchema,
  pipeline,
  postgres,
  secret,
  source,
  stream,
  streamParameters,
  table,
  text,
  topic,
} from '../../lib/declaration/index.ts';

// Keyed by the address of the post; who deletes one leaves a record without a value, and compaction does the rest.
const ofPosts = { partitions: 2, cleanup: 'compact', value: jsonSchema('post.schema.json'), external: 'read' } as const;
const bluesky = topic('social.bluesky', ofPosts);
const mastodon = topic('social.mastodon', ofPosts);
const deadLetters = deadLettersOf(bluesky, { name: 'social.dead-letters' });

const counts = topic('social.counts', {
  partitions: 1,
  cleanup: 'compact',
  key: jsonSchema('count-key.schema.json'),
  value: jsonSchema('count.schema.json'),
  external: 'read',
});
const top = topic('social.top-words', {
  partitions: 1,
  cleanup: 'compact',
  key: jsonSchema('top-word-key.schema.json'),
  value: jsonSchema('top-word.schema.json'),
  external: 'read',
});

const posts = source('posts', {
  code: 'source/posts.ts',
  standIn: 'stand-in/networks.ts',
  writes: { bluesky, mastodon },
  secrets: { mastodon: secret('social/mastodon', 'token') },
  parameters: {
    keywords: text({
      default: 'music,rain,train,musik,regen,pluie,電車',
      pattern: '[^,\\s]+(,[^,\\s]+)*',
      unit: 'words with commas between them',
      description: 'A post with one of these words is kept, whatever its capitals; every post where none is set.',
    }),
    languages: text({
      default: 'en,de,ja',
      pattern: '[a-z]{2,3}(,[a-z]{2,3})*',
      unit: 'languages (ISO 639) with commas between them',
      description: 'A post in one of these languages is kept; in any, or none, where none is set.',
    }),
    mastodonServer: text({
      default: 'https://mastodon.social',
      pattern: 'https://[a-z0-9.-]+',
      unit: 'address of a server',
      description: 'The server of Mastodon whose public posts are heard.',
    }),
  },
});

const database = postgres('social');
const byMinute = table('by_minute', {
  database,
  key: ['minute', 'network', 'language', 'keyword'],
  columns: ['minute', 'network', 'language', 'keyword', 'posts'],
});
const words = table('words', {
  database,
  key: ['minute', 'network', 'word'],
  columns: ['minute', 'network', 'word', 'posts'],
});
const topWords = table('top_words', {
  database,
  key: ['network', 'place'],
  columns: ['network', 'place', 'word', 'posts'],
});

const results = folder('results');

const { triggerSeconds } = streamParameters('a post');

const countPosts = stream('count_posts.py', {
  // A post that waited while the source was away is of the minute in which its network told it.
  reads: { bluesky: events(bluesky, { lateness: 'none' }), mastodon: events(mastodon, { lateness: 'none' }) },
  writes: { byMinute, words, topWords, counts, top, deadLetters },
  parameters: { triggerSeconds },
});

const showCounts = batch('show_counts.py', { reads: { counts, top }, writes: { results } });

export default pipeline(import.meta.url, {
  description: 'Posts of two social networks: how many by minute, network, language and word, and which words most.',
  sources: { posts },
  jobs: { countPosts, showCounts },
  sums: [
    { sent: bluesky, of: 'mentions', deadLetters, table: byMinute, column: 'posts', rows: { network: 'bluesky' } },
    { sent: mastodon, of: 'mentions', deadLetters, table: byMinute, column: 'posts', rows: { network: 'mastodon' } },
  ],
  report: {
    job: showCounts,
    folder: results,
    columns: [
      { field: 'minute', title: 'minute', format: 'time' },
      { field: 'network', title: 'network', format: 'text' },
      { field: 'language', title: 'language', format: 'text' },
      { field: 'keyword', title: 'keyword', format: 'text' },
      { field: 'posts', title: 'posts', format: 'count' },
    ],
    chart: { x: 'minute', y: 'posts', by: 'keyword' },
  },
});
