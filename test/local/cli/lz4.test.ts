/** The LZ4 decoder, on frames written out by hand from the format's description. */
import { expect, test } from 'vitest';
import { decodeLz4 } from '../../../local/cli/report/lz4.ts';

/** Magic, version 1 with independent blocks, blocks of 64 KiB at most, a header checksum that is not compared. */
const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x00]);
const end = Buffer.alloc(4);

function frame(...blocks: { bytes: number[]; raw?: boolean }[]): Buffer {
  const parts = blocks.flatMap(({ bytes, raw }) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE((bytes.length | (raw ? 0x80000000 : 0)) >>> 0);
    return [size, Buffer.from(bytes)];
  });
  return Buffer.concat([header, ...parts, end]);
}

const codes = (text: string) => [...Buffer.from(text)];

test('literals, and a match that overlaps what it writes', () => {
  // 3 literals "abc", then 9 bytes from 3 back, then the last 2 literals.
  const bytes = [0x35, ...codes('abc'), 3, 0, 0x20, ...codes('yz')];
  expect(decodeLz4(frame({ bytes })).toString()).toBe('abcabcabcabcyz');
});

test('lengths of 15 and more', () => {
  const text = 'x'.repeat(15 + 255 + 7);
  expect(decodeLz4(frame({ bytes: [0xf0, 255, 7, ...codes(text)] })).toString()).toBe(text);
});

test('blocks that are not compressed, and several in a row', () => {
  const frameOfTwo = frame({ bytes: codes('plain '), raw: true }, { bytes: [0x40, ...codes('text')] });
  expect(decodeLz4(frameOfTwo).toString()).toBe('plain text');
});

test.each([
  ['another format', Buffer.from('gzip or so')],
  ['a match that points before the beginning', frame({ bytes: [0x14, 0x61, 9, 0, 0x10, 0x62] })],
  ['an end that is missing', frame({ bytes: codes('abcdef'), raw: true }).subarray(0, 14)],
])('%s is refused', (_, bytes) => {
  expect(() => decodeLz4(bytes)).toThrow();
});
