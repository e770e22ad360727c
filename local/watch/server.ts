/**
 * Serves a page on the loopback address to whoever has its address, in which a random token is a folder. It only reads: it knows GET, its own
 * host and its own origin, and the page may load nothing from elsewhere.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../tools/errors.mjs';
import { loopback } from '../services/ports.ts';
import type { Page } from './bundle.ts';
import type { Feed } from './feed.ts';

/** What a page asks for when somebody opens a part of the picture; undefined where there is no such part. */
export type Details = (what: string, name: string) => Promise<unknown>;

export interface Served {
  readonly url: string;
  /** Tells the pages that it ends, and ends. */
  close(): Promise<void>;
}

/** Comes between two messages, so that a connection that is gone is noticed. */
const silenceMs = 15_000;

const safe = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

const eventStream = 'text/event-stream';

type Answer = readonly [status: number, type: string, body: string];
const refused = (status: number, why: string): Answer => [status, 'text/plain; charset=utf-8', `${why}\n`];

export async function serve(page: Page, feed: Feed, details: Details): Promise<Served> {
  const token = randomBytes(24).toString('base64url');
  const streams = new Set<ServerResponse>();
  let hosts: string[] = [];

  /** Why a request is refused, whoever it comes from. */
  function refusal({ method, headers }: IncomingMessage): Answer | undefined {
    const { host = '', origin, 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode } = headers;
    // A name that somebody else's DNS leads here is no name of ours.
    if (!hosts.includes(host)) return refused(421, 'another host');
    const isOurs = origin === undefined || hosts.some((one) => origin === `http://${one}`);
    // Who follows a link to the page gets it in a window of its own, which nobody else can look into.
    const isAsked = mode === 'navigate' || ['same-origin', 'none'].includes(String(site));
    if (!isOurs || !isAsked) return refused(403, 'another origin');
    return method === 'GET' || method === 'HEAD' ? undefined : refused(405, 'it can only be read');
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
    const refuse = refusal(request);
    if (refuse) return refuse;
    const { pathname, searchParams } = new URL(`http://page${request.url}`);
    const [, given = '', what, name, ...rest] = pathname.split('/');
    if (!isSame(given, token) || what === undefined || rest.length > 0) return refused(404, 'nothing is here');
    const file = name === undefined && Object.hasOwn(page, what) ? page[what] : undefined;
    if (file) return [200, file.type, file.text];
    if (what === 'events' && name === undefined) {
      if (request.method === 'HEAD') return [200, eventStream, ''];
      follow(request, response, request.headers['last-event-id'] ?? searchParams.get('after') ?? '');
      return undefined;
    }
    const asked = name === undefined ? undefined : decoded(name);
    const found = asked === undefined ? undefined : await details(what, asked);
    if (found === undefined) return refused(404, 'nothing is here');
    return [200, 'application/json', JSON.stringify(found)];
  }

  /** Sends what changed since a moment, and goes on. Who reads slowly gets less often what has changed by then. */
  function follow(request: IncomingMessage, response: ServerResponse, after: unknown): void {
    let mark = String(after);
    const send = () => {
      if (response.writableNeedDrain) return;
      const changed = feed.since(mark);
      if (changed === undefined) return;
      mark = feed.mark;
      response.write(`id: ${mark}\ndata: ${changed}\n\n`);
    };
    response.writeHead(200, { ...safe, 'content-type': eventStream });
    response.write('retry: 1000\n\n');
    const stop = feed.listen(send);
    const timer = setInterval(() => response.write(':\n\n'), silenceMs);
    streams.add(response);
    response.on('drain', send);
    request.on('close', () => {
      stop();
      clearInterval(timer);
      streams.delete(response);
    });
    send();
  }

  const server = createServer((request, response) => {
    void answer(request, response)
      .catch((error: unknown) => refused(500, messageOf(error)))
      .then((answered) => {
        if (!answered || response.headersSent) return;
        const [status, type, body] = answered;
        response.writeHead(status, { ...safe, 'content-type': type }).end(request.method === 'HEAD' ? '' : body);
      });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, loopback, resolve));
  const { port } = server.address() as AddressInfo;
  hosts = [`${loopback}:${port}`, `localhost:${port}`];
  return {
    url: `http://${loopback}:${port}/${token}/`,
    close: async () => {
      for (const stream of streams) stream.end('event: end\ndata: {}\n\n');
      await new Promise((resolve) => {
        server.close(resolve);
        setTimeout(() => server.closeAllConnections(), 200);
      });
    },
  };
}

/** A name as it was before it became part of an address; undefined where it never was one. */
function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

function isSame(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
