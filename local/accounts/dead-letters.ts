/** Dead letters, as their headers tell of them; `millrace.kafka.dead_letters` writes these. */
import type { KafkaMessage } from 'kafkajs';
import type { TopicReader } from './kafka-reader.ts';
import type { Range } from './offsets.ts';

/** Where the record lies that became a dead letter; undefined where the dead letter does not say. */
export type Source = { readonly topic: string; readonly partition: number; readonly offset: number } | undefined;

export interface DeadLetter {
  readonly reason: string;
  /** The job that set it aside. */
  readonly job: string | undefined;
  /** The topic that it was read from. */
  readonly topic: string | undefined;
  readonly source: Source;
  /** Whether it was too large for its topic, and is not whole. */
  readonly isCut: boolean;
  /** Tells its record from every other, also where its topic was made again; one that does not say is told by its own place. */
  readonly id: string;
}

export function deadLetterOf({ headers = {}, offset }: KafkaMessage, partition: number): DeadLetter {
  const error = (name: string) => headers[`millrace.error.${name}`]?.toString();
  const [topic, at] = [error('topic'), error('offset')];
  const source =
    at === undefined ? undefined : { topic: topic ?? '', partition: Number(error('partition')), offset: Number(at) };
  // What is no record, but a row that did not fit into a table, says which; a batch that is repeated sets it aside once more.
  const row = headers['millrace.row']?.toString();
  const place = source
    ? [source.topic, source.partition, source.offset, headers['millrace.first-timestamp']?.toString()]
    : ['unknown', partition, offset];
  return {
    reason: error('reason') ?? 'unknown',
    job: error('job'),
    topic,
    source,
    isCut: error('truncated') !== undefined,
    id: row === undefined ? place.join('/') : ['row', topic, row].join('/'),
  };
}

/**
 * The dead letters of a source topic in a range, each source record once: how many, why, and their sources.
 *
 * @param of the source topic, and the topic by which its dead letters come back
 * @param isAccounted whether those of a source count no more @default all count
 */
export async function deadLettersIn(
  reader: TopicReader,
  topic: string,
  range: Range,
  [of, replays]: readonly [of: string, replays?: string],
  isAccounted: (source: Source) => boolean = () => false,
) {
  const letters = new Map<string, DeadLetter>();
  await reader.read(topic, range, (record, partition) => {
    const letter = deadLetterOf(record, partition);
    // Sources of one stream share a topic of dead letters; each account counts its own.
    if (![of, replays, undefined].includes(letter.topic)) return;
    if (isAccounted(letter.source)) return;
    letters.set(letter.id, letter);
  });
  const found = [...letters.values()];
  const byReason = countBy(found.map(({ reason }) => reason));
  return { total: found.length, byReason, sources: found.map(({ source }) => source) };
}

export function countBy(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
