/** The table of a dataset in Iceberg's own JSON, for who makes it without Spark: the columns that Spark makes of the same JSON Schema, the same division. */
import { type Dataset, DIVISION } from './kinds/dataset.ts';

/** A property of a JSON Schema as a column. */
export interface Column {
  readonly name: string;
  /** In Iceberg's words. */
  readonly type: string;
  /** Whether a record without it is none. */
  readonly required: boolean;
}

/** Digits of a column of decimals. */
const MOST_DIGITS = 18;

const TYPES: Readonly<Record<string, string>> = { string: 'string', integer: 'long', boolean: 'boolean' };

/** The columns of a JSON Schema that has no mistake. */
export function columnsOf(schema: string): Column[] {
  const { properties, required = [] } = JSON.parse(schema) as {
    properties: Record<string, { type: string | string[]; format?: string; multipleOf?: number }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { type, format, multipleOf = 1 }]) => {
    const kinds = [type].flat();
    const [kind = ''] = kinds.filter((one) => one !== 'null');
    const decimal = `decimal(${MOST_DIGITS}, ${Math.round(-Math.log10(multipleOf))})`;
    return {
      name,
      type: format ? 'timestamptz' : (TYPES[kind] ?? decimal),
      required: required.includes(name) && !kinds.includes('null'),
    };
  });
}

/** Columns as Iceberg's schema; those of a table may all be null, as Spark makes them. */
const schemaOf = (columns: readonly Column[], mayBeNull: boolean) => ({
  type: 'struct',
  'schema-id': 0,
  fields: columns.map(({ name, type, required }, index) => ({
    ...{ id: index + 1, name, type },
    required: required && !mayBeNull,
  })),
});

/** What each word of a division is called in the name of a field, and as a transformation. */
const TIMES: Readonly<Record<string, string>> = { years: 'year', months: 'month', days: 'day', hours: 'hour' };

/** A part of a division as Iceberg's own classes name it. */
function fieldOf(division: string, columns: readonly Column[], index: number) {
  const [, plain, time = '', ofTime, , ofValue] = DIVISION.exec(division) ?? [];
  const [, word = '', width] = /^(bucket|truncate)\((\d+)/.exec(division) ?? [];
  const column = plain ?? ofTime ?? ofValue ?? '';
  const ending = TIMES[time] ?? (word === 'truncate' ? 'trunc' : word);
  return {
    name: ending ? `${column}_${ending}` : column,
    transform: TIMES[time] ?? (word ? `${word}[${width}]` : 'identity'),
    'source-id': columns.findIndex(({ name }) => name === column) + 1,
    'field-id': 1000 + index,
  };
}

/** The table of a dataset whose schema has this text, and how a record is read as one of its rows. */
export function icebergTable({ settings, properties }: Dataset, schema: string) {
  const columns = columnsOf(schema);
  const fields = settings.partitionBy.map((division, index) => fieldOf(division, columns, index));
  return {
    schema: schemaOf(columns, true),
    row: schemaOf(columns, false),
    'partition-spec': { 'spec-id': 0, fields },
    properties,
  };
}
