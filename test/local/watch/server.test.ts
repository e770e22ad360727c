/** The page is for who has its address, on this machine and in its own window; it can be read, and nothing else. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Feed } from '../../../local/watch/feed.ts';
import { type Served, serve } from '../../../local/watch/server.ts';

const page = { '': { type: 'text/html', text: 'the page' }, 'page.js': { type: 'text/javascript', text: 'script' } };
const execution = { name: 'one', status: 'RUNNING', startedAt: '', input: {} } as const;
let feed: Feed;
let served: Served;

beforeAll(async () => {
  feed = new Feed();
  feed.publish({ execution });
  served = await serve(page, feed, async (what, name) =>
    what === 'records' && name === 'a/b' ? ['found'] : undefined,
  );
});
afterAll(() => served.close());

/** Asks as no browser would let a page ask. */
async function ask(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  const whole = path.startsWith('/') ? path : `${new URL(served.url).pathname}${path}`;
  const asked: ClientRequest = request(served.url, { path: whole, method, headers }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('who has the address', () => {
  test('gets the page, and what it needs', async () => {
    expect(await ask('')).toMatchObject({ status: 200, body: 'the page' });
    expect(await ask('page.js')).toMatchObject({ status: 200, body: 'script' });
    expect(await ask('records/a%2Fb')).toMatchObject({ status: 200, body: '["found"]' });
  });

  test.each([
    'nothing',
    'records/other',
    'records',
    '__proto__',
    'constructor',
    'records/a/b',
    '..%2f..%2fetc',
    'records/%zz',
  ])('finds nothing at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  test('is told at once what following would be', async () => {
    const { status, headers, body } = await ask('events', { method: 'HEAD' });
    expect({ status, type: headers['content-type'], body }).toEqual({
      status: 200,
      type: 'text/event-stream',
      body: '',
    });
  });

  test('has an address that nobody guesses, and leaves no trace of it elsewhere', async () => {
    expect(new URL(served.url).pathname).toMatch(/^\/[\w-]{32}\/$/);
    expect((await ask('')).headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  test('gets a page that may load nothing from elsewhere', async () => {
    const { headers } = await ask('');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/,
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('can do nothing else: %s', async (method) => {
    expect((await ask('', { method })).status).toBe(405);
  });
});

test.each(['/', '/events', `/${'x'.repeat(32)}/`, '//'])('without its token there is nothing at %s', async (path) => {
  const { status, body } = await ask(path);
  expect({ status, body }).toEqual({ status: 404, body: 'nothing is here\n' });
});

test.each(['millrace.example', '127.0.0.1', 'localhost:1', '127.0.0.1.example:80'])(
  'a name that somebody leads here is refused: %s',
  async (host) => {
    expect((await ask('', { headers: { host } })).status).toBe(421);
  },
);

test.each<Record<string, string>>([
  { origin: 'https://example.com' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1:1' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
])('another page is refused: %j', async (headers) => {
  expect((await ask('', { headers })).status).toBe(403);
});

test('a link to it is followed from anywhere', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  expect((await ask('', { headers })).status).toBe(200);
});

test('its own page is not, by either name of this machine', async () => {
  const { port } = new URL(served.url);
  const host = `localhost:${port}`;
  expect((await ask('', { headers: { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' } })).status).toBe(
    200,
  );
});

describe('who follows', () => {
  /** Follows from a moment on until so many messages have come. */
  async function follow(messages: number, headers: Record<string, string> = {}, query = '') {
    const asked = request(new URL(`events${query}`, served.url), { headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let got = '';
    for await (const part of response) {
      got += part;
      if (got.split('\ndata: ').length > messages) break;
    }
    asked.destroy();
    const [, ...found] = got.split('\nid: ');
    return found.map((message) => {
      const [mark = '', data = ''] = message.split('\ndata: ');
      return { mark, told: JSON.parse(data) as object };
    });
  }

  test('gets all, then what changes', async () => {
    const two = follow(2);
    setTimeout(() => feed.publish({ states: [] }), 100);
    expect((await two).map(({ told }) => told)).toEqual([{ execution }, { states: [] }]);
  });

  test('and comes back gets what it has missed, by either way to say where it was', async () => {
    const { mark } = feed;
    feed.publish({ runs: [] });
    expect((await follow(1, { 'last-event-id': mark }))[0]?.told).toEqual({ runs: [] });
    expect((await follow(1, {}, `?after=${mark}`))[0]?.told).toEqual({ runs: [] });
  });

  test('is one of ten, who all get the same', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => follow(1)));
    expect(new Set(all.map(([first]) => JSON.stringify(first)))).toEqual(new Set([JSON.stringify(all[0]?.[0])]));
  });

  test('is told that it ends', async () => {
    const own = new Feed();
    own.publish({ execution });
    const other = await serve(page, own, async () => undefined);
    const asked = request(new URL('events', other.url)).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const all = text(response);
    await other.close();
    expect(await all).toMatch(/"execution"[\s\S]*event: end\n/);
  });
});
