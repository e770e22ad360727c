/** What goes wrong between a network and who listens to it; how often, anybody may say while it plays. */

export interface Faults {
  /** Of all messages how many are told twice. */
  repeated: number;
  /** How many messages may wait while later ones are told before them. */
  outOfOrder: number;
  /** Of all messages how many have something behind them that is no message. */
  malformed: number;
  /** After about how many messages a connection is cut, half of the times in the middle of one; 0: never. */
  cutAfter: number;
  /** Of all connections how many are refused, to come again in a second. */
  refused: number;
}

/** As it is on a good day. */
export const GOOD_DAY: Faults = { repeated: 0.02, outOfOrder: 3, malformed: 0.005, cutAfter: 1_500, refused: 0.1 };

/** What has gone wrong so far. */
export interface Mishaps {
  repeated: number;
  outOfOrder: number;
  malformed: number;
  cuts: number;
  halves: number;
  refused: number;
}

/** Where messages of a connection go. */
export interface Line {
  /** Tells one; resolves when there is room for more. */
  readonly tell: (message: string) => Promise<void>;
  /** Tells the beginning of one and no more. */
  readonly tellHalf: (message: string) => void;
  /** A whole message that says nothing which anybody could read. */
  readonly garbled: (message: string) => string;
  readonly cut: () => void;
  readonly isOpen: () => boolean;
}

/** No message waits longer than this for others, nor do later ones than this come before it. */
const LONGEST_MS = 1_000;

interface Message {
  readonly text: string;
  /** When what it tells happened. */
  readonly atMs: number;
}

/** Tells messages of one connection, as badly as it is meant to. */
export class Teller {
  private readonly line: Line;
  private readonly faults: Faults;
  private readonly mishaps: Mishaps;
  private readonly waiting: Message[] = [];
  private readonly queue: Message[] = [];
  /** Not all connections are cut after as many messages. */
  private readonly luck = 0.5 + Math.random();
  private told = 0;
  private telling = false;
  private late: NodeJS.Timeout | undefined;

  constructor(line: Line, faults: Faults, mishaps: Mishaps) {
    this.line = line;
    this.faults = faults;
    this.mishaps = mishaps;
  }

  add(text: string, atMs: number): void {
    this.queue.push({ text, atMs });
    if (!this.telling) void this.tellAll();
  }

  private async tellAll(): Promise<void> {
    this.telling = true;
    for (let next = this.queue.shift(); next !== undefined && this.line.isOpen(); next = this.queue.shift()) {
      this.waiting.push(next);
      if (this.waiting.length <= this.faults.outOfOrder && Math.random() < 0.5) continue;
      await this.tellWaiting();
    }
    this.telling = false;
    clearTimeout(this.late);
    // None waits for others that never come.
    if (this.waiting.length > 0) this.late = setTimeout(() => void this.tellRest(), LONGEST_MS);
  }

  /** Tells what waits, in any order, until there is more to come. */
  private async tellWaiting(): Promise<void> {
    while (this.waiting.length > 0 && this.line.isOpen()) {
      const isDue = (this.waiting.at(-1)?.atMs ?? 0) - (this.waiting[0]?.atMs ?? 0) > LONGEST_MS;
      const at = isDue ? 0 : Math.floor(Math.random() * this.waiting.length);
      if (at > 0) this.mishaps.outOfOrder += 1;
      await this.tellOne(this.waiting.splice(at, 1)[0]?.text ?? '');
      // The others may wait longer.
      if (this.queue.length > 0 && this.waiting.length <= this.faults.outOfOrder) break;
    }
  }

  private async tellRest(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    await this.tellWaiting();
    await this.tellAll();
  }

  private async tellOne(message: string): Promise<void> {
    this.told += 1;
    const { cutAfter } = this.faults;
    if (cutAfter > 0 && this.told > cutAfter * this.luck) {
      this.mishaps.cuts += 1;
      if (Math.random() < 0.5) {
        this.mishaps.halves += 1;
        this.line.tellHalf(message);
      }
      this.line.cut();
      return;
    }
    await this.line.tell(message);
    if (Math.random() < this.faults.repeated) {
      this.mishaps.repeated += 1;
      await this.line.tell(message);
    }
    if (Math.random() < this.faults.malformed) {
      this.mishaps.malformed += 1;
      await this.line.tell(this.line.garbled(message));
    }
  }
}
