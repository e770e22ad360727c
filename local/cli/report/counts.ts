/**
 * Takes the topics of a pipeline and counts what they say: rows in the latest summaries, dead letters by reason. Called by `reconcile.ts`.
 */
import avro from 'avsc';
import { isJsonSchema, type SchemaReference } from '../../../lib/declaration/model.ts';
import { MillraceError } from '../../../tools/errors.ts';
import type { KafkaReader, Range } from './kafka-reader.ts';

/** Bytes before the Avro body: a zero and the schema's id. */
const frameBytes = 5;

/** Gives the fields of a record's value. */
export type Decoder = (value: Buffer) => Promise<Record<string, unknown>>;

/** How values of a topic are read: JSON says by itself what it holds, Avro names a schema in the registry. */
export function decoderOf(schema: SchemaReference | undefined, registryUrl: string): Decoder {
  if (schema && isJsonSchema(schema)) return async (value) => fieldsOf(value);
  const schemas = new Schemas(registryUrl);
  return (value) => schemas.decode(value);
}

function fieldsOf(value: Buffer): Record<string, unknown> {
  let fields: unknown;
  try {
    fields = JSON.parse(value.toString('utf8'));
  } catch {
    // Refused below, like JSON of another kind.
  }
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Record<string, unknown>;
  throw new MillraceError('UNREADABLE_SUMMARY', 'A record of the summary topic is no JSON object.');
}

/** Fetches schemas by the id in a record's frame, each once. */
class Schemas {
  private readonly registryUrl: string;
  private readonly types = new Map<number, Promise<avro.Type>>();

  constructor(registryUrl: string) {
    this.registryUrl = registryUrl;
  }

  /** Decodes a framed record. */
  async decode(value: Buffer): Promise<Record<string, unknown>> {
    if (value.length <= frameBytes || value[0] !== 0) {
      throw new MillraceError('UNREADABLE_SUMMARY', 'A record of the summary topic is not framed: byte 0 must be 0.');
    }
    const type = await this.typeOf(value.readUInt32BE(1));
    return type.fromBuffer(value.subarray(frameBytes)) as Record<string, unknown>;
  }

  private typeOf(id: number): Promise<avro.Type> {
    const known = this.types.get(id) ?? this.fetch(id);
    this.types.set(id, known);
    return known;
  }

  private async fetch(id: number): Promise<avro.Type> {
    const response = await fetch(`${this.registryUrl}/apis/registry/v3/ids/contentIds/${id}`);
    if (!response.ok) {
      throw new MillraceError(
        'UNKNOWN_SCHEMA',
        `The registry at ${this.registryUrl} has no schema of id ${id} (${response.status}).`,
      );
    }
    return avro.Type.forSchema((await response.json()) as avro.Schema);
  }
}

/** Sum of a field over the latest record of every key of a compacted topic. */
export async function totalOf(
  reader: KafkaReader,
  topic: string,
  range: Range,
  field: string,
  decode: Decoder,
): Promise<number> {
  const latest = new Map<string, Buffer | null>();
  await reader.read(topic, range, ({ key, value }) => {
    latest.set(key?.toString('latin1') ?? '', value);
  });
  let total = 0;
  for (const value of latest.values()) {
    if (value) total += Number((await decode(value))[field]);
  }
  return total;
}

/** Dead letters of a range, each source record once, by reason. */
export interface DeadLetters {
  readonly total: number;
  readonly byReason: Readonly<Record<string, number>>;
  /** Source positions (`partition/offset`) with their reasons. */
  readonly positions: ReadonlyMap<string, string>;
}

export async function deadLettersOf(reader: KafkaReader, topic: string, range: Range): Promise<DeadLetters> {
  const positions = new Map<string, string>();
  await reader.read(topic, range, ({ headers = {}, offset }, partition) => {
    const header = (name: string) => headers[`millrace.error.${name}`]?.toString();
    const [sourcePartition, sourceOffset] = [header('partition'), header('offset')];
    const position =
      sourceOffset === undefined ? `unknown/${partition}/${offset}` : `${sourcePartition}/${sourceOffset}`;
    positions.set(position, header('reason') ?? 'unknown');
  });
  const byReason: Record<string, number> = {};
  for (const reason of positions.values()) byReason[reason] = (byReason[reason] ?? 0) + 1;
  return { total: positions.size, byReason, positions };
}
