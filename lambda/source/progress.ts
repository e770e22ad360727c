/** How far a channel has come: its cursor, and what is known of that part of all it has heard which may be told again. */
import { createHash } from 'node:crypto';
import type { Heard } from '../../lib/declaration/listening.ts';

/** As many as a record of a topic has room for many times over; of more the oldest are forgotten, and would be written again if they were told again. */
const MOST_KNOWN = 4_000;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);

export class Progress {
  /** The largest cursor that was heard; none where only such was heard that has none. */
  at: bigint | undefined;
  private readonly overlap: bigint;
  /** What was written lately, by a digest of what tells it from others, with its cursor. */
  private readonly known = new Map<string, bigint>();

  /** @param text what `toText` gave once, whatever overlap it was made with @default nothing was ever heard */
  constructor(overlap: bigint, text?: string) {
    this.overlap = overlap;
    if (text === undefined) return;
    const { at, known } = JSON.parse(text) as { at?: string; known: Record<string, string> };
    if (at !== undefined) this.at = BigInt(at);
    for (const [digest, cursor] of Object.entries(known)) this.known.set(digest, BigInt(cursor));
  }

  /** From where on everything is to be told again after a break. */
  get from(): bigint | undefined {
    return this.at === undefined ? undefined : this.at - this.overlap;
  }

  /** Notes what was heard; says whether its record is to be written, and was not written before. */
  take({ cursor = this.at, record }: Heard): boolean {
    if (cursor !== undefined && (this.at === undefined || cursor > this.at)) this.at = cursor;
    if (!record) return false;
    const { key, value } = record;
    const [told, forgotten] = [digestOf(record.id), digestOf(`forget ${key}`)];
    if (this.known.has(told)) return false;
    this.known.set(told, cursor ?? 0n);
    if (value === null) this.known.set(forgotten, cursor ?? 0n);
    // What was told out of its turn, of a key that was to be forgotten since, stays forgotten.
    else if (cursor !== undefined && cursor < (this.known.get(forgotten) ?? cursor)) return false;
    return true;
  }

  /** As it is kept, without what is told no more. */
  toText(): string {
    const from = this.from ?? 0n;
    for (const [digest, cursor] of this.known) if (cursor < from) this.known.delete(digest);
    const excess = [...this.known.keys()].slice(0, Math.max(0, this.known.size - MOST_KNOWN));
    for (const digest of excess) this.known.delete(digest);
    const known = Object.fromEntries([...this.known].map(([digest, cursor]) => [digest, String(cursor)]));
    return JSON.stringify({ at: this.at?.toString(), known });
  }
}
