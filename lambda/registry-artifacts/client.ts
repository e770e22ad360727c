/**
 * Takes requests to the REST interface (version 3) of Apicurio Registry and gives its answers, waiting for a registry
 * that is still starting. Called by `artifacts.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** What the registry answered; `body` is JSON where it gave some. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** How the registry says no. */
export interface Problem {
  /** Stable: `RuleViolationException`, `ArtifactNotFoundException`, ... */
  readonly name?: string;
  readonly title?: string;
  readonly causes?: readonly { readonly description?: string; readonly context?: string }[];
}

/** Where the registry is and how long it may take to come up. */
export interface RegistryOptions {
  readonly url: string;
  /** How long requests may be repeated, all together, while nobody answers. */
  readonly startingMs: number;
}

/** A gateway without a healthy target, a registry whose storage is not there yet, and one that is asked too much. */
const startingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const requestTimeoutMs = 20_000;

/** A connection for one event. Every request of this handler can be repeated without harm. */
export class Registry {
  readonly #base: string;
  readonly #deadline: number;
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#base = `${options.url.replace(/\/+$/, '')}/apis/registry/v3`;
    this.#deadline = Date.now() + options.startingMs;
  }

  /** Sends a request; gives any answer of the registry itself, also a refusal. */
  async send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    for (let pauseMs = 250; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      const problem = await this.#attempt(method, path, body);
      if (typeof problem !== 'string') return problem;
      if (Date.now() + pauseMs > this.#deadline) {
        throw new Error(
          `The schema registry at ${this.#options.url} did not answer within ${Math.round(this.#options.startingMs / 1000)} s: ${problem}. Check that it runs, and that it can be reached from here.`,
        );
      }
      await sleep(pauseMs);
    }
  }

  /** One try; the reason in words when it makes sense to try again. */
  async #attempt(method: string, path: string, body: unknown): Promise<Answer | string> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        signal: AbortSignal.timeout(requestTimeoutMs),
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return cause instanceof Error ? cause.message || cause.name : String(cause);
    }
    if (startingStatuses.has(response.status)) return `HTTP ${response.status}`;
    return { status: response.status, body: parse(text) };
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
