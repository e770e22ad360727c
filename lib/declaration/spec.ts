/** The one document that a job is started with, `--spec`. `npm run schemas` writes its JSON Schema beside the Python that reads it. */
import { readdirSync } from 'node:fs';
import { z } from 'zod';
import { nameSpec, urlSpec } from './schema.ts';

type KindSpec = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

/** The parts of all kinds, each found by its file. */
const folder = new URL('./kinds/', import.meta.url);
const kinds: { readonly readSpecs?: readonly KindSpec[]; readonly writeSpecs?: readonly KindSpec[] }[] =
  await Promise.all(
    readdirSync(folder)
      .sort()
      .map((file) => import(new URL(file, folder).href)),
  );
const anyOf = (specs: readonly KindSpec[]) => z.discriminatedUnion('kind', specs as [KindSpec, ...KindSpec[]]);

/** What a job is told: everything, and nothing else. */
export const Spec = z.strictObject({
  pipeline: nameSpec,
  job: nameSpec,
  execution: nameSpec,
  mode: z
    .enum(['batch', 'stream', 'drain'])
    .describe('drain: a stream that ends once all that its topics hold now is worked through'),
  kafka: z.strictObject({ bootstrapServers: nameSpec, security: z.enum(['iam', 'none']) }),
  registry: z.strictObject({ url: urlSpec }).optional(),
  reads: z.record(nameSpec, anyOf(kinds.flatMap(({ readSpecs = [] }) => readSpecs))),
  writes: z.record(nameSpec, anyOf(kinds.flatMap(({ writeSpecs = [] }) => writeSpecs))),
  parameters: z.record(nameSpec, z.union([z.string(), z.number()])),
  checkpoint: urlSpec.optional(),
  rebuild: z.boolean().optional().describe('A stream that begins anew, over what it has read and written before'),
  windows: z.strictObject({ minutes: z.int().min(1), every: z.int().min(1) }).optional(),
  statePartitions: z.int().min(1).optional().describe('Of a stream that keeps state; its checkpoint is bound to it'),
});
export type Spec = z.infer<typeof Spec>;

/** Where the JSON Schema of a spec lies. */
export const SCHEMA_FILE = new URL('../../jobs/pyspark/millrace/job/spec.schema.json', import.meta.url);

export const jsonSchemaOfSpec = (): object => ({
  title: "A job's spec",
  description: 'Made from lib/declaration/spec.ts by `npm run schemas`.',
  ...z.toJSONSchema(Spec),
});
