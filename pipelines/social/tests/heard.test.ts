/** What each network's messages become: records of posts that are kept, deletions, and what cannot be understood. */
import { describe, expect, test } from 'vitest';
import { type Heard, TryLater } from '../../../lib/declaration/listening.ts';
import { heardOf as heardOfBluesky } from '../source/bluesky.ts';
import { keptOf, type Post, wantedOf } from '../source/kept.ts';
import { heardOf as heardOfMastodon, mastodon, textOf } from '../source/mastodon.ts';
import { refusal } from '../source/refused.ts';
import { eventsOf, type ServerSentEvent } from '../source/server-sent-events.ts';
import { saysSomething, wordsOf } from '../source/words.ts';

const wanted = wantedOf({ keywords: 'rain,Straße,電車', languages: 'en,de,ja' });
const post = (text: string, change: Partial<Post> = {}): Post => ({
  ...{ network: 'bluesky', uri: 'at://a/b/c', languages: ['en'], postedAtMs: 0, text, edited: false },
  ...change,
});
const keywordsOf = (text: string, ...languages: string[]) => keptOf(post(text, { languages }), wanted)?.keywords;

describe('a word', () => {
  test.each([
    ['Rain!', 'en', ['rain']],
    ['the train in Spain', 'en', ['the', 'train', 'in', 'spain']],
    ['電車と東京。', 'ja', ['電車', 'と', '東京']],
    ['ＲＡＩＮ', 'en', ['rain']],
    ["aujourd'hui", 'fr', ["aujourd'hui"]],
    ['see https://rain.example/rain @rain@example.com', 'en', ['see']],
    ['🌧️ … 12', 'en', ['12']],
  ])('is what Unicode takes for one: %s', (text, language, words) => {
    expect([...wordsOf(text, language)]).toEqual(words);
  });

  test('says something where it has letters enough', () => {
    expect(['rain', 'the', '雨', '12', 'été', 'x'.repeat(101)].map(saysSomething)).toEqual([
      ...[true, false, true, false, false, false],
    ]);
  });
});

describe('a post is kept', () => {
  test('by whole words, whatever their capitals', () => {
    expect(keywordsOf('RAIN again', 'en')).toBe('rain');
    expect(keywordsOf('the train', 'en')).toBeUndefined();
    expect(keywordsOf('Die STRASSE', 'de')).toBeUndefined();
    expect(keywordsOf('die straße im rain', 'de')).toBe('rain straße');
    expect(keywordsOf('電車と雨', 'ja')).toBe('電車');
  });

  test('in one of the languages, the first of its own that is wanted', () => {
    expect(keptOf(post('rain', { languages: ['fr', 'en-GB'] }), wanted)?.language).toBe('en');
    expect(keywordsOf('rain', 'fr')).toBeUndefined();
    expect(keywordsOf('rain')).toBeUndefined();
    expect(keptOf(post('rain', { languages: [] }), wantedOf({ keywords: 'rain', languages: '' }))?.language).toBe(
      'und',
    );
    expect(keywordsOf('rain', 'not a language', '12')).toBeUndefined();
  });

  test('whatever it says where no keywords are set', () => {
    expect(keptOf(post('anything'), wantedOf({ keywords: '', languages: 'en' }))).toMatchObject({
      keywords: '*',
      mentions: 1,
    });
  });

  test('with its other words, and counted where it was not edited', () => {
    expect(keptOf(post('Rain and 12 lovely lovely rivers'), wanted)).toMatchObject({
      words: 'lovely rivers',
      mentions: 1,
      edited: false,
    });
    expect(keptOf(post('rain', { edited: true }), wanted)).toMatchObject({ mentions: 0, edited: true });
  });

  test('as far as a record has room, and a letter of two halves is whole or missing', () => {
    const value = keptOf(post(`rain ${'🌧'.repeat(600_000)}`), wanted);
    expect(String(value?.text)).toHaveLength(5 + 2 * 4_995);
    expect(JSON.stringify(value).length).toBeLessThan(60_000);
    expect(keptOf(post('rain \ud83c'), wanted)?.text).toBe('rain \ufffd');
  });
});

describe('Jetstream', () => {
  const commit = (operation: string, record?: object, collection = 'app.bsky.feed.post') =>
    JSON.stringify({
      did: 'did:plc:x',
      time_us: 1_790_000_000_000_000,
      kind: 'commit',
      commit: { rev: 'r1', operation, collection, rkey: 'k1', ...(record && { record }) },
    });
  const cursor = 1_790_000_000_000_000n;
  const key = 'at://did:plc:x/app.bsky.feed.post/k1';
  const id = `${key} r1`;

  test('tells a post, and where it stands', () => {
    expect(heardOfBluesky(commit('create', { text: 'rain', langs: ['en'] }), wanted)).toMatchObject({
      cursor,
      record: { key, id, value: { uri: key, network: 'bluesky', posted_at: '2026-09-21T14:13:20.000Z' } },
    });
  });

  test.each<[string, string, Heard]>([
    ['a post that is not kept', commit('create', { text: 'sun', langs: ['en'] }), { cursor }],
    ['a deletion, of whatever post', commit('delete'), { cursor, record: { key, id, value: null } }],
    [
      'a post that is not kept any more',
      commit('update', { text: 'sun' }),
      { cursor, record: { key, id, value: null } },
    ],
    ['what is no post', commit('create', { text: 'rain' }, 'app.bsky.feed.like'), { cursor }],
    ['an account', JSON.stringify({ time_us: 5, kind: 'account' }), { cursor: 5n }],
    ['a post without a text', commit('create', { langs: ['en'] }), { cursor, unreadable: true }],
    ['half a message', commit('create').slice(0, 40), { unreadable: true }],
    ['no time', '{"kind":"commit"}', { unreadable: true }],
    ['a list', '[]', { unreadable: true }],
  ])('tells %s', (_, message, heard) => {
    expect(heardOfBluesky(message, wanted)).toEqual(heard);
  });
});

describe('Mastodon', () => {
  const told = { wanted, own: 'https://m.example' };
  const status = (change: object = {}) => ({
    ...{ id: '116000000000000001', uri: 'https://m.example/@a/1', created_at: '2026-11-21T12:00:00.000Z' },
    ...{ language: 'en', content: '<p>Rain &amp; <b>tea</b></p>', edited_at: null },
    ...change,
  });
  const heard = (event: string, data: unknown) => [
    ...heardOfMastodon(event, typeof data === 'string' ? data : JSON.stringify(data), told),
  ];
  const cursor = 116_000_000_000_000_001n;
  const key = `https://m.example/api/v1/statuses/${cursor}`;

  test('tells a post by its number, under the address by which deletions name it', () => {
    expect(heard('update', status())).toMatchObject([
      { cursor, record: { key, id: String(cursor), value: { text: 'Rain & tea', uri: 'https://m.example/@a/1' } } },
    ]);
    expect(heard('delete', String(cursor))).toEqual([{ record: { key, id: `delete ${cursor}`, value: null } }]);
  });

  test('tells an edited post as what is told last of it, without a place of its own', () => {
    const edited = status({ edited_at: '2026-11-21T13:00:00.000Z', content: 'sun' });
    const record = { key, id: `${cursor} 2026-11-21T13:00:00.000Z`, value: null };
    expect(heard('status.update', edited)).toEqual([{ record }]);
    // One that was missed may be known from before, or not.
    expect(heard('update', edited)).toEqual([{ cursor }, { record }]);
  });

  test.each([
    ['half a post', 'update', JSON.stringify(status()).slice(0, 50)],
    ['a post without a number', 'update', status({ id: 'x' })],
    ['a post without a day', 'update', status({ created_at: 'soon' })],
    ['a post without a text', 'status.update', status({ content: null })],
    ['a deletion of nothing', 'delete', '{}'],
  ])('tells %s', (_, event, data) => {
    expect(heard(event, data)).toEqual([{ unreadable: true }]);
  });

  test('tells what is no business of ours, and that it lives', () => {
    expect(heard('notification', '{}')).toEqual([{}]);
  });

  test('numbers hold a time', () => {
    expect(mastodon.timeMs(BigInt(Date.UTC(2026, 10, 21)) << 16n)).toBe(Date.UTC(2026, 10, 21));
    expect(mastodon.overlap >> 16n).toBe(60_000n);
  });

  test.each([
    ['<p>one<br>two</p><p>three</p>', 'one\ntwo\nthree'],
    ['<a href="https://x.example"><span class="invisible">https://</span>x.example</a>', 'https://x.example'],
    ['&lt;b&gt; &#8230; &#x96E8; &nbsp;&unknown; &#99999999;', '<b> … 雨  &unknown; &#99999999;'],
    ['&amp;lt;', '&lt;'],
    ['&#1114112;', '&#1114112;'],
  ])('%s is text', (html, text) => {
    expect(textOf(html)).toBe(text);
  });
});

describe('server-sent events', () => {
  const stream =
    ':thump\n\nevent: update\ndata: {"a":\ndata: "é雨"}\n\nevent: delete\r\ndata: 1\r\n\r\ndata:x\n\nevent: none\n\n';
  const expected: ServerSentEvent[] = [
    { event: '', data: '' },
    { event: 'update', data: '{"a":\n"é雨"}' },
    { event: 'delete', data: '1' },
    { event: 'message', data: 'x' },
  ];

  test.each([1, 2, 3, 7, 1_000])('are whole however they are cut, after %d bytes', async (size) => {
    const bytes = new TextEncoder().encode(stream);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.slice(at * size, (at + 1) * size),
    );
    const found: ServerSentEvent[] = [];
    for await (const event of eventsOf(ReadableStream.from(pieces) as ReadableStream<Uint8Array>)) found.push(event);
    expect(found).toEqual(expected);
  });

  test('half of one is none', async () => {
    const found: ServerSentEvent[] = [];
    const half = ReadableStream.from([new TextEncoder().encode('event: update\ndata: {"a"')]);
    for await (const event of eventsOf(half as ReadableStream<Uint8Array>)) found.push(event);
    expect(found).toEqual([]);
  });
});

describe('who is refused', () => {
  test('comes again when the other side has said, in seconds or by a date, and never much later', () => {
    const later = (text: string) => (refusal('X', 429, text) as TryLater).afterMs;
    expect(later('7')).toBe(7_000);
    expect(later('86400')).toBe(900_000);
    expect(later('-5')).toBe(0);
    expect(later(new Date(Date.now() + 5_000).toUTCString())).toBeGreaterThan(3_000);
  });

  test.each([undefined, null, '', 'soon'])('hears no more than a number where it has not: %s', (text) => {
    expect(refusal('X', 503, text)).not.toBeInstanceOf(TryLater);
    expect(refusal('X', 503, text).message).toBe('X answered 503');
  });
});
