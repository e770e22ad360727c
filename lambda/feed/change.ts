/** Changes of items as Lambda tells them, in the form that the code of a feed gets. */
import type { Attribute, Change, Item } from '../../lib/declaration/changes.ts';
import { isObject } from '../../lib/declaration/json.ts';

/** A value as DynamoDB writes it: its type, and what it is as a text. */
export type Stored = Readonly<Record<string, unknown>>;
type StoredItem = Readonly<Record<string, Stored>>;

/** One change, as it stands on the stream of a table. */
export interface StreamRecord {
  readonly dynamodb: {
    readonly Keys: StoredItem;
    readonly OldImage?: StoredItem;
    readonly NewImage?: StoredItem;
    readonly SequenceNumber: string;
    /** In seconds since 1970. */
    readonly ApproximateCreationDateTime?: number;
  };
}

/** Digits that JavaScript's numbers always hold. */
const EXACT_DIGITS = 15;

export const changeOf = ({ dynamodb: { OldImage, NewImage } }: StreamRecord): Change => ({
  before: OldImage && itemOf(OldImage),
  after: NewImage && itemOf(NewImage),
});

export const itemOf = (stored: StoredItem): Item =>
  Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, attributeOf(value)]));

function attributeOf(stored: Stored): Attribute {
  const [[type, value] = ['nothing', undefined]] = Object.entries(stored);
  if (type === 'S' || type === 'B' || type === 'BOOL') return value as string | boolean;
  if (type === 'N') return numberOf(String(value));
  if (type === 'NULL') return null;
  if (type === 'M' && isObject(value)) return itemOf(value as StoredItem);
  if (type === 'L' && Array.isArray(value)) return value.map(attributeOf);
  if (['SS', 'BS'].includes(type) && Array.isArray(value)) return value as string[];
  if (type === 'NS' && Array.isArray(value)) return value.map((one) => numberOf(String(one)));
  throw new Error(`An attribute of the type ${type} is none that DynamoDB has.`);
}

/** The number, or its text where it would become another one. */
function numberOf(text: string): number | string {
  const number = Number(text);
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  return Number.isSafeInteger(number) || digits.length <= EXACT_DIGITS ? number : text;
}
