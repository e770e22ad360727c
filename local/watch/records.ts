/** The newest records of a topic, decoded as far as they are what its schemas say. */
import type { KafkaMessage } from 'kafkajs';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { Schema } from '../../lib/declaration/schema.ts';
import { decoderOf } from '../accounts/counts.ts';
import type { TopicReader } from '../accounts/kafka-reader.ts';
import type { RecordTold } from './model.ts';

const shownRecords = 20;
const longestText = 4_000;

export async function newestRecords(
  reader: Pick<TopicReader, 'range' | 'read'>,
  topic: Topic,
  registryUrl: string,
): Promise<RecordTold[]> {
  const { from, to } = await reader.range(topic.name);
  const behind = ([partition, end]: [string, number]) => [
    partition,
    Math.max(from[Number(partition)] ?? 0, end - shownRecords),
  ];
  const newest = { from: Object.fromEntries(Object.entries(to).map(behind)), to };
  const records: (KafkaMessage & { readonly partition: number })[] = [];
  await reader.read(topic.name, newest, (record, partition) => void records.push({ ...record, partition }));
  records.sort(
    (one, other) => Number(other.timestamp) - Number(one.timestamp) || Number(other.offset) - Number(one.offset),
  );
  const { key, value } = topic.props;
  // Dead letters are the bytes of their source.
  const [ofKey, ofValue] = topic.deadLettersOf
    ? [topic.deadLettersOf.props.key, topic.deadLettersOf.props.value]
    : [key, value];
  const decoded = { key: decodingOf(ofKey, registryUrl), value: decodingOf(ofValue, registryUrl) };
  return Promise.all(
    records.slice(0, shownRecords).map(async ({ partition, offset, timestamp, headers = {}, ...bytes }) => {
      const [told, toldKey] = [await decoded.value(bytes.value), await decoded.key(bytes.key)];
      const texts = Object.entries(headers).map(([name, text]) => [visible(name), visible(String(text))]);
      return {
        partition,
        offset,
        at: new Date(Number(timestamp)).toISOString(),
        key: toldKey.text,
        value: told.text,
        decoded: told.decoded,
        headers: Object.fromEntries(texts),
      };
    }),
  );
}

/** Bytes as text: as the schema says, else as the text that they are, else as hexadecimal digits. */
function decodingOf(schema: Schema | undefined, registryUrl: string) {
  const decode = schema && decoderOf(schema, registryUrl);
  return async (bytes: Buffer | null): Promise<{ text: string; decoded: boolean }> => {
    if (bytes === null) return { text: '', decoded: true };
    const read = decode && (await decode(bytes).catch(() => undefined));
    if (read !== undefined) return { text: cut(visible(oneLine(read))), decoded: true };
    return { text: cut(plain(bytes)), decoded: schema === undefined };
  };
}

function plain(bytes: Buffer): string {
  try {
    return visible(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return `0x${bytes.toString('hex')}`;
  }
}

/** JSON in one line, with room to break it. */
const oneLine = (value: object): string => JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ');

const cut = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}… (${text.length - longestText} more)` : text;

/**
 * Text in which nothing hides: control characters, of terminals too, and those that turn the direction of writing or take no room are shown
 * by their code points.
 */
export const visible = (text: string): string =>
  text.replace(/(?![\t\n])[\p{Cc}\p{Cf}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20
      ? String.fromCodePoint(0x2400 + code)
      : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
