/** References to the schemas in a pipeline's `schemas` folder, and how a spec names one. */
import { z } from 'zod';
import type { Template } from './fill.ts';

/**
 * A schema: Avro, which the registry holds and records name by its id, or JSON Schema, which no registry knows and which travels with the
 * jobs as a file.
 */
export interface Schema {
  readonly format: 'avro' | 'json';
  /** File name in the pipeline's `schemas` folder. */
  readonly file: string;
  /** Registry artifact that holds it; only for Avro. */
  readonly artifact?: string;
}

/** A schema of a thing, under the key of its id or address in the pipeline's parameter. */
export interface KeyedSchema extends Pick<Schema, 'artifact'> {
  readonly key: string;
  readonly schema: Schema;
  /** Whether another content would be another schema: that of framed keys. */
  readonly immutable: boolean;
}

/**
 * An Avro schema, `*.avsc` in the pipeline's `schemas` folder.
 *
 * @param artifact registry artifact that holds it: of a key or a file; that of a topic's values is `<topic>-value`
 * @default `<topic>-key` of a key; that of a file must be said
 */
export const avro = (file: string, artifact?: string): Schema & { readonly format: 'avro' } => ({
  format: 'avro',
  file,
  ...(artifact === undefined ? {} : { artifact }),
});

/** A JSON Schema, `*.schema.json` in the pipeline's `schemas` folder. */
export const jsonSchema = (file: string): Schema & { readonly format: 'json' } => ({ format: 'json', file });

export const schemaPart = ({ key, schema: { format } }: KeyedSchema): Template =>
  format === 'json' ? { format, url: `{pipeline.schemas.${key}}` } : { format, id: `{#pipeline.schemas.${key}}` };

/** Forms that parts of specs share: a name, an address, a schema. */
export const nameSpec = z.string().min(1);
export const urlSpec = z
  .string()
  .regex(/^(s3a?|file|https?):\/\//)
  .meta({ id: 'url' });
export const schemaSpec = z
  .discriminatedUnion('format', [
    z
      .strictObject({ format: z.literal('avro'), id: z.int().min(1) })
      .describe('An Avro schema, by its id in the registry'),
    z.strictObject({ format: z.literal('json'), url: urlSpec }).describe('A JSON Schema, by its address'),
  ])
  .meta({ id: 'schema' });
