/** What topics and files say: rows in results, lines of a file and of its rejects. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import avro from 'avsc';
import type { KafkaMessage } from 'kafkajs';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Schema } from '../../lib/declaration/schema.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { countBy } from './dead-letters.ts';
import type { TopicReader } from './kafka-reader.ts';
import { logicalTypes } from './logical-types.ts';
import type { Range } from './offsets.ts';

/** Bytes before the Avro body: a zero and the schema's id. */
const frameBytes = 5;

type Decoder = (value: Buffer) => Promise<Record<string, unknown>>;

/** How values of a topic are read: JSON says by itself what it holds, Avro names a schema in the registry, which is fetched once. */
export function decoderOf(schema: Schema | undefined, registryUrl: string): Decoder {
  const unreadable = (why: string) =>
    new MillraceError('UNREADABLE_RESULT', `A record of the topic of results ${why}.`);
  if (schema?.format === 'json') {
    return async (value) => {
      const fields = objectIn(value.toString('utf8'));
      if (!fields) throw unreadable('is no JSON object');
      return fields;
    };
  }
  const types = new Map<number, Promise<avro.Type>>();
  return async (value) => {
    if (value.length <= frameBytes || value[0] !== 0) throw unreadable('is not framed: byte 0 must be 0');
    const id = value.readUInt32BE(1);
    const type = types.get(id) ?? fetchType(registryUrl, id);
    types.set(id, type);
    return (await type).fromBuffer(value.subarray(frameBytes)) as Record<string, unknown>;
  };
}

async function fetchType(registryUrl: string, id: number): Promise<avro.Type> {
  const response = await fetch(`${registryUrl}/apis/registry/v3/ids/contentIds/${id}`);
  if (response.ok) return avro.Type.forSchema((await response.json()) as avro.Schema, { logicalTypes });
  throw new MillraceError(
    'UNKNOWN_SCHEMA',
    `The registry at ${registryUrl} has no schema of id ${id} (${response.status}).`,
  );
}

/** The number of the batch of a stream that wrote a record; undefined where others did. */
function batchOf({ headers }: KafkaMessage): number | undefined {
  const said = headers?.['millrace.batch']?.toString() ?? '';
  return /^\d+$/.test(said) ? Number(said) : undefined;
}

/**
 * Sum of a field over the records of a topic; of a compacted one over the latest record of every key. Without a field each record counts as one,
 * and one that comes again with its key as the same. A process that outlived its driver may have written the end of a batch behind a later batch,
 * which counts. What others wrote behind that counts as they wrote it.
 */
export async function totalOf(
  reader: TopicReader,
  topic: string,
  range: Range,
  {
    field,
    decode,
    compacted,
  }: { readonly field: string | undefined; readonly decode: Decoder; readonly compacted: boolean },
): Promise<number> {
  const counted = new Map<string, { readonly value: Buffer | null; readonly batch: number }>();
  await reader.read(topic, range, (record, partition) => {
    const { key, value, offset } = record;
    const byKey = compacted || (field === undefined && key !== null);
    const id = byKey ? (key?.toString('latin1') ?? '') : `${partition}/${offset}`;
    const latest = counted.get(id)?.batch ?? 0;
    const batch = batchOf(record) ?? latest;
    if (latest <= batch) counted.set(id, { value, batch });
  });
  let total = 0;
  for (const { value } of counted.values()) {
    if (value) total += field === undefined ? 1 : Number((await decode(value))[field]);
  }
  return total;
}

export interface ReadFile {
  readonly path: string;
  /** Whether its first line is none of its rows. */
  readonly hasHeader: boolean;
  /** How many rows were to be read; 0 is the whole file. */
  readonly rows: number;
  readonly rejectsFolder?: string;
}

/** Rows that an execution was to read, and lines that were none. */
export async function countFile({ path, hasHeader, rows, rejectsFolder }: ReadFile) {
  let lines = 0;
  if (rows === 0) for await (const _line of linesOf(path)) lines += 1;
  const read = rows || Math.max(0, hasHeader ? lines - 1 : lines);
  return { read, ...(await countRejects(rejectsFolder)), rejectsFolder };
}

/** How many lines a folder of rejects holds, and why. */
export async function countRejects(folder: string | undefined) {
  const reasons: string[] = [];
  for (const part of folder ? partsIn(folder) : []) {
    for await (const line of linesOf(part)) reasons.push(String(objectIn(line)?.reason ?? 'unknown'));
  }
  return { rejected: reasons.length, rejectedByReason: countBy(reasons) };
}

/** Files that Spark left in a folder; none where it made no folder. */
export function partsIn(folder: string): string[] {
  try {
    const parts = readdirSync(folder).filter((name) => name.startsWith('part-'));
    return parts.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The lines of a file that are not empty. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') yield line;
  }
}
