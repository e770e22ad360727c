/** The server's side of WebSockets, as far as texts have to be sent (RFC 6455). */
import { createHash } from 'node:crypto';

const [CONTINUED, TEXT, LAST] = [0x00, 0x01, 0x80] as const;

/** What a server answers to who asks for a WebSocket. */
export const accepted = (key: string): string => {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  return ['HTTP/1.1 101 Switching Protocols', ...headers, '', ''].join('\r\n');
};

function frame(kind: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([kind, length]), payload]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = kind;
  header[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

/** A text in one frame, or in two, which may cut through a letter. */
export function framesOf(text: string, inTwo: boolean): Buffer {
  const payload = Buffer.from(text);
  if (!inTwo || payload.length < 2) return frame(TEXT | LAST, payload);
  const half = Math.floor(payload.length / 2);
  return Buffer.concat([frame(TEXT, payload.subarray(0, half)), frame(CONTINUED | LAST, payload.subarray(half))]);
}
