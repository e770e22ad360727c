/** The form of a job's spec, and the JSON Schema of it that ships with the jobs. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOfSpec, SCHEMA_FILE, Spec } from '../../../lib/declaration/spec.ts';

const spec = {
  pipeline: 'sums',
  job: 'enrich',
  execution: 'x1',
  mode: 'stream',
  kafka: { bootstrapServers: 'b:1', security: 'none' },
  registry: { url: 'http://r' },
  reads: {
    lines: {
      kind: 'topic',
      topic: 'lines',
      key: { format: 'avro', id: 1 },
      value: { format: 'json', url: 's3a://assets/line.json' },
      groupIdPrefix: 'millrace.sums.enrich',
      rules: { latenessMinutes: null, futureMinutes: 10, replayMinutes: 10_080, watermarkDelayMs: null },
    },
    products: { kind: 'lookup', topic: 'products', groupIdPrefix: 'millrace.sums.enrich' },
    regions: { kind: 'file', url: 'file:///r.csv', schema: { format: 'avro', id: 6 }, separator: ',' },
    archive: { kind: 'folder', url: 's3://data/archive/sums' },
  },
  writes: {
    kept: {
      kind: 'dataset',
      database: 'millrace_dev',
      table: 'sums_kept',
      url: 's3://data/datasets/sums/kept/iceberg/table',
      schema: { format: 'json', url: 's3://assets/kept.json' },
      partitionBy: 'days(at)',
      fileSize: 128,
      keepHours: 168,
    },
    sums: { kind: 'topic', topic: 'sums', maxMessageBytes: 1_048_588 },
    archive: { kind: 'folder', url: 's3://data/archive/sums' },
  },
  parameters: { rate: 10, region: '' },
  checkpoint: 's3://data/checkpoints/sums/enrich',
  windows: { minutes: 10, every: 5 },
  statePartitions: 2,
};

test('a spec may hold what a job has to know', () => {
  expect(Spec.parse(spec)).toEqual(spec);
});

test.each([
  ['no mode', { mode: undefined }],
  ['a word that nobody reads', { until: 'caught-up' }],
  ['a kind that there is not', { reads: { a: { kind: 'table', url: 's3://a' } } }],
  ['a lookup that is written', { writes: { a: { kind: 'lookup', topic: 'a', groupIdPrefix: 'g' } } }],
  ['a file that is written', { writes: { a: { kind: 'file', url: 's3://a', schema: { format: 'avro', id: 1 } } } }],
  [
    'a schema id that is a text',
    { writes: { a: { kind: 'topic', topic: 'a', maxMessageBytes: 1, key: { format: 'avro', id: '1' } } } },
  ],
  ['a placeholder for an address', { checkpoint: '{platform.bucket}' }],
  ['a parameter that is a list', { parameters: { a: [] } }],
])('a spec may not hold %s', (_, change) => {
  expect(Spec.safeParse({ ...spec, ...change }).success).toBe(false);
});

test('every kind brings its part, or says that no job has one', async () => {
  const folder = new URL('../../../lib/declaration/kinds/', import.meta.url);
  const whole = JSON.stringify(jsonSchemaOfSpec());
  for (const file of readdirSync(folder)) {
    const kind: { readSpecs?: z.ZodType[]; writeSpecs?: z.ZodType[] } = await import(new URL(file, folder).href);
    const parts = [...(kind.readSpecs ?? []), ...(kind.writeSpecs ?? [])];
    expect(kind.readSpecs ?? kind.writeSpecs, file).toBeDefined();
    for (const part of parts) {
      const name = /"kind":\{.*?"const":"\w+"\}/.exec(JSON.stringify(z.toJSONSchema(part)))?.[0];
      expect(whole).toContain(name);
    }
  }
});

test('the JSON Schema beside the jobs is that of the types; `npm run schemas` writes it', () => {
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(jsonSchemaOfSpec())));
});
