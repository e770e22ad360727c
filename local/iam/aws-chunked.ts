/** Bodies in the chunks in which AWS's SDKs frame what they sign on the way. */

/** The content of such a body, without what frames it: sizes and signatures of chunks, checksums at the end. */
export async function* contentOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  let left = 0;
  let ended = false;
  for await (const part of body) {
    if (ended) continue;
    held = Buffer.concat([held, part]);
    while (!ended) {
      const data = held.subarray(0, left);
      if (data.length > 0) yield data;
      left -= data.length;
      held = held.subarray(data.length);
      const end = left > 0 ? -1 : held.indexOf('\r\n');
      if (end < 0) break;
      const line = held.subarray(0, end).toString('latin1');
      held = held.subarray(end + 2);
      // An empty line ends the chunk before.
      if (line === '') continue;
      const [size] = /^[0-9a-f]+(?=;|$)/i.exec(line) ?? [];
      if (size === undefined)
        throw new Error(`A chunk begins with ${JSON.stringify(line.slice(0, 40))}, not with its size.`);
      left = Number.parseInt(size, 16);
      ended = left === 0;
    }
  }
  if (!ended) throw new Error('The body ends within its chunks.');
}
