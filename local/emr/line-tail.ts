/**
 * Takes a file that another process appends to and gives each complete line once, soon after it was written. Used by `job-runs.ts` for a
 * job's stdout and by `logs --follow`: a file, not a pipe, so that a job outlives the command that watches it.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const pollMilliseconds = 150;

export class LineTail {
  private readonly file: string;
  private readonly onLine: (line: string) => void;
  private readonly decoder = new StringDecoder('utf8');
  private readonly timer: NodeJS.Timeout;
  private position: number;
  private rest = '';

  constructor(file: string, onLine: (line: string) => void, from = 0) {
    this.file = file;
    this.onLine = onLine;
    this.position = from;
    this.timer = setInterval(() => this.read(), pollMilliseconds);
  }

  /** Reads what is left and stops. A last line without a line feed counts too. */
  close(): void {
    clearInterval(this.timer);
    this.read();
    if (this.rest !== '') this.onLine(this.rest);
    this.rest = '';
  }

  private read(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.file, 'r');
    } catch {
      return; // Not written yet.
    }
    try {
      const buffer = Buffer.allocUnsafe(65_536);
      for (let count = readSync(descriptor, buffer, 0, buffer.length, this.position); count > 0; ) {
        this.position += count;
        this.take(this.decoder.write(buffer.subarray(0, count)));
        count = readSync(descriptor, buffer, 0, buffer.length, this.position);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }
}
