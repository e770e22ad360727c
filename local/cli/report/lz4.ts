/**
 * Takes a compressed batch of Kafka records in the LZ4 frame format and gives its bytes: kafkajs has no decoder of its own, and Spark's
 * producer writes LZ4. Registered with kafkajs by `kafka-reader.ts`. Checksums are not compared: Kafka's own covers the batch.
 */

const frameMagic = 0x184d2204;
const uncompressedFlag = 0x80000000;
/** Sizes that a frame descriptor can name, by the number it gives. */
const largestBlocks: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 };

/** Decodes one frame. */
export function decodeLz4(frame: Buffer): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== frameMagic) throw new Error('not an LZ4 frame');
  const flags = frame.readUInt8(4);
  const largestBlock = largestBlocks[(frame.readUInt8(5) >> 4) & 7];
  if (flags >> 6 !== 1 || largestBlock === undefined) throw new Error('an LZ4 frame of an unknown version');
  const blockChecksum = flags & 0b01_0000 ? 4 : 0;
  let position = 7 + (flags & 0b1000 ? 8 : 0) + (flags & 0b1 ? 4 : 0);
  const output = new Output();
  for (;;) {
    const header = frame.readUInt32LE(position);
    if (header === 0) return output.bytes();
    const end = position + 4 + (header & ~uncompressedFlag);
    const block = frame.subarray(position + 4, end);
    if (end > frame.length) throw new Error('an LZ4 frame that ends early');
    output.reserve(largestBlock);
    if (header & uncompressedFlag) output.append(block);
    else decodeBlock(block, output);
    position = end + blockChecksum;
  }
}

/** What was decoded so far; later blocks may copy from earlier ones. */
class Output {
  private buffer = Buffer.allocUnsafe(65_536);
  private length = 0;

  reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  append(bytes: Buffer): void {
    this.length += bytes.copy(this.buffer, this.length);
  }

  /** Repeats what stands `offset` bytes back; it may overlap what it writes. */
  repeat(offset: number, count: number): void {
    if (offset === 0 || offset > this.length) throw new Error('an LZ4 block that points outside');
    for (let index = 0; index < count; index += 1) {
      this.buffer[this.length] = this.buffer[this.length - offset] as number;
      this.length += 1;
    }
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

function decodeBlock(block: Buffer, output: Output): void {
  let position = 0;
  /** Lengths of 15 and more go on in further bytes, until one is not 255. */
  const lengthOf = (start: number): number => {
    let length = start;
    if (start === 15) {
      let more: number;
      do {
        more = block.readUInt8(position);
        position += 1;
        length += more;
      } while (more === 255);
    }
    return length;
  };
  while (position < block.length) {
    const token = block.readUInt8(position);
    position += 1;
    const literals = lengthOf(token >> 4);
    output.append(block.subarray(position, position + literals));
    position += literals;
    if (position >= block.length) return; // The last sequence has no match.
    const offset = block.readUInt16LE(position);
    position += 2;
    output.repeat(offset, lengthOf(token & 15) + 4);
  }
}
