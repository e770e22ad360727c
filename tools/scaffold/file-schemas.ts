/** Columns of a file, and the schemas of a pipeline that takes them: of lines, of records, and of what is known of a key. */

/** A column of a file, as `local/check/columns.py` saw it. */
export interface FileColumn {
  /** As the file calls it. */
  readonly header: string;
  readonly name: string;
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'timestamp';
  /** Of a number: digits behind the point. */
  readonly digits: number;
  readonly nullable: boolean;
  readonly longest: number;
  /** How many different values there are; null where nobody counted so many, or only a schema is known. */
  readonly different: number | null;
  /** Whether a value comes more than once. */
  readonly repeats: boolean;
  /** What was seen. */
  readonly words: string;
}

/** A file from which a pipeline is made. */
export interface FileSource {
  readonly form: 'csv' | 'jsonl';
  readonly columns: readonly FileColumn[];
  readonly separator?: string;
  /** The first line of a delimited file. */
  readonly header?: string;
  /** The text of the schema, where that is what was given. */
  readonly schema?: string;
  /** The sample, under its file name. */
  readonly sample: { readonly name: string; readonly content: string | Uint8Array };
}

type Json = Readonly<Record<string, unknown>>;

/** The schema of records: by what a schema of objects says, or by what was seen. */
export function recordSchema(columns: readonly FileColumn[], key: FileColumn, { form, schema }: FileSource): Json {
  if (schema === undefined || form === 'csv') return objectSchema(columns, key, 'name');
  const given = JSON.parse(schema) as { required?: string[]; properties: Record<string, unknown> };
  const name = (header: string) => columns.find((column) => column.header === header)?.name ?? header;
  const properties = Object.entries(given.properties).map(([header, property]) => [name(header), property]);
  return { ...given, required: given.required?.map(name) ?? [], properties: Object.fromEntries(properties) };
}

export function objectSchema(columns: readonly FileColumn[], key: FileColumn, called: 'name' | 'header'): Json {
  const properties = columns.map((column) => [column[called], property(column, column.name === key.name)]);
  return {
    title: called === 'name' ? 'One record' : 'One line of the file',
    type: 'object',
    required: columns.filter(({ nullable }) => !nullable).map((column) => column[called]),
    properties: Object.fromEntries(properties),
  };
}

function property({ kind, digits, nullable, longest }: FileColumn, isKey: boolean): Json {
  const type = kind === 'timestamp' ? 'string' : kind;
  return {
    type: nullable ? [type, 'null'] : type,
    ...(kind === 'timestamp' ? { format: 'date-time' } : {}),
    ...(kind === 'number' ? { multipleOf: Number(`1e-${digits}`) } : {}),
    // What becomes a key is bounded.
    ...(isKey && kind === 'string' ? { minLength: 1, maxLength: Math.max(100, 2 * longest) } : {}),
  };
}

export function lineRecord(name: string, columns: readonly FileColumn[], { header, separator }: FileSource): Json {
  const types: Readonly<Record<string, (column: FileColumn) => unknown>> = {
    integer: () => 'long',
    number: ({ digits }) => ({ type: 'bytes', logicalType: 'decimal', precision: 18, scale: digits }),
    timestamp: () => ({ type: 'long', logicalType: 'timestamp-millis' }),
  };
  const isRenamed = columns.some((column) => column.name !== column.header);
  return {
    type: 'record',
    name: 'Line',
    namespace: `millrace.${name}`,
    doc: `One data line of the file: fields separated by ${JSON.stringify(separator)}, in this order.`,
    ...(isRenamed ? { header } : {}),
    fields: columns.map((column) => {
      const type = types[column.kind]?.(column) ?? column.kind;
      return column.nullable ? { name: column.name, type: ['null', type], default: null } : { name: column.name, type };
    }),
  };
}

export function summarySchema(key: FileColumn, time: FileColumn | undefined, measure: FileColumn | undefined): Json {
  const moment = { earliest: { ...time, nullable: true }, latest: { ...time, nullable: true } };
  const others = {
    ...(measure ? { highest: { ...measure, nullable: true } } : {}),
    ...(time ? (moment as Record<string, FileColumn>) : {}),
  };
  return {
    title: `All records of a ${key.name} so far`,
    type: 'object',
    required: [key.name, 'records'],
    properties: {
      [key.name]: { type: key.kind },
      records: { type: 'integer', minimum: 1 },
      ...Object.fromEntries(Object.entries(others).map(([name, column]) => [name, property(column, false)])),
    },
  };
}

const WIDTH = 120;

/** JSON as Biome formats it: what is no outermost object stands on one line where it has room there. */
export function print(value: unknown): string {
  return `${printed(typeof value === 'string' ? JSON.parse(value) : value, 0, 0)}\n`;
}

function printed(value: unknown, depth: number, before: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((part) => ['', part] as const)
    : Object.entries(value).map(([name, part]) => [`${JSON.stringify(name)}: `, part] as const);
  if (parts.length === 0) return isList ? '[]' : '{}';
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (isList || depth > 1) {
    const flat = parts.map(([name, part]) => name + printed(part, Number.MAX_SAFE_INTEGER / 2, 0)).join(', ');
    const line = isList ? `[${flat}]` : `{ ${flat} }`;
    if (depth > WIDTH || 2 * depth + before + line.length < WIDTH) return line;
  }
  const inner = '  '.repeat(depth + 1);
  const lines = parts.map(([name, part]) => `${inner}${name}${printed(part, depth + 1, name.length)}`);
  return `${open}\n${lines.join(',\n')}\n${'  '.repeat(depth)}${close}`;
}
