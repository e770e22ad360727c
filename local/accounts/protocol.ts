/** Requests to one broker on its plain listener, in Kafka's own form, for what kafkajs does not ask. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { MillraceError } from '../../tools/errors.mjs';

const silenceMs = 20_000;

export interface Connection {
  /** Sends a request, and gives its whole answer. */
  readonly ask: (request: Buffer) => Promise<Buffer>;
  readonly close: () => void;
}

/**
 * Connects to a broker.
 *
 * @param server such as `127.0.0.1:9092`
 * @param failed makes the error of a broker that does not answer
 */
export async function connectionTo(server: string, failed: (why: string) => MillraceError): Promise<Connection> {
  const { hostname, port } = new URL(`kafka://${server}`);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(silenceMs, () => socket.destroy(failed(`for ${silenceMs / 1000} s nothing came`)));
  await once(socket, 'connect');
  const bytes = socket[Symbol.asyncIterator]();
  const ask = async (request: Buffer) => {
    socket.write(request);
    let answer = Buffer.alloc(0);
    while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
      const { value, done } = await bytes.next();
      if (done) throw failed('the broker closed the connection');
      answer = Buffer.concat([answer, value as Buffer]);
    }
    return answer;
  };
  return { ask, close: () => void socket.destroy() };
}

/** A request with its header and its length before it. */
export function requestOf(kind: number, version: number, body: readonly number[]): Buffer {
  const whole = [...int16(kind), ...int16(version), ...int32(0), ...text('millrace'), ...body];
  return Buffer.from([...int32(whole.length), ...whole]);
}

const bytesOf = (length: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(length);
  write(buffer);
  return buffer;
};
export const int16 = (value: number) => bytesOf(2, (buffer) => buffer.writeInt16BE(value));
export const int32 = (value: number) => bytesOf(4, (buffer) => buffer.writeInt32BE(value));
export const int64 = (value: number) => bytesOf(8, (buffer) => buffer.writeBigInt64BE(BigInt(value)));
export const text = (value: string) => [...int16(Buffer.byteLength(value)), ...Buffer.from(value)];
