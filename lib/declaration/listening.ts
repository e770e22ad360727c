/** What the code of a source is: a channel for each of its topics, which says what it hears and how far it has come. */
import type { ParameterValue } from './parameter.ts';
import type { Named } from './thing.ts';

/** What a channel may know. */
export interface Outside {
  /** From where on it is to be told again; undefined where nothing was ever heard. */
  readonly from: bigint | undefined;
  readonly parameters: Named<ParameterValue>;
  /** A secret, by the name that the declaration has for it; asked for when it is needed, and kept nowhere. */
  readonly secret: (name: string) => Promise<string>;
  /** Aborted when the channel is to stop listening. */
  readonly signal: AbortSignal;
  /** Where on a developer's machine that is which plays the outside; undefined where the outside itself is to be listened to. */
  readonly standIn: string | undefined;
}

/** A record that is to be written, as JSON. */
export interface JsonRecord {
  readonly key: string;
  /** Null where the key is to be forgotten. */
  readonly value: Readonly<Record<string, string | number | boolean | null>> | null;
}

/** A record of what was heard. */
export interface HeardRecord extends JsonRecord {
  /** What tells it from all others; the same whenever the same is told again. */
  readonly id: string;
}

/** One thing that was heard, if only that somebody is there. */
export interface Heard {
  /** Where in all that is told this was told; larger of what is told later, by and large. */
  readonly cursor?: bigint;
  /** What is to be written of it. @default nothing */
  readonly record?: HeardRecord;
  /** Whether it could not be understood. @default false */
  readonly unreadable?: boolean;
}

/** What a source hears of one place outside, for one topic. */
export interface Channel {
  /** By how much of a cursor what is told may be out of order: so much of it is told again after a break, and what is known of that is left out. */
  readonly overlap: bigint;
  /** When something with this cursor was told, in milliseconds since 1970. */
  readonly timeMs: (cursor: bigint) => number;
  /** Listens, until the other side ends it; throws where that fails, and is called again in both cases. */
  readonly listen: (outside: Outside) => AsyncIterable<Heard>;
}

/** By the aliases of the topics. */
export type Channels = Named<Channel>;

/** Thrown by a channel whose other side has said when to come again. */
export class TryLater extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.name = 'TryLater';
    this.afterMs = afterMs;
  }
}
