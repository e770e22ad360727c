/**
 * What is wrong with the text of a JSON Schema. Only the part of JSON Schema is allowed that Spark's columns and checks can keep exactly: a
 * word that the jobs passed over in silence would be a rule that is not kept.
 */
import { isObject } from '../json.ts';
import { patternOf } from '../parameter.ts';

const ANNOTATIONS = ['$id', '$schema', 'description', 'examples', 'title'];

/** Words of each type beside `type` and annotations, with what their values must be. */
const WORDS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  string: {
    format: (value) => value === 'date-time',
    minLength: isCount,
    maxLength: isCount,
    pattern: (value) => typeof value === 'string' && patternOf(value) !== undefined,
    enum: (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'),
  },
  integer: { minimum: Number.isSafeInteger, maximum: Number.isSafeInteger },
  number: { multipleOf: isPowerOfTen, minimum: Number.isFinite, maximum: Number.isFinite },
  boolean: {},
};

/** The most digits behind the point: columns are decimals of 18 digits. */
const MOST_DIGITS = 18;

export function jsonSchemaMistake(text: string): string | undefined {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  if (!isObject(schema) || schema.type !== 'object') return 'its type is not "object"';
  const unknown = wordsBeside(schema, ['type', 'properties', 'required', 'additionalProperties']);
  if (unknown) return unknown;
  if (schema.additionalProperties !== undefined && typeof schema.additionalProperties !== 'boolean') {
    return '"additionalProperties" is neither true nor false';
  }
  const { properties, required = [] } = schema;
  if (!isObject(properties) || Object.keys(properties).length === 0) return 'it has no properties';
  if (!Array.isArray(required) || !required.every((name) => Object.hasOwn(properties, String(name)))) {
    return '"required" is not a list of its properties';
  }
  const mistakes = Object.entries(properties).map(([name, property]) => ({ name, mistake: propertyMistake(property) }));
  const wrong = mistakes.find(({ mistake }) => mistake !== undefined);
  return wrong && `property "${wrong.name}": ${wrong.mistake}`;
}

/** Names of the whole numbers among the properties of a schema that has no mistake. */
export function integersOf(text: string): string[] {
  const { properties } = JSON.parse(text) as { properties: Record<string, { type: unknown }> };
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
}

/** The properties of a schema that has no mistake, each with its type; `date-time` of times. */
export function propertiesOf(text: string): Record<string, string> {
  const { properties } = JSON.parse(text) as { properties: Record<string, { type: unknown; format?: string }> };
  const typed = Object.entries(properties).map(([name, { type, format }]) => [name, format ?? typeOf(type) ?? '']);
  return Object.fromEntries(typed);
}

function propertyMistake(property: unknown): string | undefined {
  if (!isObject(property)) return 'it is no object';
  const type = typeOf(property.type);
  const words = type === undefined ? undefined : WORDS[type];
  if (!words)
    return `its type is ${JSON.stringify(property.type)}; allowed: ${Object.keys(WORDS).join(', ')}, or one of them with "null"`;
  const unknown = wordsBeside(property, ['type', ...Object.keys(words)]);
  if (unknown) return unknown;
  const wrong = Object.keys(words).find((word) => property[word] !== undefined && !words[word]?.(property[word]));
  if (wrong) return `"${wrong}" is ${JSON.stringify(property[wrong])}`;
  if (type === 'number' && property.multipleOf === undefined) {
    return 'a number says how exact it is by "multipleOf", such as 0.01';
  }
  return undefined;
}

function wordsBeside(schema: object, allowed: readonly string[]): string | undefined {
  const word = Object.keys(schema).find((name) => !allowed.includes(name) && !ANNOTATIONS.includes(name));
  return word === undefined ? undefined : `"${word}" is not among the words that the jobs keep: ${allowed.join(', ')}`;
}

/** The type of a property, be it nullable or not. */
function typeOf(type: unknown): string | undefined {
  if (!Array.isArray(type)) return typeof type === 'string' && Object.hasOwn(WORDS, type) ? type : undefined;
  const [one, ...others] = type.filter((name) => name !== 'null');
  return type.length === 2 && others.length === 0 ? typeOf(one) : undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPowerOfTen(value: unknown): boolean {
  const digits = -Math.log10(Number(value));
  return (
    typeof value === 'number' && Number(`1e-${Math.round(digits)}`) === value && digits >= 0 && digits <= MOST_DIGITS
  );
}
