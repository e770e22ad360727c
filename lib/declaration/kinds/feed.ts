/** Feeds: programs that are told each change of items, within moments, and write what is to be told of it to topics. */
import { z } from 'zod';
import { checkFiles, checkTopics, path, topics } from '../checks/code.ts';
import { checkCamelCase, made, whole } from '../checks/form.ts';
import type { Note } from '../mistakes.ts';
import { type Named, type Owner, Thing } from '../thing.ts';
import { Items } from './items.ts';
import type { Topic } from './topic.ts';

export interface FeedProps<W extends Named<Topic> = Named<Topic>> {
  /** The items whose changes it is told. */
  readonly of: Items;
  /** A module beside the declaration, whose default export has a `Tell` for each topic, by the topic's alias. */
  readonly code: string;
  /** Topics that it writes, by alias. */
  readonly writes: W;
  /** How many changes it is told at once, at most. @default 500 */
  readonly batchSize?: number;
  /** How often a change at which the code fails is tried again before it is given up. @default 20 */
  readonly retries?: number;
  /** After how many minutes a change is given up that could not be told; DynamoDB forgets it after a day. @default 1440 */
  readonly maxAgeMinutes?: number;
}

const DEFAULTS = { batchSize: 500, retries: 20, maxAgeMinutes: 1_440 };

const form = z.strictObject({
  name: z.string(),
  of: made(Items, 'items made by items(...)'),
  code: path,
  writes: topics,
  batchSize: whole(1, 1_000, ' changes').optional(),
  retries: whole(0, 1_000, ' times').optional(),
  maxAgeMinutes: whole(1, DEFAULTS.maxAgeMinutes, ' minutes').optional(),
} satisfies Record<keyof FeedProps | 'name', z.ZodType>);

/** A feed. It is no thing that jobs read or write: they read its topics, and write its items. */
export class Feed extends Thing {
  readonly kind = 'feed';
  readonly plural = 'feeds';
  readonly name: string;
  readonly props: FeedProps;

  constructor(name: string, props: FeedProps) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
  }

  get writes(): Named<Topic> {
    return this.props.writes;
  }

  /** How changes are told, also where its author has not said it. */
  get settings(): typeof DEFAULTS {
    const { batchSize, retries, maxAgeMinutes } = { ...DEFAULTS, ...this.props };
    return { batchSize, retries, maxAgeMinutes };
  }

  override place(pipeline: string): string {
    return `feed ${pipeline}.${this.name}`;
  }

  override check(owner: Owner, note: Note): void {
    const { code, writes } = this.props;
    checkCamelCase(note, 'name', this.name);
    checkFiles(owner, { code }, note);
    checkTopics('feeds', writes, note);
  }
}

/** A feed, by its name. */
export const feed = <const W extends Named<Topic>>(name: string, props: FeedProps<W>): Feed => new Feed(name, props);

/** Jobs read its topics: specs say nothing of it. */
export const readSpecs = [];
