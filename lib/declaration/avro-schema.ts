/**
 * Checks the text of an Avro schema: the text comes in, a problem in words goes out, or nothing. Called by the
 * validation of declarations.
 */
import avro from 'avsc';

/** What is wrong with this Avro schema, or undefined. */
export function avroSchemaProblem(text: string): string | undefined {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
    avro.Type.forSchema(schema as avro.Schema);
  } catch (error) {
    return (error as Error).message;
  }
  return misplacedLogicalType(schema, '');
}

/**
 * Avro ignores a logical type that stands beside `type` in a field instead of inside the type, in silence: amounts
 * would be read as bytes and instants as numbers.
 */
function misplacedLogicalType(schema: unknown, path: string): string | undefined {
  if (Array.isArray(schema)) {
    return schema.map((branch) => misplacedLogicalType(branch, path)).find(Boolean);
  }
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { fields, items, values, type } = schema as Record<string, unknown>;
  if (Array.isArray(fields)) {
    for (const field of fields as { name: string; type: unknown; logicalType?: unknown }[]) {
      const here = path === '' ? field.name : `${path}.${field.name}`;
      if (field.logicalType !== undefined && typeof field.type === 'string') {
        return `the logicalType of field "${here}" stands beside its type; put it inside: {"type": {"type": ..., "logicalType": ...}}`;
      }
      const inner = misplacedLogicalType(field.type, here);
      if (inner) return inner;
    }
  }
  return [items, values, type].map((inner) => misplacedLogicalType(inner, path)).find(Boolean);
}
