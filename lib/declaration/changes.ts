/** What the code of a feed is: for each of its topics what is told there of a change of an item. */
import type { JsonRecord } from './listening.ts';
import type { Named } from './thing.ts';

/**
 * An attribute of an item. A number that JavaScript cannot hold exactly is its text: one of more than 15 digits that is no whole number up to 2^53. Bytes are in base64.
 */
export type Attribute =
  | string
  | number
  | boolean
  | null
  | readonly Attribute[]
  | { readonly [name: string]: Attribute };

export type Item = Readonly<Record<string, Attribute>>;

/** One change of one item. The changes of an item are told one after the other, as they were made. */
export interface Change {
  /** What it was; undefined where it is new. */
  readonly before: Item | undefined;
  /** What it is; undefined where it is gone. */
  readonly after: Item | undefined;
}

/**
 * What is told of a change, if anything; of the same change the same, since one may be told again: its key is what makes one record of two. Who throws is asked again,
 * and in the end the change is given up.
 */
export type Tell = (change: Change) => JsonRecord | undefined;

/** By the aliases of the topics. */
export type Tells = Named<Tell>;
