/** The REST interface (version 3) of Apicurio Registry, waiting for a registry that is still starting. */
import { type Rest, restClient } from '../custom-resource/rest.ts';

export { type Answer, NoAnswer } from '../custom-resource/rest.ts';

export type Registry = Rest;

/**
 * A connection for one event.
 *
 * @param startingMs how long requests may be repeated, all together, while nobody answers
 * @param password of the registry's user `writer`; none where the registry asks for none
 */
export const connectTo = (url: string, startingMs: number, password?: string): Registry =>
  restClient({
    title: 'The schema registry',
    url,
    path: '/apis/registry/v3',
    headers: password ? { authorization: `Basic ${btoa(`writer:${password}`)}` } : {},
    // A gateway without a healthy target, a registry whose storage is not there yet, and one that is asked too much.
    starting: [429, 502, 503, 504],
    startingMs,
  });
