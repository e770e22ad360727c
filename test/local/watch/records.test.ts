/** Records for people: decoded as their schemas say, and as text in which nothing hides where that fails. */

import avro from 'avsc';
import { expect, test } from 'vitest';
import { avro as avroSchema, deadLettersOf, jsonSchema, topic } from '../../../lib/declaration/index.ts';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { logicalTypes } from '../../../local/accounts/logical-types.ts';
import { visible } from '../../../local/visible.ts';
import { newestRecords } from '../../../local/watch/records.ts';

const words = topic('words', { partitions: 1, value: jsonSchema('word.schema.json') });
const hostile = '<script>alert(1)</script>\u001b[31mred\u0007 \u202eabc';

/** A topic of one partition that holds these values, the last one newest. */
const readerOf = (values: readonly (string | Buffer | null)[], headers = {}): Pick<TopicReader, 'range' | 'read'> => ({
  range: async () => ({ from: { 0: 0 }, to: { 0: values.length } }),
  read: async (_topic, { from }, onRecord) => {
    for (const [offset, value] of values.entries()) {
      if (offset < (from[0] ?? 0)) continue;
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      await onRecord(
        { key: Buffer.from('k'), value: bytes, offset: String(offset), timestamp: '1769864400000', headers } as never,
        0,
      );
    }
  },
});

test('the newest twenty are told, the newest first', async () => {
  const records = await newestRecords(readerOf(Array.from({ length: 50 }, (_, each) => `{"n": ${each}}`)), words, '');
  expect(records).toHaveLength(20);
  expect(records[0]).toMatchObject({
    offset: '49',
    value: '{ "n": 49 }',
    decoded: true,
    key: 'k',
    at: '2026-01-31T13:00:00.000Z',
  });
});

test('what is not what the schema says is told as it is', async () => {
  const records = await newestRecords(readerOf(['no json', Buffer.from([0xff, 0xfe]), null]), words, '');
  expect(records.map(({ value, decoded }) => [value, decoded])).toEqual([
    ['', true],
    ['0xfffe', false],
    ['no json', false],
  ]);
});

test('a dead letter is read as its source is, with why it is here', async () => {
  const [letter] = await newestRecords(
    readerOf(['{"a": 1}'], { 'millrace.error.reason': Buffer.from('late') }),
    deadLettersOf(words),
    '',
  );
  expect(letter).toMatchObject({ value: '{ "a": 1 }', decoded: true, headers: { 'millrace.error.reason': 'late' } });
});

test('nothing hides: escapes of terminals and turned text are shown, markup stays the text that it is', async () => {
  const [record] = await newestRecords(
    readerOf([hostile], { [hostile]: Buffer.from(hostile) }),
    topic('any', { partitions: 1 }),
    '',
  );
  const shown = '<script>alert(1)</script>␛[31mred␇ ⟨U+202E⟩abc';
  expect(record).toMatchObject({ value: shown, headers: { [shown]: shown } });
  expect(visible('one\ttwo\nthree')).toBe('one\ttwo\nthree');
});

test('of a long value as much of its own is told, however that has to be written', async () => {
  const [record] = await newestRecords(readerOf(['\u202e'.repeat(4_001)]), words, '');
  expect(record?.value).toBe(`${'⟨U+202E⟩'.repeat(4_000)}… (1 more)`);
});

test('a long value is cut, and says so', async () => {
  const [record] = await newestRecords(readerOf(['x'.repeat(4_321)]), topic('any', { partitions: 1 }), '');
  expect(record?.value).toHaveLength(4_000 + '… (321 more)'.length);
});

test('without a registry a record of Avro is told as it is', async () => {
  const framed = Buffer.from([0, 0, 0, 0, 1, 2, 0x61]);
  const records = await newestRecords(
    readerOf([framed]),
    topic('any', { partitions: 1, value: avroSchema('line.avsc') }),
    'http://127.0.0.1:1',
  );
  expect(records[0]).toMatchObject({ decoded: false });
});

test.each([
  [5n, '0.05'],
  [-5n, '-0.05'],
  [123_456n, '1234.56'],
  [0n, '0.00'],
  [-9_999_999_999_999_999n, '-99999999999999.99'],
])('money of Avro keeps its digits: %s hundredths', (unscaled, text) => {
  const hex = BigInt.asUintN(72, unscaled).toString(16).padStart(18, '0');
  const plain = avro.Type.forSchema({ type: 'bytes' });
  const money = avro.Type.forSchema({ type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 } as avro.Schema, {
    logicalTypes,
  });
  expect(money.fromBuffer(plain.toBuffer(Buffer.from(hex, 'hex')))).toBe(text);
});

test('a time of Avro is an instant', () => {
  const schema = { type: 'long', logicalType: 'timestamp-millis' } as avro.Schema;
  const time = avro.Type.forSchema(schema, { logicalTypes });
  expect(time.fromBuffer(avro.Type.forSchema('long').toBuffer(1_769_864_400_000))).toBe('2026-01-31T13:00:00.000Z');
});
