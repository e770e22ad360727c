/** What is wrong with the text of an Avro schema. */
import avro from 'avsc';
import { isWhole } from './form.ts';

export function avroSchemaMistake(text: string): string | undefined {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
    avro.Type.forSchema(schema as avro.Schema);
  } catch (error) {
    return (error as Error).message;
  }
  return logicalTypeMistake(schema, '');
}

/**
 * Types that may carry each logical type. Avro ignores in silence a logical type that it does not know, that stands on
 * another type, or that stands beside `type` in a field: amounts would be read as bytes and instants as numbers.
 */
const LOGICAL_TYPES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    date: ['int'],
    decimal: ['bytes', 'fixed'],
    duration: ['fixed'],
    'local-timestamp-micros': ['long'],
    'local-timestamp-millis': ['long'],
    'time-micros': ['long'],
    'time-millis': ['int'],
    'timestamp-micros': ['long'],
    'timestamp-millis': ['long'],
    uuid: ['string', 'fixed'],
  }),
);

function logicalTypeMistake(schema: unknown, path: string): string | undefined {
  if (Array.isArray(schema)) return firstOf(schema.map((branch) => logicalTypeMistake(branch, path)));
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { fields, items, values, type, logicalType } = schema as Record<string, unknown>;
  const here = path === '' ? 'the schema' : `field "${path}"`;
  if (logicalType !== undefined) return mistakeOf(schema, String(logicalType), String(type), here);
  for (const field of (fields ?? []) as { name: string; type: unknown; logicalType?: unknown }[]) {
    const fieldPath = path === '' ? field.name : `${path}.${field.name}`;
    if (field.logicalType !== undefined) {
      return `the logicalType of field "${fieldPath}" stands beside its type; put it inside: {"type": {"type": ..., "logicalType": ...}}`;
    }
    const inner = logicalTypeMistake(field.type, fieldPath);
    if (inner) return inner;
  }
  return firstOf([items, values, type].map((inner) => logicalTypeMistake(inner, path)));
}

function mistakeOf(schema: object, logicalType: string, type: string, here: string): string | undefined {
  const carriers = LOGICAL_TYPES.get(logicalType);
  if (!carriers) {
    return `the logicalType of ${here} is "${logicalType}"; Avro knows ${[...LOGICAL_TYPES.keys()].join(', ')}`;
  }
  if (!carriers.includes(type)) {
    return `the logicalType "${logicalType}" of ${here} stands on ${type}; it belongs on ${carriers.join(' or ')}`;
  }
  if (logicalType !== 'decimal') return undefined;
  const { precision, scale = 0 } = schema as { precision?: unknown; scale?: unknown };
  const most = Number.MAX_SAFE_INTEGER;
  if (isWhole(precision, 1, most) && isWhole(scale, 0, Number(precision))) return undefined;
  return `the decimal of ${here} has precision ${precision} and scale ${scale}; allowed: a precision from 1, a scale from 0 to the precision`;
}

const firstOf = (mistakes: readonly (string | undefined)[]): string | undefined => mistakes.find(Boolean);
