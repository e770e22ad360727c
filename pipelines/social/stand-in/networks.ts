/**
 * Plays both networks on a developer's machine: their protocols, for posts that it invents. Its words are the port, and a file with the token that it asks for.
 *
 *     GET /subscribe                    Jetstream
 *     GET /api/v1/streaming/public      Mastodon's server-sent events
 *     GET /api/v1/timelines/public      Mastodon's pages
 *     GET /world                        all posts, and what has gone wrong so far
 *     POST /world                       {"rate": ..., "faults": {...}} from now on
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { objectIn } from '../../../lib/declaration/json.ts';
import { type Faults, GOOD_DAY, type Line, type Mishaps, Teller } from './faults.ts';
import { accepted, framesOf } from './frames.ts';
import { type Happening, type Invented, type Network, World } from './world.ts';

/** Posts a second, of both networks, of which about a quarter is kept. */
const RATE = 12;
const THUMP_MS = 5_000;

const [port, secrets = ''] = process.argv.slice(2);
const token = String(objectIn(readFileSync(secrets, 'utf8'))?.['social/mastodon token']);
const world = new World(1, RATE);
const faults: Faults = { ...GOOD_DAY };
const mishaps: Mishaps = { repeated: 0, outOfOrder: 0, malformed: 0, cuts: 0, halves: 0, refused: 0 };
const listeners: Readonly<Record<Network, Set<(happening: Happening) => void>>> = {
  bluesky: new Set(),
  mastodon: new Set(),
};
world.listener = (network, happening) => {
  for (const listener of listeners[network]) listener(happening);
};

const RETRY_AFTER = 'Retry-After';

const isRefused = (): boolean => {
  const refused = Math.random() < faults.refused;
  if (refused) mishaps.refused += 1;
  return refused;
};

/** A line over a socket or a response. @param ending what each message ends with */
const lineOf = (to: Socket | ServerResponse, ending: string, encoded: (message: string) => Buffer): Line => ({
  async tell(message) {
    if (to.write(encoded(message)) || to.destroyed) return;
    // Who has hung up meanwhile is told nothing more.
    await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => undefined);
  },
  tellHalf: (message) => {
    const bytes = encoded(message);
    to.write(bytes.subarray(0, bytes.length / 2));
  },
  garbled: (message) => `${message.slice(0, message.length / 2)}${ending}`,
  // What was written before goes out, and no goodbye.
  cut: () => void setImmediate(() => (to instanceof Object && 'socket' in to ? to.socket : to)?.destroy()),
  isOpen: () => !to.destroyed,
});

/** Tells somebody all that happens in a network, from what came before on, until they are gone. */
function follow(
  network: Network,
  to: Socket | ServerResponse,
  line: Line,
  before: readonly Happening[],
  messageOf: (one: Happening) => string,
): void {
  const teller = new Teller(line, faults, mishaps);
  const listener = (happening: Happening) => teller.add(messageOf(happening), happening.atMs);
  before.forEach(listener);
  listeners[network].add(listener);
  to.once('close', () => listeners[network].delete(listener));
  to.on('error', () => undefined);
}

// --- Bluesky

function jetstreamOf({ what, post, text, cursor }: Happening): string {
  const record = {
    $type: 'app.bsky.feed.post',
    createdAt: new Date(post.madeMs).toISOString(),
    langs: [post.language],
    text,
  };
  const operation = { made: 'create', edited: 'update', deleted: 'delete' }[what];
  const rest = what === 'deleted' ? {} : { record, cid: `cid${cursor}` };
  const commit = { rev: String(cursor), operation, collection: 'app.bsky.feed.post', rkey: world.idOf(post), ...rest };
  return JSON.stringify({ did: `did:plc:${post.author}`, time_us: Number(cursor), kind: 'commit', commit });
}

function subscribe(request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => undefined);
  if (isRefused()) {
    socket.end(`HTTP/1.1 429 Too Many Requests\r\n${RETRY_AFTER}: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return;
  }
  socket.write(accepted(String(request.headers['sec-websocket-key'])));
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const from = searchParams.get('cursor');
  const before = from === null ? [] : world.happenings.bluesky.filter(({ cursor }) => cursor >= BigInt(from));
  const line = lineOf(socket, '', (message) => framesOf(message, Math.random() < 0.1));
  // Whatever comes is a pong or a goodbye.
  socket.on('data', (data) => {
    if (((data[0] ?? 0) & 0x0f) === 0x08) socket.end();
  });
  follow('bluesky', socket, line, before, jetstreamOf);
}

// --- Mastodon

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (letter) => ({ '&': '&amp;', '<': '&lt;' })[letter] ?? '&gt;');

function statusOf(post: Invented, text = post.text): object {
  const id = String(world.cursorOf(post));
  return {
    id,
    uri: `https://mastodon.example/users/${post.author}/statuses/${id}`,
    created_at: new Date(post.madeMs).toISOString(),
    edited_at: post.editedMs === undefined ? null : new Date(post.editedMs).toISOString(),
    language: post.language,
    content: `<p>${escaped(text)}</p>`,
  };
}

function eventOf({ what, post, text }: Happening): string {
  if (what === 'deleted') return `event: delete\ndata: ${world.cursorOf(post)}\n\n`;
  // As it was then: not edited.
  const status = what === 'made' ? { ...statusOf(post, text), edited_at: null } : statusOf(post, text);
  return `event: ${what === 'made' ? 'update' : 'status.update'}\ndata: ${JSON.stringify(status)}\n\n`;
}

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(':)\n\n');
  const thumping = setInterval(() => response.write(':thump\n\n'), THUMP_MS);
  response.once('close', () => clearInterval(thumping));
  follow(
    'mastodon',
    response,
    lineOf(response, '\n\n', (message) => Buffer.from(message)),
    [],
    eventOf,
  );
}

/** The posts behind a number, as they are now, the newest first, as many as a page has. */
function page({ searchParams }: URL): object[] {
  const behind = BigInt(searchParams.get('min_id') ?? 0);
  const limit = Math.min(40, Number(searchParams.get('limit') ?? 20));
  const found = world.posts.filter(
    (post) => post.network === 'mastodon' && !post.deleted && world.cursorOf(post) > behind,
  );
  return found
    .slice(0, limit)
    .toReversed()
    .map((post) => statusOf(post));
}

// --- who asks

function answer(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const send = (status: number, body: unknown, headers = {}) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  if (url.pathname === '/world') return request.method === 'POST' ? change(request, send) : send(200, told());
  if (!url.pathname.startsWith('/api/v1/')) return send(404, { error: `${url.pathname} is not played` });
  if (request.headers.authorization !== `Bearer ${token}`) return send(401, { error: 'The access token is invalid' });
  if (isRefused())
    return send(429, { error: 'Too many requests' }, { [RETRY_AFTER]: new Date(Date.now() + 1_500).toUTCString() });
  if (url.pathname === '/api/v1/streaming/public') return stream(response);
  if (url.pathname === '/api/v1/timelines/public') return send(200, page(url));
  return send(404, { error: 'Record not found' });
}

async function change(request: IncomingMessage, send: (status: number, body: unknown) => void): Promise<void> {
  const { rate, faults: given } = objectIn(await text(request)) ?? {};
  if (typeof rate === 'number') world.rate = rate;
  Object.assign(faults, given);
  send(200, { rate: world.rate, faults });
}

const told = (): object => ({
  rate: world.rate,
  due: world.due,
  faults,
  mishaps,
  posts: world.posts.map((post) => ({
    network: post.network,
    key:
      post.network === 'bluesky'
        ? `at://did:plc:${post.author}/app.bsky.feed.post/${world.idOf(post)}`
        : String(world.cursorOf(post)),
    madeMs: post.madeMs,
    language: post.language,
    words: post.words,
    edited: post.editedMs !== undefined,
    deleted: post.deleted === true,
  })),
});

createServer(
  (request, response) => void Promise.resolve(answer(request, response)).catch((error) => response.destroy(error)),
)
  .on('upgrade', (request, socket) => subscribe(request, socket as Socket))
  .listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
