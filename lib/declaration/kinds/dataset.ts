/** Datasets: Iceberg tables in the data bucket that outlive executions. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fitting, schema, whole } from '../checks/form.ts';
import { jsonSchemaMistake, propertiesOf } from '../checks/json-schema.ts';
import { checkSchema, schemaPath } from '../checks/schema.ts';
import { days, hours } from '../event-time.ts';
import type { Template } from '../fill.ts';
import type { Note } from '../mistakes.ts';
import { datasetPrefix, datasetTable, schemaKey } from '../names.ts';
import { type KeyedSchema, nameSpec, type Schema, schemaPart, schemaSpec, urlSpec } from '../schema.ts';
import { type Owner, type Sink, type Source, Thing, type Use } from '../thing.ts';

export interface DatasetProps {
  /** The columns: properties of a JSON Schema. Later ones may have more of them, and none of another type. */
  readonly schema: Schema & { readonly format: 'json' };
  /**
   * What its files are divided by, in the words of Iceberg's SQL: a column, `years`, `months`, `days` or `hours` of a time, `bucket` or `truncate`, as in
   * `days(bought_at)` and `bucket(16, product_id)`. For life.
   * @default nothing
   */
  readonly partitionBy?: readonly string[];
  /** MiB of the files that its maintenance makes of smaller ones. @default 128 */
  readonly fileSize?: number;
  /** How long its maintenance keeps what it was before, to be read or gone back to, in ms. @default seven days */
  readonly keep?: number;
}

/** A division of files: `column`, `days(column)`, `bucket(16, column)`. */
export const DIVISION = /^(?:(\w+)|(years|months|days|hours)\((\w+)\)|(?:bucket|(truncate))\([1-9]\d{0,5}, (\w+)\))$/;

const form = z.strictObject({
  name: fitting(
    'is not a name for a dataset',
    'a-z, 0-9 and _, first a letter, 30 at most',
    (name) => typeof name === 'string' && /^[a-z][a-z0-9_]{0,29}$/.test(name),
    'string',
  ),
  schema,
  partitionBy: z
    .array(
      fitting(
        'is no way to divide files',
        'column, years(column), months(column), days(column), hours(column), bucket(16, column), truncate(4, column)',
        (division) => typeof division === 'string' && DIVISION.test(division),
        'string',
      ),
    )
    .optional(),
  fileSize: whole(1, 2_048, ' MiB').optional(),
  keep: whole(hours(1), days(3_650), ' ms').optional(),
} satisfies Record<keyof DatasetProps | 'name', z.ZodType>);

/** An Iceberg table: `datasets/<pipeline>/<name>` in the data bucket, `<pipeline>_<name>` in the environment's database of the Glue catalog. */
export class Dataset extends Thing implements Source, Sink {
  readonly kind = 'dataset';
  readonly plural = 'datasets';
  readonly name: string;
  readonly props: DatasetProps;

  constructor(name: string, props: DatasetProps) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
  }

  /** What is not of its schema, with what holds where its author says nothing. */
  get settings() {
    const { partitionBy = [], fileSize = 128, keep = days(7) } = this.props;
    return { partitionBy, fileSize, keep };
  }

  /** What its table says of itself; `millrace.kinds.dataset` says the same. */
  get properties(): Readonly<Record<string, string>> {
    const { partitionBy, fileSize } = this.settings;
    return {
      'format-version': '2',
      // Each commit writes a file of metadata: the last hundred are enough.
      'write.metadata.delete-after-commit.enabled': 'true',
      'millrace.partition-by': partitionBy.join(', '),
      'write.target-file-size-bytes': String(fileSize * 2 ** 20),
    };
  }

  override place(pipeline: string): string {
    return `table ${datasetTable(pipeline, this.name)}`;
  }

  override schemas(alias: string): readonly KeyedSchema[] {
    return [{ key: schemaKey(alias, 'dataset'), schema: this.props.schema, artifact: undefined, immutable: false }];
  }

  /** Where its table lies: below what a role may use, since S3A asks for folders themselves too, and a catalog of files for the one above a table's. */
  address(bucket: string, pipeline: string): string {
    return `s3://${bucket}/${datasetPrefix(pipeline, this.name)}/iceberg/table`;
  }

  readPart({ pipeline }: Use): Template {
    return {
      kind: this.kind,
      database: '{platform.database}',
      table: datasetTable(pipeline.name, this.name),
      url: this.address('{platform.bucket}', pipeline.name),
    };
  }

  writePart(use: Use): Template {
    const { partitionBy, fileSize, keep } = this.settings;
    const [schema = null] = this.schemas(use.alias).map(schemaPart);
    return {
      ...(this.readPart(use) as object),
      schema,
      ...(partitionBy.length === 0 ? {} : { partitionBy: partitionBy.join(', ') }),
      fileSize,
      keepHours: Math.ceil(keep / hours(1)),
    };
  }

  override check(pipeline: Owner, note: Note): void {
    const { schema, partitionBy = [] } = this.props;
    if (schema.format !== 'json') {
      note('schema', 'is no schema of a dataset', schema, 'jsonSchema(...)');
      return;
    }
    checkSchema(pipeline, note, 'schema', schema);
    const text = textOf(schemaPath(pipeline, schema.file));
    if (text === undefined || jsonSchemaMistake(text) !== undefined) return;
    const properties = propertiesOf(text);
    for (const [index, division] of partitionBy.entries()) {
      const [, plain, time, ofTime, truncate, ofValue] = DIVISION.exec(division) ?? [];
      const column = plain ?? ofTime ?? ofValue ?? '';
      const type = properties[column];
      const at = `partitionBy.${index}`;
      if (type === undefined) note(at, 'is of no column', column, Object.keys(properties).join(', '));
      else if (time && type !== 'date-time') note(at, 'is of no time', column, 'a property of format date-time');
      else if (truncate && type !== 'string' && type !== 'integer') {
        note(at, 'cannot be truncated', column, 'a property of type string or integer');
      }
    }
  }

  override checkUse(use: Use, note: Note): void {
    if (use.mode === 'stream') note('', 'is no source of a stream', this, 'a batch job');
  }

  override checkWrite(use: Use, note: Note): void {
    if (use.mode === 'stream')
      note('', 'is not written by streams', this, 'a batch job that appends what is new on a topic');
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** An Iceberg table that outlives executions, by its name among those of the pipeline. */
export const dataset = (name: string, props: DatasetProps): Dataset => new Dataset(name, props);

const place = { kind: z.literal('dataset'), database: nameSpec, table: nameSpec, url: urlSpec };
export const readSpecs = [z.strictObject(place)];
export const writeSpecs = [
  z.strictObject({
    ...place,
    schema: schemaSpec,
    partitionBy: nameSpec.optional().describe("What files are divided by, in the words of Iceberg's SQL"),
    fileSize: z.int().min(1).describe('MiB of a file that maintenance makes'),
    keepHours: z.int().min(1).describe('How long maintenance keeps earlier states'),
  }),
];
