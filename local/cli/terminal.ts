/** Where progress goes: lines and counters on stderr, redrawn on a terminal, plain lines elsewhere. stdout is for results only. */
import type { WriteStream } from 'node:tty';
import { visible } from '../visible.ts';

const redrawMs = 200;
const plainMs = 5_000;

export class Terminal {
  private readonly out: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  private readonly live: boolean;
  private readonly colour: boolean;
  private readonly started = performance.now();
  private counter = '';
  private shown = '';
  private lastCounterAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(out: Terminal['out'] = process.stderr, environment: NodeJS.ProcessEnv = process.env) {
    this.out = out;
    this.live = out.isTTY === true && environment.TERM !== 'dumb';
    this.colour = this.live && !environment.NO_COLOR;
  }

  /** One line: what happened, after the time since the start of the command. */
  readonly line = (text: string): void => {
    this.erase();
    this.out.write(`${this.paint('2', this.elapsed())}  ${visible(text)}\n`);
    this.draw();
  };

  /** Text that is no progress. */
  plain(text: string): void {
    this.erase();
    this.out.write(`${visible(text)}\n`);
  }

  /** The same of something bad; its first words are red on a terminal. */
  bad(words: string, text = ''): void {
    this.erase();
    this.out.write(`${this.paint('31', visible(words))}${visible(text)}\n`);
  }

  /** Counters that move: redrawn in place, or now and then a line. Empty ends them. */
  count(text: string): void {
    if (text === this.counter) return;
    this.counter = text;
    if (this.live) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.draw();
      }, redrawMs);
    } else if (text !== '' && performance.now() - this.lastCounterAt >= plainMs) {
      this.lastCounterAt = performance.now();
      this.line(text);
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.counter = '';
    this.erase();
  }

  private draw(): void {
    if (!this.live) return;
    this.erase();
    if (this.counter === '') return;
    this.shown = visible(`${this.elapsed()}  ${this.counter}`).slice(0, this.out.columns || 80);
    this.out.write(this.shown);
  }

  private erase(): void {
    if (this.shown === '') return;
    this.out.write('\r\u001b[2K');
    this.shown = '';
  }

  private elapsed(): string {
    return `${((performance.now() - this.started) / 1000).toFixed(1)} s`.padStart(8);
  }

  private paint(code: string, text: string): string {
    return this.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
