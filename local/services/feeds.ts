/**
 * Feeds of pipelines: a process for each, which reads the changes of items and calls the bundled function with them. What it is told is in `feed.json`, which `up` writes;
 * in its data is how far it has come, and what it has given up, in the form of the messages that Lambda leaves in a queue.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson, readText, writeJson } from '../../tools/files.mjs';
import { typescriptOptions } from '../../tools/setup/hand-over.mjs';
import type { Home } from '../home.ts';
import { loopback } from './ports.ts';
import { serviceFiles } from './service-files.ts';
import type { FeedName, Ports, ServiceDefinition } from './types.ts';

/** What the deployment says of a feed. */
export interface FeedSettings {
  /** The deployed function, and the mapping by which Lambda calls it, as the deployment remembers them. */
  readonly tells: object;
  readonly mapping: object;
}

const PREFIX = 'feed-';

/** Neither name has a hyphen. */
export const feedNameOf = (pipeline: string, feed: string): FeedName => `${PREFIX}${pipeline}-${feed}`;

export const isOfFeeds = (name: string): name is FeedName => name.startsWith(PREFIX);

const settingsFile = (home: Home, name: FeedName) => join(serviceFiles(home, name).folder, 'feed.json');

/** How far it has come on each shard. */
export const positionsFile = (home: Home, name: FeedName): string =>
  join(serviceFiles(home, name).data, 'positions.json');

/** What it has given up, a line for each message. */
export const givenUpFile = (home: Home, name: FeedName): string =>
  join(serviceFiles(home, name).data, 'given-up.jsonl');

/** What a feed was told last; undefined where none is deployed. */
export const readFeed = (home: Home, name: FeedName): FeedSettings | undefined =>
  readJson(settingsFile(home, name), 'Run "npx millrace up".') as FeedSettings | undefined;

export const writeFeed = (home: Home, name: FeedName, settings: FeedSettings): void =>
  writeJson(settingsFile(home, name), settings);

/** Forgets a feed that does not run. */
export const forgetFeed = (home: Home, name: FeedName): void =>
  rmSync(serviceFiles(home, name).folder, { recursive: true, force: true });

/** The feeds that are deployed. */
export function feedNames(home: Home): FeedName[] {
  const names = readdirSync(home.services).filter(isOfFeeds);
  return names.filter((name) => existsSync(settingsFile(home, name)));
}

/** The feeds of a pipeline by their own names, each with how many messages tell of changes that it has given up. */
export function givenUpOf(home: Home, pipeline: string): { feed: string; messages: number; file: string }[] {
  const prefix = feedNameOf(pipeline, '');
  return feedNames(home).flatMap((name) => {
    if (!name.startsWith(prefix)) return [];
    const file = givenUpFile(home, name);
    const messages = readText(file)?.split('\n').filter(Boolean).length ?? 0;
    return { feed: name.slice(prefix.length), messages, file };
  });
}

export const feedsIn = (home: Home): ServiceDefinition[] => feedNames(home).map(definition);

const FEED_PROGRAM = fileURLToPath(new URL('../cloudformation/feed-program.ts', import.meta.url));
const urlOf = (port: number | undefined) => `http://${loopback}:${port ?? 0}`;

/** It answers once it has found what there is to read. */
function definition(name: FeedName): ServiceDefinition {
  const [pipeline, feed] = name.slice(PREFIX.length).split('-');
  return {
    name,
    title: `Feed ${feed} of ${pipeline}`,
    only: 'feeds',
    memoryBytes: 200 * 1024 * 1024,
    ports: [{ name: 'state', preferred: 9770 }],
    // A call that is made is made to its end, as far as that comes.
    stopWithinMs: 5_000,
    prepare: async ({ data }) => void mkdirSync(data, { recursive: true }),
    command: ({ home, ports }) => ({
      program: process.execPath,
      arguments: [...typescriptOptions, FEED_PROGRAM, home.root, name, String(ports.state)],
    }),
    probe: async (ports: Ports) => {
      const response = await fetch(urlOf(ports.state), { signal: AbortSignal.timeout(5_000) });
      if (!response.ok) throw new Error(await response.text());
    },
    address: (ports) => ({ url: urlOf(ports.state) }),
    symptoms: [
      [
        /AUTHORIZATION_FAILED|Access denied|may not/i,
        'its role may not do what it needs; "npx millrace access" says which request was denied',
      ],
    ],
  };
}
