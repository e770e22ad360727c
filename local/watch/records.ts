/** The newest records of a topic, as the page tells them. */
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import type { TopicReader } from '../accounts/kafka-reader.ts';
import { newestOf, recordDecoderOf, textOf } from '../accounts/records.ts';
import { visible } from '../visible.ts';
import type { RecordTold } from './model.ts';

const shownRecords = 20;

export async function newestRecords(
  reader: Pick<TopicReader, 'range' | 'read'>,
  topic: Topic,
  registryUrl: string,
): Promise<RecordTold[]> {
  const newest = await newestOf(reader, topic.name, await reader.range(topic.name), shownRecords);
  const decode = recordDecoderOf(topic.deadLettersOf ?? topic, registryUrl);
  const records = await Promise.all(newest.reverse().map(decode));
  return records.map(({ partition, offset, timestamp, key, value, headers }) => ({
    partition,
    offset: String(offset),
    at: timestamp,
    key: textOf(key),
    value: textOf(value),
    decoded: value.decoded,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [visible(name), visible(String(text))])),
  }));
}
