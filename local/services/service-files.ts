/** The files of the services: what is remembered of each between commands, and data that belongs together. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { filesBelow, readJson, readText, writeFileAtomically, writeJson } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import type { ProcessIdentity } from './process.ts';
import type { Ports, ServiceName } from './types.ts';

/** What `service.json` holds of a service. */
export interface ServiceFile {
  /** The ports of the last start, taken again at the next one so that addresses in use elsewhere stay right. */
  readonly ports?: Ports;
  /** Present from the start until the stop. */
  readonly process?: ProcessIdentity & { readonly startedAt: string };
}

/** Beside the data of a service: the id of what it belongs to. */
export const DATA_ID = 'data-id';

export function serviceFiles(home: Home, name: ServiceName) {
  const folder = join(home.services, name);
  return {
    folder,
    data: join(folder, 'data'),
    scratch: join(folder, 'scratch'),
    log: join(folder, 'log.txt'),
    previousLog: join(folder, 'log.previous.txt'),
    file: join(folder, 'service.json'),
    dataId: join(folder, 'data', DATA_ID),
  };
}

export function readServiceFile(home: Home, name: ServiceName): ServiceFile {
  const remedy = 'It names a process: look for a java process of this folder, end it, then remove the file.';
  return (readJson(serviceFiles(home, name).file, remedy, isWhole) ?? {}) as ServiceFile;
}

const isWhole = ({ ports = {}, process }: ServiceFile): boolean =>
  isObject(ports) && (process === undefined || typeof process?.pid === 'number');

export function writeServiceFile(home: Home, name: ServiceName, content: ServiceFile): void {
  writeJson(serviceFiles(home, name).file, content);
}

/**
 * Sees to it that the data of the services belongs together, and gives the id of that data. A record in a topic carries
 * the id of a schema in the registry: a registry that lost its data would give the same ids to other schemas, and the
 * records would be read as something they are not.
 *
 * @throws MillraceError DATA_APART
 */
export function agreeOnData(home: Home, names: readonly ServiceName[]): string {
  const known = dataIdOf(home, names);
  if (known !== undefined) return known;
  const id = randomUUID();
  for (const name of names) writeFileAtomically(serviceFiles(home, name).dataId, id);
  return id;
}

/** The id of the data of the services; undefined where there is none yet. @throws MillraceError DATA_APART */
export function dataIdOf(home: Home, names: readonly ServiceName[]): string | undefined {
  const ids = names.map((name) => readText(serviceFiles(home, name).dataId));
  const [first] = ids;
  if (first !== undefined && ids.every((id) => id === first)) return first;
  const isUsed = (name: ServiceName) => filesBelow(serviceFiles(home, name).data, [DATA_ID]).length > 0;
  if (!names.some(isUsed)) return undefined;
  throw new MillraceError(
    'DATA_APART',
    `The data of ${names.join(' and ')} in ${home.services} does not belong together (found: ${names.map((name, i) => `${name}: ${ids[i] ?? 'none'}`).join(', ')}). Records name schemas by the registry's ids, so one cannot be used without the other. Put back what was removed, or start from empty data with "millrace down --purge".`,
  );
}

/** Java reads a properties file as Latin-1, in which a backslash starts an escape. */
export const inProperties = (path: string) =>
  path
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
