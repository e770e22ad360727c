/** Bluesky by Jetstream: a WebSocket that tells every post of the network as JSON, from any moment of the last day on; nobody has to sign in. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createWebSocketStream, WebSocket } from 'ws';
import { isObject, objectIn } from '../../../lib/declaration/json.ts';
import type { Channel, Heard, Outside } from '../../../lib/declaration/listening.ts';
import { keptOf, type Wanted, wantedOf } from './kept.ts';
import { refusal } from './refused.ts';

const SERVER = 'wss://jetstream2.us-east.bsky.network';
const COLLECTION = 'app.bsky.feed.post';

/** What is larger the server is asked to leave out; a message that is larger all the same ends the connection. */
const LARGEST = 2 * 2 ** 20;

async function* listen({ from, parameters, signal, standIn }: Outside): AsyncIterable<Heard> {
  const wanted = wantedOf(parameters);
  const url = new URL('/subscribe', standIn?.replace(/^http/, 'ws') ?? SERVER);
  url.searchParams.set('wantedCollections', COLLECTION);
  url.searchParams.set('maxMessageSizeBytes', String(LARGEST));
  if (from !== undefined) url.searchParams.set('cursor', String(from));
  for await (const message of messagesOf(url, signal)) yield heardOf(message, wanted);
}

/** The messages of a WebSocket, no faster than somebody takes them. */
async function* messagesOf(url: URL, signal: AbortSignal): AsyncIterable<string> {
  const socket = new WebSocket(url, { handshakeTimeout: 10_000, maxPayload: 2 * LARGEST });
  let refused: Error | undefined;
  socket.once('unexpected-response', (_request, { statusCode = 0, headers }: IncomingMessage) => {
    refused = refusal('Jetstream', statusCode, headers['retry-after']);
    socket.terminate();
  });
  const end = () => socket.terminate();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const messages = createWebSocketStream(socket, { readableObjectMode: true, readableHighWaterMark: 64 });
    for await (const message of messages) yield String(message);
  } catch (error) {
    throw refused ?? error;
  } finally {
    signal.removeEventListener('abort', end);
    socket.on('error', () => undefined);
    end();
    if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
  }
}

/** What a message says. Every deletion is passed on: nobody remembers here which posts were kept. */
export function heardOf(message: string, wanted: Wanted): Heard {
  const { time_us: time, did, commit } = objectIn(message) ?? {};
  if (typeof time !== 'number' || !Number.isSafeInteger(time)) return { unreadable: true };
  const cursor = BigInt(time);
  if (!isObject(commit) || commit.collection !== COLLECTION) return { cursor };
  const { operation, rkey, rev, record } = commit;
  const uri = `at://${did}/${COLLECTION}/${rkey}`;
  const id = `${uri} ${rev}`;
  if (operation === 'delete') return { cursor, record: { key: uri, id, value: null } };
  if (!isObject(record) || typeof record.text !== 'string') return { cursor, unreadable: true };
  const edited = operation === 'update';
  const languages = Array.isArray(record.langs) ? record.langs.map(String) : [];
  const post = { network: 'bluesky', uri, languages, postedAtMs: time / 1_000, text: record.text, edited } as const;
  const value = keptOf(post, wanted);
  // What it said before is not to stay.
  if (value === undefined) return edited ? { cursor, record: { key: uri, id, value: null } } : { cursor };
  return { cursor, record: { key: uri, id, value } };
}

export const bluesky: Channel = {
  // Cursors are microseconds. Servers are not told all posts in the same order.
  overlap: 5_000_000n,
  timeMs: (cursor) => Number(cursor / 1_000n),
  listen,
};
