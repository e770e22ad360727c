/**
 * Takes and gives what is remembered of a service between commands (`service.json`), and keeps the data folders of all
 * services together. Called by `services.ts`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import type { ProcessIdentity } from './process.ts';
import type { Ports, ServiceName } from './types.ts';

/** What `service.json` holds. */
export interface ServiceRecord {
  /** The ports of the last start, taken again at the next one so that addresses in use elsewhere stay right. */
  readonly ports?: Ports;
  /** Present from the start until the stop. */
  readonly process?: ProcessIdentity & { readonly startedAt: string };
}

/** The files of a service. */
export function serviceFiles(home: Home, name: ServiceName) {
  const folder = join(home.services, name);
  return {
    folder,
    data: join(folder, 'data'),
    log: join(folder, 'log.txt'),
    previousLog: join(folder, 'log.previous.txt'),
    record: join(folder, 'service.json'),
    dataId: join(folder, 'data', 'data-id'),
  };
}

export function readRecord(home: Home, name: ServiceName): ServiceRecord {
  const path = serviceFiles(home, name).record;
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ServiceRecord;
  } catch (error) {
    throw new MillraceError(
      'SERVICE_RECORD_UNREADABLE',
      `${path} is no valid JSON, so it cannot be told which process it belongs to. Look for a java process of this folder, end it, then remove the file.`,
      { cause: error },
    );
  }
}

/** Replaces the record in one step: a command that is interrupted leaves the old one or the new one. */
export function writeRecord(home: Home, name: ServiceName, record: ServiceRecord): void {
  const files = serviceFiles(home, name);
  mkdirSync(files.folder, { recursive: true });
  const draft = `${files.record}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(draft, files.record);
}

/**
 * Sees to it that the data of the services belongs together, and gives the id of that data. A record in a topic carries
 * the id of a schema in the registry: a registry that lost its data would give the same ids to other schemas, and the
 * records would be read as something they are not.
 */
export function agreeOnData(home: Home, names: readonly ServiceName[]): string {
  const ids = names.map((name) => readDataId(home, name));
  const [first] = ids;
  if (first !== undefined && ids.every((id) => id === first)) return first;
  const used = names.filter((name) => hasData(home, name));
  if (used.length > 0) {
    throw new MillraceError(
      'DATA_APART',
      `The data of ${names.join(' and ')} in ${home.services} does not belong together (found: ${names.map((name, i) => `${name}: ${ids[i] ?? 'none'}`).join(', ')}). Records name schemas by the registry's ids, so one cannot be used without the other. Put back what was removed, or start from empty data with "millrace down --purge".`,
    );
  }
  const id = randomUUID();
  for (const name of names) {
    const files = serviceFiles(home, name);
    mkdirSync(files.data, { recursive: true });
    writeFileSync(files.dataId, id);
  }
  return id;
}

function readDataId(home: Home, name: ServiceName): string | undefined {
  const path = serviceFiles(home, name).dataId;
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function hasData(home: Home, name: ServiceName): boolean {
  const { data } = serviceFiles(home, name);
  return existsSync(data) && readdirSync(data).some((entry) => entry !== 'data-id');
}
