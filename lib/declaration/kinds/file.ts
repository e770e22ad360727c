/** Text files that jobs read, each with the sample that ships with the project. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileName, fitting, schema } from '../checks/form.ts';
import { checkSchema } from '../checks/schema.ts';
import type { Template } from '../fill.ts';
import type { Note } from '../mistakes.ts';
import { schemaKey } from '../names.ts';
import { type KeyedSchema, type Schema, schemaPart, schemaSpec, urlSpec } from '../schema.ts';
import { type Owner, type Source, Thing, type Use } from '../thing.ts';

const jsonForm = z.strictObject({ sample: fileName, schema });
const csvForm = z.strictObject({
  sample: fileName,
  separator: fitting(
    'is not one character',
    'one character that is no quote or line end',
    (value) => typeof value === 'string' && /^[^"\r\n]$/.test(value),
    'string',
  ),
  schema,
});

export class InputFile extends Thing implements Source {
  readonly kind = 'file';
  readonly plural = 'files';
  /** File name in `sample_data/<pipeline>`; the same name is expected of a user's own data. */
  readonly sample: string;
  readonly schema: Schema;
  /** Character between the fields; none in a file of JSON lines. */
  readonly separator: string | undefined;

  constructor(given: { readonly sample: string; readonly schema: Schema; readonly separator?: string }) {
    super(given, 'separator' in given ? csvForm : jsonForm);
    this.sample = given.sample;
    this.schema = given.schema;
    this.separator = given.separator;
  }

  get name(): string {
    return this.sample;
  }

  override get isWrittenOutside(): boolean {
    return true;
  }

  override schemas(alias: string): readonly KeyedSchema[] {
    const { schema } = this;
    return [{ key: schemaKey(alias, 'file'), schema, artifact: schema.artifact, immutable: false }];
  }

  readPart({ alias }: Use): Template {
    const { kind, separator } = this;
    const [schema = null] = this.schemas(alias).map(schemaPart);
    return { kind, url: `{files.${alias}}`, schema, ...(separator === undefined ? {} : { separator }) };
  }

  override check(pipeline: Owner, note: Note): void {
    const { sample, schema, separator } = this;
    const path = join(pipeline.folders.sampleData, sample);
    if (!existsSync(path)) note('sample', 'does not exist', path, `a file in ${pipeline.folders.sampleData}`);
    const needed = separator === undefined ? 'json' : 'avro';
    if (schema.format !== needed) {
      const allowed = needed === 'json' ? 'jsonSchema(...) for JSON lines' : 'avro(...) for delimited lines';
      note('schema', 'is no schema for such a file', schema, allowed);
      return;
    }
    if (needed === 'avro' && schema.artifact === undefined) {
      note('schema.artifact', 'is missing', undefined, 'the name of the artifact in the registry');
    }
    checkSchema(pipeline, note, 'schema', schema);
  }
}

/** A delimited file in `sample_data/<pipeline>`, whose first line names its columns; they are the fields of the schema. */
export const csv = (sample: string, separator: string, schema: Schema & { readonly format: 'avro' }): InputFile =>
  new InputFile({ sample, separator, schema });

/** A file of JSON lines in `sample_data/<pipeline>`, one object a line. */
export const jsonLines = (sample: string, schema: Schema & { readonly format: 'json' }): InputFile =>
  new InputFile({ sample, schema });

const separator = z.string().length(1).optional();
export const readSpecs = [z.strictObject({ kind: z.literal('file'), url: urlSpec, schema: schemaSpec, separator })];
