/** Framed bodies, wherever the network cuts them. */
import { Readable } from 'node:stream';
import { text as consumed } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { contentOf } from '../../../local/iam/aws-chunked.ts';

const framed =
  '5;chunk-signature=ab\r\nfirst\r\n7\r\nse\r\ncon\r\n0;chunk-signature=cd\r\nx-amz-checksum-crc32:AAAA==\r\nx-amz-trailer-signature:ef\r\n\r\n';

async function contentIn(text: string, size: number): Promise<string> {
  const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
  const body = (async function* () {
    for (const part of parts) yield Buffer.from(part);
  })();
  return consumed(Readable.from(contentOf(body)));
}

test.each([1, 2, 3, 7, 1_000])('is its content, in parts of %d bytes', async (size) => {
  expect(await contentIn(framed, size)).toBe('firstse\r\ncon');
  expect(await contentIn('0\r\n\r\n', size)).toBe('');
});

test('is refused when it is no such body, or is cut off', async () => {
  await expect(contentIn('hello\r\n', 9)).rejects.toThrow('A chunk begins with "hello", not with its size.');
  await expect(contentIn(framed.slice(0, 30), 9)).rejects.toThrow('The body ends within its chunks.');
});
