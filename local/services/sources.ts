/**
 * Sources of pipelines: the bundled function of each, called again and again as its schedule would, in a process that goes on; and beside it the program that
 * plays what is outside, where there is one and nobody asked for the outside itself. What they are told is in `source.json`, which `up` writes.
 */
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../lib/declaration/secret.ts';
import { readJson, readText, writeJson } from '../../tools/files.mjs';
import { typescriptOptions } from '../../tools/setup/hand-over.mjs';
import type { Home } from '../home.ts';
import { tokenOf } from '../iam/access.ts';
import { secretMissing } from './diagnosis.ts';
import { loopback } from './ports.ts';
import { serviceFiles } from './service-files.ts';
import type { Ports, ServiceDefinition, SourceName, StandInName } from './types.ts';

/** A secret that a source may read, by its name in Secrets Manager and the key of the text in it. */
export interface NamedSecret {
  readonly name: string;
  readonly key: string;
}

/** What the deployment says of a source. */
export interface SourceSettings {
  /** The deployed function, as the deployment remembers it. */
  readonly listens: object;
  /** After how long the next call takes over. */
  readonly turnMs: number;
  readonly secrets: readonly NamedSecret[];
  /** The program that plays what is outside; without it the source listens to the outside itself. */
  readonly standIn?: string;
}

const [PREFIX, STAND_IN] = ['source-', 'stand-in-'] as const;

/** A dot would be an ending, and neither name has a hyphen. */
export const sourceOf = (pipeline: string, source: string): SourceName => `${PREFIX}${pipeline}-${source}`;
export const standInOf = (source: SourceName): StandInName => `${STAND_IN}${source.slice(PREFIX.length)}`;

export const isOfSources = (name: string): name is SourceName | StandInName =>
  name.startsWith(PREFIX) || name.startsWith(STAND_IN);

const settingsFile = (home: Home, name: SourceName) => join(serviceFiles(home, name).folder, 'source.json');

/** What a source was told last; undefined where none is deployed. */
export const readSource = (home: Home, name: SourceName): SourceSettings | undefined =>
  readJson(settingsFile(home, name), 'Remove it and run "npx millrace up".') as SourceSettings | undefined;

export const writeSource = (home: Home, name: SourceName, settings: SourceSettings): void =>
  writeJson(settingsFile(home, name), settings);

/** Forgets a source that does not run. */
export function forgetSource(home: Home, name: SourceName): void {
  for (const each of [name, standInOf(name)]) rmSync(serviceFiles(home, each).folder, { recursive: true, force: true });
}

/** The sources that are deployed. */
export function sourceNames(home: Home): SourceName[] {
  const names = readdirSync(home.services).filter((name): name is SourceName => name.startsWith(PREFIX));
  return names.filter((name) => existsSync(settingsFile(home, name)));
}

/** The services of those: each source, behind what plays the outside for it. */
export function sourcesIn(home: Home): ServiceDefinition[] {
  return sourceNames(home).flatMap((name) => {
    const { standIn } = readSource(home, name) ?? {};
    return [...(standIn === undefined ? [] : [standInDefinition(home, name, standIn)]), sourceDefinition(name)];
  });
}

/** The file in which a person keeps a secret on this machine. */
const secretFile = (home: Home, { name, key }: NamedSecret) => join(home.secrets, new Secret(name, key).file);

/** The texts of a secret by their keys, as Secrets Manager keeps them; undefined where there is none. Of what plays the outside they are made up. */
export function secretOf(home: Home, name: string): Record<string, string> | undefined {
  const wanted = sourceNames(home).flatMap((each) => {
    const { secrets = [], standIn } = readSource(home, each) ?? {};
    return secrets.filter((one) => one.name === name).map((one) => ({ ...one, isPlayed: standIn !== undefined }));
  });
  const texts = wanted.flatMap((one) => {
    const text = one.isPlayed ? madeUp(home, one) : readText(secretFile(home, one))?.trimEnd();
    return text ? [[one.key, text] as const] : [];
  });
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

const madeUp = (home: Home, { name, key }: NamedSecret): string =>
  createHmac('sha256', tokenOf(home)).update(`${name} ${key}`).digest('hex');

/** @throws MillraceError SECRET_MISSING */
function requireSecrets(home: Home, name: SourceName): void {
  const { secrets = [], standIn } = readSource(home, name) ?? {};
  const missing = standIn === undefined ? secrets.find((one) => !readText(secretFile(home, one))?.trim()) : undefined;
  if (!missing) return;
  const wants = `${titleOf(name)} needs the secret ${missing.name}, ${missing.key}`;
  throw secretMissing(wants, secretFile(home, missing));
}

const titleOf = (name: SourceName): string => {
  const [pipeline, source] = name.slice(PREFIX.length).split('-');
  return `Source ${source} of ${pipeline}`;
};

const SOURCE_PROGRAM = fileURLToPath(new URL('../cloudformation/source-program.ts', import.meta.url));
const urlOf = (port: number | undefined) => `http://${loopback}:${port ?? 0}`;

/** It answers once the function has found how far it had come. */
const sourceDefinition = (name: SourceName): ServiceDefinition => ({
  name,
  title: titleOf(name),
  only: 'sources',
  memoryBytes: 200 * 1024 * 1024,
  ports: [{ name: 'state', preferred: 9730 }],
  stopWithinMs: 5_000,
  prepare: async ({ home }) => requireSecrets(home, name),
  command: ({ home, ports }) => ({
    program: process.execPath,
    arguments: [...typescriptOptions, SOURCE_PROGRAM, home.root, name, String(ports.state)],
  }),
  probe: async (ports: Ports) => {
    const response = await fetch(urlOf(ports.state), { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(await response.text());
  },
  address: (ports) => ({ url: urlOf(ports.state) }),
  symptoms: [
    [
      /TOPIC_AUTHORIZATION_FAILED|TRANSACTIONAL_ID_AUTHORIZATION_FAILED|GROUP_AUTHORIZATION_FAILED|Access denied/i,
      'its role may not do what it needs at the broker; "npx millrace access" says which request was denied',
    ],
  ],
});

const standInDefinition = (home: Home, source: SourceName, program: string): ServiceDefinition => {
  const name = standInOf(source);
  const told = join(serviceFiles(home, name).folder, 'told.json');
  return {
    name,
    title: `What plays the outside of ${titleOf(source).toLowerCase()}`,
    only: 'sources',
    memoryBytes: 150 * 1024 * 1024,
    ports: [{ name: 'outside', preferred: 9750 }],
    stopWithinMs: 5_000,
    prepare: async (context) => {
      mkdirSync(context.folder, { recursive: true });
      const { secrets = [] } = readSource(home, source) ?? {};
      writeJson(told, Object.fromEntries(secrets.map((one) => [`${one.name} ${one.key}`, madeUp(home, one)])));
    },
    command: ({ ports }) => ({
      program: process.execPath,
      arguments: [...typescriptOptions, program, String(ports.outside), told],
    }),
    // Whatever it answers, it is there.
    probe: async (ports) => void (await fetch(urlOf(ports.outside), { signal: AbortSignal.timeout(5_000) })),
    address: (ports) => ({ url: urlOf(ports.outside) }),
    symptoms: [],
  };
};
