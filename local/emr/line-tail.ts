/** Follows a file that another process appends to, line by line: a file, not a pipe, so that a job outlives the command that watches it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const pollMs = 150;

export class LineTail {
  private readonly file: string;
  private readonly onLine: (line: string) => void;
  private readonly decoder = new StringDecoder('utf8');
  private readonly timer: NodeJS.Timeout;
  private position: number;
  private rest = '';

  /** @param from where in the file to begin */
  constructor(file: string, onLine: (line: string) => void, from = 0) {
    this.file = file;
    this.position = from;
    this.onLine = onLine;
    this.timer = setInterval(() => this.read(), pollMs);
  }

  /** Reads what is left and stops. A last line without a line feed counts too. */
  close(): void {
    clearInterval(this.timer);
    this.read();
    if (this.rest !== '') this.onLine(this.rest);
    this.rest = '';
  }

  /** Reads what has come by now. */
  read(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.file, 'r');
    } catch {
      return; // Not written yet.
    }
    try {
      const buffer = Buffer.allocUnsafe(65_536);
      for (;;) {
        const count = readSync(descriptor, buffer, 0, buffer.length, this.position);
        if (count === 0) break;
        this.position += count;
        const lines = (this.rest + this.decoder.write(buffer.subarray(0, count))).split('\n');
        this.rest = lines.pop() ?? '';
        for (const line of lines) this.onLine(line);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}
