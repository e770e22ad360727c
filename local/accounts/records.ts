/** Records for people and programs: decoded as far as they are what the schemas of their topic say. */
import type { KafkaMessage } from 'kafkajs';
import { isObject } from '../../lib/declaration/json.ts';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { Schema } from '../../lib/declaration/schema.ts';
import { visible } from '../visible.ts';
import { decoderOf } from './counts.ts';
import type { TopicReader } from './kafka-reader.ts';
import type { Range } from './offsets.ts';

/** A key or a value: as the schema says, else the text that it is, else its bytes as hexadecimal digits; null where there is none. */
export interface Part {
  readonly value: unknown;
  /** Whether it is what the schema says, or has none. */
  readonly decoded: boolean;
}

export interface DecodedRecord {
  readonly partition: number;
  readonly offset: number;
  /** An instant as ISO text. */
  readonly timestamp: string;
  readonly key: Part;
  readonly value: Part;
  /** Of a name that comes several times, all texts. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export type PlacedRecord = { readonly record: KafkaMessage; readonly partition: number };

const longestText = 4_000;

/** Reads records by the schemas of a topic. Those of dead letters and replays are the ones of their source. */
export function recordDecoderOf({ props }: Topic, registryUrl: string) {
  const [key, value] = [partDecoderOf(props.key, registryUrl), partDecoderOf(props.value, registryUrl)];
  return async ({ record, partition }: PlacedRecord): Promise<DecodedRecord> => {
    const headers = Object.entries(record.headers ?? {}).map(([name, given]) => {
      return [name, Array.isArray(given) ? given.map(plain) : plain(given ?? '')] as const;
    });
    return {
      partition,
      offset: Number(record.offset),
      timestamp: new Date(Number(record.timestamp)).toISOString(),
      key: await key(record.key),
      value: await value(record.value),
      headers: Object.fromEntries(headers),
    };
  };
}

function partDecoderOf(schema: Schema | undefined, registryUrl: string) {
  const decode = schema?.format === 'json' ? exactObject : schema && decoderOf(schema, registryUrl);
  return async (bytes: Buffer | null): Promise<Part> => {
    if (bytes === null) return { value: null, decoded: true };
    const value = decode && (await decode(bytes).catch(() => undefined));
    return value === undefined ? { value: plain(bytes), decoded: schema === undefined } : { value, decoded: true };
  };
}

/** A JSON object whose numbers keep every digit that they are written with. */
async function exactObject(bytes: Buffer): Promise<object | undefined> {
  const value: unknown = JSON.parse(bytes.toString('utf8'), keepDigits);
  return isObject(value as never) ? (value as object) : undefined;
}

/** TypeScript's library does not know yet what `JSON.parse` tells of a number, nor how `JSON.stringify` is told to repeat it. */
function keepDigits(_name: string, value: unknown, context?: { readonly source: string }): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON: (source: string) => unknown };
  return typeof value === 'number' && context ? rawJSON(context.source) : value;
}

function plain(bytes: Buffer | string): string {
  if (typeof bytes === 'string') return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `0x${bytes.toString('hex')}`;
  }
}

/** The newest records of a range that are wanted, the oldest of them first. */
export async function newestOf(
  reader: Pick<TopicReader, 'read'>,
  topic: string,
  { from, to }: Range,
  most: number,
  isWanted: (placed: PlacedRecord) => boolean = () => true,
  enough?: AbortSignal,
): Promise<PlacedRecord[]> {
  const partitions = Object.keys(to).map(Number);
  const low = (partition: number) => from[partition] ?? 0;
  // Compaction and transactions leave gaps, and few may be wanted: where a look has found too little, the next one goes further back.
  for (let behind = most; ; behind *= 10) {
    const begin = (partition: number) => Math.max(low(partition), (to[partition] ?? 0) - behind);
    const kept = new Map<number, PlacedRecord[]>(partitions.map((partition) => [partition, []]));
    const newest = { from: Object.fromEntries(partitions.map((partition) => [partition, begin(partition)])), to };
    const keep = (record: KafkaMessage, partition: number): void => {
      const placed = { record, partition };
      const found = kept.get(partition);
      if (!found || !isWanted(placed)) return;
      found.push(placed);
      if (found.length > most) found.shift();
    };
    await reader.read(topic, newest, keep, enough);
    const isEnough = (partition: number) => begin(partition) === low(partition) || kept.get(partition)?.length === most;
    if (!enough?.aborted && !partitions.every(isEnough)) continue;
    return [...kept.values()].flat().sort(byTime).slice(-most);
  }
}

const byTime = ({ record: one }: PlacedRecord, { record: other }: PlacedRecord) =>
  Number(one.timestamp) - Number(other.timestamp) || Number(one.offset) - Number(other.offset);

/** One line in which nothing hides; empty where there is nothing. */
export function textOf({ value }: Part): string {
  if (value === null) return '';
  return shown(typeof value === 'string' ? value : oneLine(value));
}

/** JSON in one line, with room to break it. */
const oneLine = (value: unknown): string => JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');

/** Cut first: of a megabyte nobody looks at each character. */
const shown = (text: string): string =>
  text.length > longestText
    ? `${visible(text.slice(0, longestText))}… (${text.length - longestText} more)`
    : visible(text);
