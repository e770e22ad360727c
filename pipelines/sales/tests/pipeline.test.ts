/** What the declaration of the sales pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesOf, orderOf, peakCores, stateOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { days } from '../../../lib/declaration/index.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import sales from '../pipeline.ts';

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
  const topics = topicsOf(sales);

  test('have the names that other systems know', () => {
    expect(Object.entries(topics).map(([alias, { name }]) => [alias, name])).toEqual([
      ['sales', 'pagila.sales.avro'],
      ['replays', 'pagila.sales.replays'],
      ['summaries', 'pagila.sales.summary.avro'],
      ['deadLetters', 'pagila.sales.dead-letters'],
    ]);
  });

  test('keep sales for a week, stamped by the broker', () => {
    expect(topics.sales).toMatchObject({
      cleanup: 'delete',
      props: { partitions: 4, retention: days(7), timestamps: 'LogAppendTime' },
    });
  });

  test('keep the last summary of each key for good', () => {
    expect(topics.summaries).toMatchObject({ cleanup: 'compact', props: { partitions: 2 } });
  });

  test('keep dead letters for a week, as bytes', () => {
    expect(topics.deadLetters?.props).toEqual({
      partitions: 1,
      retention: days(7),
      configuration: { 'max.message.bytes': '1114124' },
    });
  });

  test('are for our own jobs but that of replays, and outlive their declaration', () => {
    for (const [alias, { externalWays, props }] of Object.entries(topics)) {
      expect(externalWays).toEqual(alias === 'replays' ? ['Writer'] : []);
      expect(props.onRemoval ?? 'retain').toBe('retain');
    }
  });
});

describe('schemas', () => {
  test('are registered under the names that clients look for', () => {
    const things = [...Object.entries(topicsOf(sales)), ...Object.entries(filesOf(sales))];
    const artifacts = things.flatMap(([alias, thing]) => thing.schemas(alias).map(({ artifact }) => artifact));
    expect(artifacts).toEqual([
      'pagila.sales.avro-key',
      'pagila.sales.avro-value',
      'pagila.sales.summary.avro-key',
      'pagila.sales.summary.avro-value',
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

describe('specs', () => {
  test('of the producer: the file, the topic, and where rejects lie', () => {
    expect(specOf(sales, 'produce')).toMatchObject({
      reads: { sales: { kind: 'file', url: '{files.sales}', separator: '|' } },
      writes: {
        sales: { kind: 'topic', topic: 'pagila.sales.avro' },
        rejects: { kind: 'folder', url: 's3://{platform.bucket}/rejects/sales/{execution.name}' },
      },
      parameters: { rate: '{parameters.rate}', rows: '{parameters.rows}' },
    });
  });

  test('of the stream: sales with their rules, the regions, where results go, its checkpoint and windows', () => {
    expect(specOf(sales, 'enrich')).toMatchObject({
      reads: {
        sales: {
          kind: 'topic',
          groupIdPrefix: 'millrace.sales.enrich',
          replays: 'pagila.sales.replays',
          // Three weeks, one of them for replays, 10 minutes until a segment is deleted, 10 of future, and a day: the longest lateness that may be allowed.
          rules: { latenessMinutes: '{parameters.allowedLateness}', watermarkDelayMs: days(22) + 20 * 60_000 },
        },
        regions: { kind: 'file', separator: ',' },
      },
      writes: { summaries: { kind: 'topic' }, deadLetters: { kind: 'topic', topic: 'pagila.sales.dead-letters' } },
      checkpoint: 's3://{platform.bucket}/checkpoints/sales/enrich',
      windows: { minutes: 10, every: 5 },
    });
  });

  test('of the reader: the summaries, and where results lie', () => {
    expect(specOf(sales, 'read')).toMatchObject({
      reads: { summaries: { kind: 'topic', topic: 'pagila.sales.summary.avro' } },
      writes: { results: { kind: 'folder', url: 's3://{platform.bucket}/results/sales/{execution.name}' } },
      parameters: { region: '{parameters.region}', since: '{parameters.since}' },
    });
  });
});

test('a person may set these, and nothing set means the whole demo', () => {
  const { parameters, files, actions } = planOf(sales);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    rate: 200,
    rows: 0,
    allowedLateness: 10,
    triggerSeconds: 2,
    region: '',
    since: '',
  });
  expect(files).toEqual(['sales', 'regions']);
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the stream runs beside the producer, the reader after both', () => {
  expect(orderOf(sales)).toEqual({ streams: ['enrich'], during: ['produce'], after: ['read'] });
});

test('the state of the stream fits its executors many times', () => {
  // 22 days, 20 minutes and the window of 10: 31,710 minutes, a window each 5, for 10 regions.
  expect(sales.jobs.enrich && stateOf(sales.jobs.enrich)).toMatchObject({
    rows: 63_420,
    bytes: 22_197_000,
    partitions: 1,
  });
});

test('fits twice beside itself in an account of 16 vCPU', () => expect(peakCores(sales)).toBe(8));
