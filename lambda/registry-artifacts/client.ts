/** The REST interface (version 3) of Apicurio Registry, waiting for a registry that is still starting. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What the registry answered; `body` is JSON where it gave some. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends a request, which can be repeated without harm; gives any answer of the registry itself, also a refusal. */
export type Registry = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) => Promise<Answer>;

/** A gateway without a healthy target, a registry whose storage is not there yet, and one that is asked too much. */
const startingStatuses: readonly number[] = [429, 502, 503, 504];

const requestTimeoutMs = 20_000;

export class NoAnswer extends Error {}

/**
 * A connection for one event.
 *
 * @param startingMs how long requests may be repeated, all together, while nobody answers
 * @param password of the registry's user `writer`; none where the registry asks for none
 */
export function connectTo(url: string, startingMs: number, password?: string): Registry {
  const base = `${url.replace(/\/+$/, '')}/apis/registry/v3`;
  const deadline = performance.now() + startingMs;
  const credentials: Record<string, string> = password ? { authorization: `Basic ${btoa(`writer:${password}`)}` } : {};
  return async (method, path, body) => {
    const headers = { ...credentials, 'content-type': 'application/json' };
    const content = body === undefined ? { headers: credentials } : { headers, body: JSON.stringify(body) };
    const request = { method, ...content };
    for (let pauseMs = 250; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      const answer = await attempt(`${base}${path}`, request);
      if (typeof answer !== 'string') return answer;
      if (performance.now() + pauseMs > deadline) {
        throw new NoAnswer(
          `The schema registry at ${url} did not answer within ${Math.round(startingMs / 1000)} s: ${answer}. Check that it runs, and that it can be reached from here.`,
        );
      }
      await sleep(pauseMs);
    }
  };
}

/** One try; the reason in words when it makes sense to try again. */
async function attempt(address: string, request: RequestInit): Promise<Answer | string> {
  try {
    const response = await fetch(address, { ...request, signal: AbortSignal.timeout(requestTimeoutMs) });
    const text = await response.text();
    return startingStatuses.includes(response.status)
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
