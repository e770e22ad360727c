/** What the declaration of the orders pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { days } from '../../../lib/declaration/model.ts';
import { artifactOf, externalWays, planOf } from '../../../lib/declaration/plan.ts';
import { peakCores } from '../../../lib/declaration/sizes.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import orders from '../pipeline.ts';

const plan = planOf(orders);

/** The flags that a job is started with. */
const flagsOf = (job: string): string[] => (plan.arguments[job] ?? []).map(([flag]) => flag);

const argumentOf = (job: string, flag: string): string | undefined =>
  plan.arguments[job]?.find(([name]) => name === flag)?.[1];

interface Schema {
  readonly properties: Readonly<Record<string, { type: unknown; format?: string; multipleOf?: number }>>;
  readonly required: readonly string[];
}

const schemaOf = (file: string): Schema =>
  JSON.parse(readFileSync(join(orders.folders.declaration, 'schemas', file), 'utf8')) as Schema;

/** Fields of a schema, each as its name, what it is, and whether it may be missing. */
function fieldsOf(file: string): string[] {
  const { properties, required } = schemaOf(file);
  return Object.entries(properties).map(([name, { type, format, multipleOf }]) => {
    const kind = format ?? (multipleOf === undefined ? [type].flat().join(' or ') : `multiple of ${multipleOf}`);
    return `${name}: ${kind}${required.includes(name) ? '' : ', optional'}`;
  });
}

test('has no mistake', () => expect(mistakesOf([orders])).toEqual([]));

describe('topics', () => {
  const { orders: source, totals, windows, deadLetters } = orders.topics;

  test('have the names that other systems know', () => {
    expect(Object.values(orders.topics).map(({ name }) => name)).toEqual([
      'orders.json',
      'orders.by-country.json',
      'orders.by-country.windows.json',
      'orders.dead-letters',
    ]);
  });

  test('are open to applications outside: they write orders and read what is made of them', () => {
    expect(Object.values(orders.topics).map(externalWays)).toEqual([['Writer'], ['Reader'], ['Reader'], []]);
  });

  test('keep orders for a week, stamped by the broker', () => {
    expect(source).toMatchObject({
      partitions: 4,
      cleanup: 'delete',
      retention: days(7),
      timestamps: 'LogAppendTime',
    });
  });

  test('keep the last total of each country and window for good', () => {
    for (const topic of [totals, windows]) {
      expect(topic).toMatchObject({ partitions: 2, cleanup: 'compact' });
      expect(topic).not.toHaveProperty('retention');
    }
  });

  test('keep dead letters for a week, as bytes', () => {
    expect(deadLetters).toMatchObject({ cleanup: 'delete', retention: days(7) });
    expect(deadLetters).not.toHaveProperty('key');
    expect(deadLetters).not.toHaveProperty('value');
  });

  test('have text for keys, but for windows, whose key has two parts', () => {
    expect(Object.values(orders.topics).map(({ key }) => key?.file)).toEqual([
      undefined,
      undefined,
      'window-key.schema.json',
      undefined,
    ]);
  });

  test('outlive their declaration', () => {
    for (const topic of Object.values(orders.topics)) expect(topic.onRemoval ?? 'retain').toBe('retain');
  });
});

describe('schemas', () => {
  test('are in no registry', () => {
    const artifacts = Object.keys(orders.topics).flatMap((role) => [
      artifactOf(orders, role, 'key'),
      artifactOf(orders, role, 'value'),
    ]);
    expect(artifacts.filter((artifact) => artifact !== undefined)).toEqual([]);
    expect(Object.keys(plan.arguments).filter((job) => flagsOf(job).includes('--registry-url'))).toEqual([]);
  });

  test('of an order hold exact money and its event time', () => {
    expect(fieldsOf('order.schema.json')).toEqual([
      'order_id: integer',
      'customer_id: integer',
      'amount: multiple of 0.01',
      'order_date: date-time',
      'city: string or null, optional',
      'district: string or null, optional',
      'country: string',
    ]);
  });

  test('of totals hold the country and exact money', () => {
    expect(fieldsOf('totals.schema.json')).toEqual(['country: string', 'sales: multiple of 0.01', 'orders: integer']);
  });

  test('of windows hold besides when they begin and end', () => {
    expect(fieldsOf('window-key.schema.json')).toEqual(['country: string', 'window_start: date-time']);
    expect(fieldsOf('window.schema.json')).toEqual([
      ...fieldsOf('totals.schema.json'),
      'window_start: date-time',
      'window_end: date-time',
    ]);
  });
});

describe('the sample file', () => {
  const lines = readFileSync(join(orders.folders.sampleData, 'orders.jsonl'), 'utf8').trimEnd().split('\n');
  const { properties, required } = schemaOf('order.schema.json');

  test('has 2,000 orders, each with an id of its own', () => {
    expect(new Set(lines.map((line) => (JSON.parse(line) as { order_id: number }).order_id)).size).toBe(2_000);
  });

  test('has the fields of the schema', () => {
    for (const line of lines) {
      const names = Object.keys(JSON.parse(line) as object);
      expect(names.filter((name) => !(name in properties))).toEqual([]);
      expect(required.filter((name) => !names.includes(name))).toEqual([]);
    }
  });
});

describe('arguments', () => {
  const common = ['--kafka-bootstrap-servers', '--kafka-security'];
  const source = ['--orders-topic', '--orders-value-schema'];
  const stream = [
    ...common,
    ...source,
    '--windows-topic',
    '--windows-key-schema',
    '--windows-value-schema',
    '--dead-letters-topic',
    '--orders-retention-ms',
    '--checkpoint-path',
    '--group-id-prefix',
    '--allowed-lateness',
    '--trigger-seconds',
  ];

  test('of the producer', () => {
    expect(flagsOf('produce')).toEqual([
      ...common,
      '--orders-file',
      '--orders-file-schema',
      ...source,
      '--rejects-path',
      '--rate',
      '--rows',
    ]);
  });

  test('of the stream and of its drain', () => {
    expect(flagsOf('sumByWindow')).toEqual(stream);
    expect(flagsOf('sumByWindowDrain')).toEqual([...stream, '--until']);
    expect(argumentOf('sumByWindowDrain', '--until')).toBe('caught-up');
  });

  test('of the three forms of the totals', () => {
    expect(flagsOf('totalsToConsole')).toEqual([...common, ...source, '--group-id-prefix']);
    expect(flagsOf('totalsToCsv')).toEqual([...common, ...source, '--group-id-prefix', '--results-path']);
    expect(flagsOf('totalsToTopic')).toEqual([
      ...common,
      ...source,
      '--totals-topic',
      '--totals-value-schema',
      '--group-id-prefix',
    ]);
  });

  test('say where checkpoints, rejects and results lie', () => {
    expect(argumentOf('sumByWindow', '--checkpoint-path')).toBe(
      's3://{platform.bucket}/checkpoints/orders/sum-by-window',
    );
    expect(argumentOf('produce', '--rejects-path')).toBe('s3://{platform.bucket}/rejects/orders/{execution.name}');
    // A run writes below its own name, so that a second one neither fails nor overwrites.
    expect(argumentOf('totalsToCsv', '--results-path')).toBe('s3://{platform.bucket}/results/orders/{execution.name}');
  });

  test('give the drain the checkpoint of the stream and the retention of its source', () => {
    expect(argumentOf('sumByWindowDrain', '--checkpoint-path')).toBe(argumentOf('sumByWindow', '--checkpoint-path'));
    expect(argumentOf('sumByWindow', '--orders-retention-ms')).toBe('604800000');
  });
});

test('a person may set these, and nothing set means the whole demo', () => {
  expect(Object.fromEntries(Object.entries(plan.tunables).map(([name, rule]) => [name, rule.default]))).toEqual({
    rate: 200,
    rows: 0,
    allowedLateness: 10,
    triggerSeconds: 2,
  });
});

test('a person may run each form of the totals alone, and the producer', () => {
  expect(Object.keys(plan.batchJobs)).toEqual(['produce', 'totals-to-console', 'totals-to-csv', 'totals-to-topic']);
});

test('the whole order runs by itself, and the stream can be left running', () => {
  expect(orders.order).toEqual({
    kind: 'bounded',
    stream: 'sumByWindow',
    during: ['produce'],
    after: ['totalsToConsole', 'totalsToCsv', 'totalsToTopic'],
  });
  expect(plan.actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the windows are the first query, whose commits the state machine waits for', () => {
  expect(orders.jobs.sumByWindow?.queries).toEqual(['windows', 'dead-letters']);
});

test('fits beside other pipelines in an account of 16 vCPU', () => expect(peakCores(orders)).toBe(5));
