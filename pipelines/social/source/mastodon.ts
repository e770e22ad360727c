/**
 * Mastodon by its streaming API: server-sent events of one server's public posts, for who has a token of it. They begin now: what came before is asked for by
 * pages. Deletions while nobody listened are told nobody.
 */
import { isObject, objectIn } from '../../../lib/declaration/json.ts';
import type { Channel, Heard, Outside } from '../../../lib/declaration/listening.ts';
import { keptOf, type Post, type Wanted, wantedOf } from './kept.ts';
import { refusal } from './refused.ts';
import { eventsOf } from './server-sent-events.ts';

/** Posts of a page, the most that a server gives. */
const PAGE = 40;

async function* listen({ from, parameters, secret, signal, standIn }: Outside): AsyncIterable<Heard> {
  const own = String(parameters.mastodonServer);
  const told = { wanted: wantedOf(parameters), own };
  const token = await secret('mastodon');
  const ask = async (path: string, accept: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, accept };
    const response = await fetch(new URL(path, standIn ?? own), { headers, signal });
    if (!response.ok) throw refusal('Mastodon', response.status, response.headers.get('retry-after'));
    return response;
  };
  // Before what was missed is asked for, so that nothing comes between the two.
  const { body } = await ask('/api/v1/streaming/public', 'text/event-stream');
  if (!body) throw new Error('Mastodon answered without a body');
  for (let last = from; last !== undefined; ) {
    const page: unknown = await (
      await ask(`/api/v1/timelines/public?limit=${PAGE}&min_id=${last}`, 'application/json')
    ).json();
    const statuses = Array.isArray(page) ? page : [];
    // The newest stands first.
    for (const status of statuses.toReversed()) yield* heardOfStatus(status, told);
    const newest = idOf(statuses[0]);
    last = newest !== undefined && newest > last ? newest : undefined;
  }
  for await (const { event, data } of eventsOf(body)) {
    if (event === '') yield {};
    else yield* heardOf(event, data, told);
  }
}

interface Told {
  readonly wanted: Wanted;
  /** Address of the server by which posts are known. */
  readonly own: string;
}

const idOf = (status: unknown): bigint | undefined => {
  const id = isObject(status) ? status.id : undefined;
  return typeof id === 'string' && /^\d+$/.test(id) ? BigInt(id) : undefined;
};

/** A deletion knows the post by its number on this server alone; so does the key. */
const keyOf = ({ own }: Told, id: bigint): string => `${own}/api/v1/statuses/${id}`;

/** What an event says. */
export function* heardOf(event: string, data: string, told: Told): Iterable<Heard> {
  if (event === 'delete') {
    const id = /^\d+$/.test(data) ? BigInt(data) : undefined;
    if (id === undefined) yield { unreadable: true };
    else yield { record: { key: keyOf(told, id), id: `delete ${id}`, value: null } };
  } else if (event === 'update' || event === 'status.update') {
    const status = objectIn(data);
    // An edited one is older than what was told last.
    if (event === 'update') yield* heardOfStatus(status, told);
    else yield heardOfEdited(status, told);
  } else yield {};
}

/** What is heard of a post that comes the first time; one that was edited before it was heard is both, since it may be known from before. */
function* heardOfStatus(status: unknown, told: Told): Iterable<Heard> {
  const id = idOf(status);
  const post = postOf(status, false);
  if (id === undefined || !post) {
    yield { unreadable: true };
    return;
  }
  const value = keptOf(post, told.wanted);
  yield { cursor: id, ...(value && { record: { key: keyOf(told, id), id: `${id}`, value } }) };
  if (isObject(status) && status.edited_at) yield heardOfEdited(status, told);
}

function heardOfEdited(status: unknown, told: Told): Heard {
  const id = idOf(status);
  const post = postOf(status, true);
  if (id === undefined || !post) return { unreadable: true };
  const at = isObject(status) ? status.edited_at : '';
  // What it said before is not to stay.
  return { record: { key: keyOf(told, id), id: `${id} ${at}`, value: keptOf(post, told.wanted) ?? null } };
}

function postOf(status: unknown, edited: boolean): Post | undefined {
  if (!isObject(status) || typeof status.content !== 'string') return undefined;
  const postedAtMs = Date.parse(String(status.created_at));
  if (Number.isNaN(postedAtMs)) return undefined;
  return {
    network: 'mastodon',
    uri: String(status.uri),
    languages: typeof status.language === 'string' ? [status.language] : [],
    postedAtMs,
    text: textOf(status.content),
    edited,
  };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The text of a piece of HTML, a line for each paragraph. */
export const textOf = (html: string): string =>
  html
    .replace(/<br\s*\/?>|<\/p>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
      if (name) return ENTITIES[name] ?? whole;
      const code = Number(decimal ?? `0x${hexadecimal}`);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .trim();

export const mastodon: Channel = {
  // Numbers of posts hold their time in milliseconds, above sixteen bits. Posts of other servers come with numbers of their own time.
  overlap: 60_000n << 16n,
  timeMs: (cursor) => Number(cursor >> 16n),
  listen,
};
