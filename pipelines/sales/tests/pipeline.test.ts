/** What the declaration of the sales pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { days } from '../../../lib/declaration/model.ts';
import { artifactOf, planOf } from '../../../lib/declaration/plan.ts';
import { peakCores } from '../../../lib/declaration/sizes.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import sales from '../pipeline.ts';

const plan = planOf(sales);

/** The flags that a job is started with. */
const flagsOf = (job: string): string[] => (plan.arguments[job] ?? []).map(([flag]) => flag);

const argumentOf = (job: string, flag: string): string | undefined =>
  plan.arguments[job]?.find(([name]) => name === flag)?.[1];

const schemaOf = (file: string): unknown =>
  JSON.parse(readFileSync(join(sales.folders.declaration, 'schemas', file), 'utf8'));

/** Fields of a record's schema, each as its name and what an Avro reader makes of it. */
const fieldsOf = (file: string): string[] =>
  (schemaOf(file) as { fields: { name: string; type: unknown }[] }).fields.map(
    ({ name, type }) => `${name}: ${wordsFor(type)}`,
  );

function wordsFor(type: unknown): string {
  if (Array.isArray(type)) return type.map(wordsFor).join(' or ');
  const { logicalType, precision, scale } = Object(type) as {
    logicalType?: string;
    precision?: number;
    scale?: number;
  };
  return logicalType === 'decimal' ? `decimal(${precision},${scale})` : (logicalType ?? String(type));
}

test('has no mistake', () => expect(mistakesOf([sales])).toEqual([]));

describe('topics', () => {
  const { sales: source, summaries, deadLetters } = sales.topics;

  test('have the names that other systems know', () => {
    expect(Object.values(sales.topics).map(({ name }) => name)).toEqual([
      'pagila.sales.avro',
      'pagila.sales.summary.avro',
      'pagila.sales.dead-letters',
    ]);
  });

  test('keep sales for a week, stamped by the broker', () => {
    expect(source).toMatchObject({ cleanup: 'delete', retention: days(7), timestamps: 'LogAppendTime' });
  });

  test('keep the last summary of each key for good', () => {
    expect(summaries).toMatchObject({ cleanup: 'compact' });
    expect(summaries).not.toHaveProperty('retention');
  });

  test('keep dead letters for a week, as bytes', () => {
    expect(deadLetters).toMatchObject({ cleanup: 'delete', retention: days(7) });
    expect(deadLetters).not.toHaveProperty('key');
    expect(deadLetters).not.toHaveProperty('value');
  });

  test('outlive their declaration', () => {
    for (const topic of Object.values(sales.topics)) expect(topic.onRemoval ?? 'retain').toBe('retain');
  });
});

describe('schemas', () => {
  test('are registered under the names that clients look for', () => {
    const ofTopics = ['sales', 'summaries', 'deadLetters'].flatMap((role) => [
      artifactOf(sales, role, 'key'),
      artifactOf(sales, role, 'value'),
    ]);
    expect(ofTopics).toEqual([
      'pagila.sales.avro-key',
      'pagila.sales.avro-value',
      'pagila.sales.summary.avro-key',
      'pagila.sales.summary.avro-value',
      undefined,
      undefined,
    ]);
    expect(Object.values(sales.files).map(({ schema }) => schema.artifact)).toEqual([
      'pagila.sales.csv',
      'pagila.sales.regions.csv',
    ]);
  });

  test('of a sale hold exact money and its event time', () => {
    expect(schemaOf('sales-key.avsc')).toBe('int');
    expect(fieldsOf('sales-value.avsc')).toEqual([
      'payment_id: int',
      'customer_id: int',
      'amount: decimal(10,2)',
      'payment_date: timestamp-millis',
      'city: null or string',
      'district: null or string',
      'country: string',
    ]);
  });

  test('of a summary hold its region and window, and exact money', () => {
    expect(fieldsOf('summary-key.avsc')).toEqual(['region: string', 'window_start: timestamp-millis']);
    expect(fieldsOf('summary-value.avsc')).toEqual([
      'region: string',
      'sales: decimal(18,2)',
      'orders: long',
      'window_start: timestamp-millis',
      'window_end: timestamp-millis',
    ]);
  });

  test('of the files name their columns', () => {
    const header = (file: string, separator: string) =>
      readFileSync(join(sales.folders.sampleData, file), 'utf8').split('\n')[0]?.trim().split(separator);
    const columns = (file: string) => (schemaOf(file) as { fields: { name: string }[] }).fields.map(({ name }) => name);
    expect(header('sales.csv', '|')).toEqual(columns('sales.csv.avsc'));
    expect(header('regions.csv', ',')).toEqual(columns('regions.csv.avsc'));
  });
});

describe('arguments', () => {
  const common = ['--kafka-bootstrap-servers', '--kafka-security', '--registry-url'];
  const enrich = [
    ...common,
    '--regions-file',
    '--regions-file-schema-id',
    '--regions-file-separator',
    '--sales-topic',
    '--sales-key-schema-id',
    '--sales-value-schema-id',
    '--summaries-topic',
    '--summaries-key-schema-id',
    '--summaries-value-schema-id',
    '--dead-letters-topic',
    '--sales-retention-ms',
    '--checkpoint-path',
    '--group-id-prefix',
    '--allowed-lateness',
    '--trigger-seconds',
  ];

  test('of the producer', () => {
    expect(flagsOf('produce')).toEqual([
      ...common,
      '--sales-file',
      '--sales-file-schema-id',
      '--sales-file-separator',
      '--sales-topic',
      '--sales-key-schema-id',
      '--sales-value-schema-id',
      '--rejects-path',
      '--rate',
      '--rows',
    ]);
  });

  test('of the stream', () => expect(flagsOf('enrich')).toEqual(enrich));

  test('of its drain', () => {
    expect(flagsOf('enrichDrain')).toEqual([...enrich, '--until']);
    expect(argumentOf('enrichDrain', '--until')).toBe('caught-up');
  });

  test('of the reader', () => {
    expect(flagsOf('read')).toEqual([
      ...common,
      '--summaries-topic',
      '--summaries-key-schema-id',
      '--summaries-value-schema-id',
      '--group-id-prefix',
      '--results-path',
      '--region',
      '--since',
    ]);
  });

  test('say where checkpoints, rejects and results lie', () => {
    expect(argumentOf('enrich', '--checkpoint-path')).toBe('s3://{platform.bucket}/checkpoints/sales/enrich');
    expect(argumentOf('produce', '--rejects-path')).toBe('s3://{platform.bucket}/rejects/sales/{execution.name}');
    expect(argumentOf('read', '--results-path')).toBe('s3://{platform.bucket}/results/sales/{execution.name}');
  });

  test('give the drain the checkpoint of the stream and the retention of its source', () => {
    expect(argumentOf('enrichDrain', '--checkpoint-path')).toBe(argumentOf('enrich', '--checkpoint-path'));
    expect(argumentOf('enrich', '--sales-retention-ms')).toBe('604800000');
  });
});

test('a person may set these, and nothing set means the whole demo', () => {
  expect(Object.fromEntries(Object.entries(plan.tunables).map(([name, rule]) => [name, rule.default]))).toEqual({
    rate: 200,
    rows: 0,
    allowedLateness: 10,
    triggerSeconds: 2,
    region: '',
    since: '',
  });
});

test('the stream runs beside the producer, the reader after both', () => {
  expect(sales.order).toEqual({ kind: 'bounded', stream: 'enrich', during: ['produce'], after: ['read'] });
});

test('the summaries are the first query, whose commits the state machine waits for', () => {
  expect(sales.jobs.enrich?.queries).toEqual(['summaries', 'dead-letters']);
});

test('fits twice beside itself in an account of 16 vCPU', () => expect(peakCores(sales)).toBe(8));
