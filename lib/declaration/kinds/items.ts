/** Items: small things that are found by their key within milliseconds, in a table of DynamoDB. */
import { z } from 'zod';
import { fitting } from '../checks/form.ts';
import type { Template } from '../fill.ts';
import type { Note } from '../mistakes.ts';
import { nameSpec } from '../schema.ts';
import { type Owner, type Sink, type Source, Thing, type Use } from '../thing.ts';

export interface ItemsProps {
  /** The attribute by which an item is found, a text. For life. */
  readonly partitionKey: string;
  /**
   * The attribute by which items of one partition key are told apart and put in order, a text. For life.
   * @default each partition key has one item
   */
  readonly sortKey?: string;
  /**
   * The attribute that says which of two states of an item is the later one, a whole number: a state takes the place of those with a smaller one, and of no others. So what
   * is written again changes nothing, and what comes late loses.
   */
  readonly version: string;
  /**
   * The attribute that says when DynamoDB may delete an item, in seconds since 1970; it does so within days.
   * @default items stay
   */
  readonly ttl?: string;
}

const attribute = fitting(
  'is not a name for an attribute',
  'letters, digits and _, first a letter, 63 at most',
  (name) => typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name),
  'string',
);

const form = z.strictObject({
  name: fitting(
    'is not a name for items',
    'a-z, 0-9 and _, first a letter, 30 at most',
    (name) => typeof name === 'string' && /^[a-z][a-z0-9_]{0,29}$/.test(name),
    'string',
  ),
  partitionKey: attribute,
  sortKey: attribute.optional(),
  version: attribute,
  ttl: attribute.optional(),
} satisfies Record<keyof ItemsProps | 'name', z.ZodType>);

/** A table of DynamoDB, of the pipeline alone. */
export class Items extends Thing implements Source, Sink {
  readonly kind = 'items';
  readonly plural = 'items';
  readonly name: string;
  readonly props: ItemsProps;

  constructor(name: string, props: ItemsProps) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
  }

  /** The attributes of the key, the partition key first. */
  get key(): readonly string[] {
    const { partitionKey, sortKey } = this.props;
    return sortKey === undefined ? [partitionKey] : [partitionKey, sortKey];
  }

  override place(pipeline: string): string {
    return `items ${pipeline}.${this.name}`;
  }

  readPart(_use: Use): Template {
    const { version, ttl } = this.props;
    const place = { kind: this.kind, table: `{pipeline.items.${this.name}}` };
    return { ...place, key: [...this.key], version, ...(ttl === undefined ? {} : { ttl }) };
  }

  writePart(use: Use): Template {
    return this.readPart(use);
  }

  override check(_pipeline: Owner, note: Note): void {
    const taken = new Set<string>();
    for (const word of ['partitionKey', 'sortKey', 'version', 'ttl'] as const) {
      const name = this.props[word];
      if (name === undefined) continue;
      if (taken.has(name)) note(word, 'is another attribute of these too', name, 'an attribute of its own');
      taken.add(name);
    }
  }

  override checkUse(use: Use, note: Note): void {
    if (use.mode === 'stream') note('', 'is no source of a stream', this, 'a batch job');
  }
}

/** Items of the pipeline, by their name among its own. */
export const items = (name: string, props: ItemsProps): Items => new Items(name, props);

const spec = z.strictObject({
  kind: z.literal('items'),
  table: z
    .string()
    .regex(/^arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]+$/)
    .describe('ARN of the table, which says its Region too'),
  key: z.array(nameSpec).min(1).max(2).describe('The partition key, and the sort key if there is one'),
  version: nameSpec.describe('The attribute by which a later state is known'),
  ttl: nameSpec.optional().describe('The attribute that says when an item may go'),
});
export const readSpecs = [spec];
export const writeSpecs = [spec];
