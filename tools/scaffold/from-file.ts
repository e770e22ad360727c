/** What a new pipeline is made of that takes its columns from a file: which of them is the key, which the time, and every text that follows from them. */
import { MillraceError } from '../errors.mjs';
import {
  type FileColumn,
  type FileSource,
  lineRecord,
  objectSchema,
  print,
  recordSchema,
  summarySchema,
} from './file-schemas.ts';
import type { Model } from './scaffold.ts';

/** Which columns are what, by the names of the file or of the records. */
export interface Choice {
  readonly key?: string | undefined;
  readonly time?: string | undefined;
}

/** The columns that have a part in the summaries. */
export interface Roles {
  readonly key: FileColumn;
  readonly time: FileColumn | undefined;
  /** The number of which the highest is kept. */
  readonly measure: FileColumn | undefined;
}

/**
 * Chooses: for the key a text or whole number that is never empty, rather one that repeats; for the time the first there is.
 *
 * @throws MillraceError NO_KEY or WRONG_COLUMN
 */
export function rolesOf({ columns, schema }: Pick<FileSource, 'columns' | 'schema'>, choice: Choice): Roles {
  // Of a schema that is given nothing is changed, so that lines without a key would not be rejected.
  const canBeKey = ({ kind, nullable }: FileColumn) =>
    (kind === 'string' || kind === 'integer') && !(nullable && schema !== undefined);
  const key =
    choice.key === undefined
      ? bestKey(columns.filter((column) => canBeKey(column) && !column.nullable))
      : chosen(columns, '--key', choice.key, `a text or a whole number${schema ? ', not null' : ''}`, canBeKey);
  if (!key) {
    const details = columns.map(({ name, words }) => `${name}: ${words}`);
    const message = 'No column fits for a key, which is a text or a whole number and never empty.';
    const remedy = 'With --key NAME one may be empty too, and lines without it are rejected.';
    throw new MillraceError('NO_KEY', `${message} ${remedy}`, { details });
  }
  const isTime = ({ kind }: FileColumn) => kind === 'timestamp';
  const time =
    choice.time === undefined
      ? columns.find(isTime)
      : chosen(columns, '--time', choice.time, 'a date and time with an offset, such as 2026-01-31T13:00:00Z', isTime);
  const others = columns.filter(({ name }) => name !== key.name);
  const isAmount = ({ kind, name, different, repeats }: FileColumn) =>
    kind === 'integer' && !/id$/i.test(name) && (different === null || repeats);
  const measure = others.find(({ kind }) => kind === 'number') ?? others.find(isAmount);
  return { key: { ...key, nullable: false }, time, measure };
}

function bestKey(columns: readonly FileColumn[]): FileColumn | undefined {
  const ofKind = (kind: FileColumn['kind']) => columns.filter((column) => column.kind === kind);
  const [texts, numbers] = [ofKind('string'), ofKind('integer')];
  return [...texts, ...numbers].find(({ repeats }) => repeats) ?? texts[0] ?? numbers[0];
}

function chosen(
  columns: readonly FileColumn[],
  option: string,
  wanted: string,
  what: string,
  fits: (column: FileColumn) => boolean,
): FileColumn {
  const column = columns.find(({ name, header }) => name === wanted || header === wanted);
  if (column && fits(column)) return column;
  const allowed = columns.filter(fits).map(({ name }) => name);
  const wrong = column ? `is ${column.words}; needed is ${what}` : 'is no column of the file';
  throw new MillraceError(
    'WRONG_COLUMN',
    `${option} ${JSON.stringify(wanted)} ${wrong}. Allowed: ${allowed.join(', ') || 'none: the file has no such column'}.`,
  );
}

/** The templates' words, and the files that they leave out. */
export function modelOf(name: string, source: FileSource, { key, time, measure }: Roles): Model {
  const columns = source.columns.map((column) => (column.name === key.name ? { ...column, nullable: false } : column));
  const isCsv = source.form === 'csv';
  const isRenamed = !isCsv && columns.some((column) => column.name !== column.header);
  const eventSchema = print(isRenamed || !source.schema || isCsv ? recordSchema(columns, key, source) : source.schema);
  const lineSchema = isCsv ? 'line.avsc' : isRenamed ? 'line.schema.json' : 'record.schema.json';
  const [measured, timed] = [measure ? [measure] : [], time ? [time] : []];
  const sample = source.sample.name;
  const schemas = `pipelines/${name}/schemas`;
  const required = columns.find(({ nullable }) => !nullable) ?? key;
  const missing = `missing-${(isCsv ? required.name : required.header).replaceAll('_', '-')}`;
  const empty = !isCsv ? '{}' : columns.length === 1 ? '""' : (source.separator ?? '').repeat(columns.length - 1);
  const parsed = isCsv
    ? `delimited.parsed(numbered, fields_of(SCHEMA.read_text("utf-8"), "line"), ${pythonText(source.separator ?? ',')})`
    : 'json_lines.parsed(numbered, schema_of(SCHEMA.read_text("utf-8"), "line"))';
  const values = key.kind === 'string' ? ['"one"', '"two"'] : ['1', '2'];
  const [first = '', second = ''] = values;
  const file = isCsv
    ? `csv('${sample}', '${source.separator === '\t' ? '\\t' : source.separator}', avro('line.avsc', '${name}.records'))`
    : `jsonLines('${sample}', ${isRenamed ? `jsonSchema('${lineSchema}')` : 'record'})`;
  const words = ['batch', 'days', 'deadLettersOf', 'folder', 'jsonSchema', 'pipeline', 'sendingParameters', 'stream'];
  const imports = [...words, 'topic', ...(isCsv ? ['avro', 'csv'] : ['jsonLines'])].sort();
  return {
    templates: ['common', 'file'],
    words: {
      records: 'records',
      record: 'record',
      key: key.name,
      keyWord: key.name.toLowerCase(),
      keyType: sqlType(key),
      keys: String(keysOf(key)).replace(/\B(?=(\d{3})+$)/g, '_'),
      handlers: isCsv
        ? 'topics and schemas: the handlers, and the framework that calls them'
        : 'topics: the handler, and the framework that calls it',
      schemaHandler: isCsv ? SCHEMA_HANDLER : '',
      sample,
      schema: lineSchema,
      file,
      imports: imports.join(',\n  '),
      reported: [
        [key.name, 'text'],
        ['records', 'count'],
        ...measured.map(() => ['highest', 'text']),
        ...timed.flatMap(() => [
          ['earliest', 'time'],
          ['latest', 'time'],
        ]),
      ]
        .map(([field, format]) => `{ field: '${field}', title: '${field}', format: '${format}' },`)
        .join('\n      '),
      columns: tuple(columns),
      named: isRenamed ? 'transforms.named(records)' : 'records',
      renaming: isRenamed ? RENAMING : '',
      taken: list([key, ...measured, ...timed].map((column) => `\`${column.name}\` (${sqlType(column)})`)),
      given: list([
        `\`${key.name}\``,
        '`records` (bigint)',
        ...measured.map((column) => `\`highest\` of \`${column.name}\``),
        ...timed.map((column) => `\`earliest\` and \`latest\` of \`${column.name}\``),
      ]),
      aggregates: [
        'F.count("*").alias("records")',
        ...measured.map((column) => `F.max("${column.name}").alias("highest")`),
        ...timed.flatMap((column) => [
          `F.min("${column.name}").alias("earliest")`,
          `F.max("${column.name}").alias("latest")`,
        ]),
      ].join(',\n        '),
      reader: isCsv ? 'delimited' : 'json_lines',
      schemaReader: isCsv ? 'avro_schema import fields_of' : 'json_schema import schema_of',
      checked: isRenamed ? `transforms.named(${parsed})` : parsed,
      firstLines: '100',
      sliced: isCsv ? '[1:]' : '',
      empty: pythonText(empty),
      emptyReason: pythonText(missing),
      first,
      second,
      testColumns: [key, ...measured, ...timed].map((column) => `${column.name} ${sqlType(column)}`).join(', '),
      ...testOf(values, measure, time),
    },
    files: {
      [`${schemas}/record.schema.json`]: eventSchema,
      ...(isCsv ? { [`${schemas}/line.avsc`]: source.schema ?? print(lineRecord(name, columns, source)) } : {}),
      ...(isRenamed
        ? { [`${schemas}/line.schema.json`]: print(source.schema ?? objectSchema(columns, key, 'header')) }
        : {}),
      [`${schemas}/summary.schema.json`]: print(summarySchema(key, time, measure)),
      [`sample_data/${name}/${sample}`]: source.sample.content,
    },
  };
}

/** Room for twice as many keys as were seen. */
function keysOf({ different }: FileColumn): number {
  return Math.max(1_000, 10 ** Math.ceil(Math.log10(2 * (different ?? 500_000))));
}

/** Rows of a test, and what becomes of them. */
function testOf([one, two]: readonly string[], measure?: FileColumn, time?: FileColumn) {
  const number = (value: number) => (measure?.kind === 'number' ? `"${value.toFixed(measure.digits)}"` : String(value));
  const row = (key = '', value: number, hour: number) =>
    `(${[key, ...(measure ? [number(value)] : []), ...(time ? [`"2026-01-31T${hour}:00:00Z"`] : [])].join(', ')}${measure || time ? '' : ','})`;
  const text = (value = '') => (value.startsWith('"') ? value : `"${value}"`);
  const result = (key: string | undefined, count: number, highest: number, from: number, to: number) =>
    `(${[
      text(key),
      `"${count}"`,
      ...(measure ? [text(number(highest))] : []),
      ...(time ? [`"2026-01-31 ${from}:00:00"`, `"2026-01-31 ${to}:00:00"`] : []),
    ].join(', ')})`;
  return {
    testRows: [row(one, 1, 13), row(two, 2, 14), row(one, 3, 15)].join(',\n        '),
    testResults: [result(one, 2, 3, 13, 15), result(two, 1, 2, 14, 14)].join(',\n        '),
  };
}

const sqlType = ({ kind, digits }: FileColumn): string =>
  ({
    integer: 'bigint',
    number: `decimal(18,${digits})`,
    string: 'string',
    boolean: 'boolean',
    timestamp: 'timestamp',
  })[kind];

function tuple(columns: readonly FileColumn[]): string {
  const names = columns.map(({ name }) => `"${name}"`);
  return names.length === 1 ? `(${names[0]},)` : `(\n    ${names.join(',\n    ')},\n)`;
}

function list(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A text as Python writes it, in ASCII. */
function pythonText(text: string): string {
  if (text === '""') return `'""'`;
  const escaped = JSON.stringify(text);
  return escaped.replace(
    /[^ -~]/gu,
    (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
}

const RENAMING = `
def named(lines: DataFrame) -> DataFrame:
    """Lines of the file with the names that records have for its columns."""
    return lines.toDF("line", "text", *KEPT_COLUMNS, "reason")

`;

const SCHEMA_HANDLER = `ContractsSchemasHandler <- lambda
  ec2: CreateNetworkInterface, DeleteNetworkInterface | network interfaces
  ec2: DescribeNetworkInterfaces, DescribeSubnets | anything
  logs: CreateLogStream, PutLogEvents | log ContractsSchemasHandlerLogs
ContractsSchemasHandlerFramework <- lambda
  lambda: GetFunction, InvokeFunction | function ContractsSchemasHandlerOnEvent
  logs: CreateLogStream, PutLogEvents | log ContractsSchemasHandlerFrameworkLogs
`;
