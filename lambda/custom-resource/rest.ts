/** A REST interface that may still be starting, asked again until it answers. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a service answered; `body` is JSON where it gave some. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends a request, which can be repeated without harm; gives any answer of the service itself, also a refusal. */
export type Rest = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) => Promise<Answer>;

export interface RestOptions {
  /** What people call it. */
  readonly title: string;
  readonly url: string;
  /** Path before that of each request. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses by which it, or what stands before it, says that it is not ready. */
  readonly starting: readonly number[];
  /** How long requests may be repeated, all together, while nobody answers. */
  readonly startingMs: number;
}

const requestTimeoutMs = 20_000;
/** Between two tries: first, and at most. */
export const pausesMs = [250, 5_000] as const;

export class NoAnswer extends Error {}

/** A connection for one event. */
export function restClient({ title, url, path: before = '', headers = {}, starting, startingMs }: RestOptions): Rest {
  const base = `${url.replace(/\/+$/, '')}${before}`;
  const deadline = performance.now() + startingMs;
  return async (method, path, body) => {
    const withType = { ...headers, 'content-type': 'application/json' };
    const content = body === undefined ? { headers } : { headers: withType, body: JSON.stringify(body) };
    const request = { method, ...content };
    const [firstMs, mostMs] = pausesMs;
    for (let pauseMs: number = firstMs; ; pauseMs = Math.min(pauseMs * 2, mostMs)) {
      const answer = await attempt(`${base}${path}`, request, starting);
      if (typeof answer !== 'string') return answer;
      if (performance.now() + pauseMs > deadline) {
        throw new NoAnswer(
          `${title} at ${url} did not answer within ${Math.round(startingMs / 1000)} s: ${answer}. Check that it runs, and that it can be reached from here.`,
        );
      }
      await sleep(pauseMs);
    }
  };
}

/** One try; the reason in words when it makes sense to try again. */
async function attempt(address: string, request: RequestInit, starting: readonly number[]): Promise<Answer | string> {
  try {
    const response = await fetch(address, { ...request, signal: AbortSignal.timeout(requestTimeoutMs) });
    const text = await response.text();
    return starting.includes(response.status)
      ? `HTTP ${response.status}`
      : { status: response.status, body: parsed(text) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message || cause.name : String(cause);
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
