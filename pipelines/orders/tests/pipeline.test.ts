/** What the declaration of the orders pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orderOf, peakCores, stateOf, thingsOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { days } from '../../../lib/declaration/index.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import orders from '../pipeline.ts';

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
  const topics = topicsOf(orders);

  test('have the names that other systems know, and are open to applications: they write orders and read what is made of them', () => {
    expect(Object.entries(topics).map(([alias, { name, externalWays }]) => [alias, name, ...externalWays])).toEqual([
      ['orders', 'orders.json', 'Writer'],
      ['windows', 'orders.by-country.windows.json', 'Reader'],
      ['deadLetters', 'orders.dead-letters'],
      ['totals', 'orders.by-country.json', 'Reader'],
    ]);
  });

  test('keep orders for a week, stamped by the broker', () => {
    expect(topics.orders).toMatchObject({
      cleanup: 'delete',
      props: { partitions: 4, retention: days(7), timestamps: 'LogAppendTime' },
    });
  });

  test('keep the last total of each country and window for good', () => {
    for (const topic of [topics.totals, topics.windows]) {
      expect(topic).toMatchObject({ cleanup: 'compact', props: { partitions: 2 } });
    }
  });

  test('keep dead letters for a week, as bytes', () => {
    expect(topics.deadLetters?.props).toEqual({
      partitions: 1,
      retention: days(7),
      configuration: { 'max.message.bytes': '1114124' },
    });
  });

  test('have text for keys, but for windows, whose key has two parts', () => {
    expect(Object.values(topics).map(({ props }) => props.key?.file)).toEqual([
      undefined,
      'window-key.schema.json',
      undefined,
      undefined,
    ]);
  });

  test('outlive their declaration', () => {
    for (const { props } of Object.values(topics)) expect(props.onRemoval ?? 'retain').toBe('retain');
  });
});

describe('schemas', () => {
  test('are in no registry', () => {
    const schemas = thingsOf(orders).flatMap(({ alias, thing }) => thing.schemas(alias));
    expect(schemas.map(({ schema, artifact }) => [schema.format, artifact])).toEqual(
      schemas.map(() => ['json', undefined]),
    );
    for (const job of Object.keys(orders.jobs)) expect(specOf(orders, job)).not.toHaveProperty('registry');
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

  const total = ['country: string', 'sales: multiple of 0.01', 'orders: integer'];
  test('of totals hold the country and exact money, and of which time they are', () => {
    expect(fieldsOf('totals.schema.json')).toEqual([...total, 'since: date-time', 'as_of: date-time']);
  });

  test('of windows hold besides when they begin and end', () => {
    expect(fieldsOf('window-key.schema.json')).toEqual(['country: string', 'window_start: date-time']);
    expect(fieldsOf('window.schema.json')).toEqual([...total, 'window_start: date-time', 'window_end: date-time']);
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

describe('specs', () => {
  test('of the producer: the file, the topic, and where rejects lie', () => {
    expect(specOf(orders, 'produce')).toMatchObject({
      reads: { orders: { kind: 'file', url: '{files.orders}' } },
      writes: {
        orders: { kind: 'topic', topic: 'orders.json' },
        rejects: { kind: 'folder', url: 's3://{platform.bucket}/rejects/orders/{execution.name}' },
      },
      parameters: { rate: '{parameters.rate}', rows: '{parameters.rows}' },
    });
  });

  test('of the stream: orders with their rules, where results go, its checkpoint and windows', () => {
    expect(specOf(orders, 'sumByWindow')).toMatchObject({
      reads: {
        orders: {
          kind: 'topic',
          groupIdPrefix: 'millrace.orders.sumByWindow',
          // Two weeks, 10 minutes until a segment is deleted, 10 of future, and a day: the longest lateness that may be allowed.
          rules: { latenessMinutes: '{parameters.allowedLateness}', watermarkDelayMs: days(15) + 20 * 60_000 },
        },
      },
      writes: { windows: { kind: 'topic' }, deadLetters: { kind: 'topic', topic: 'orders.dead-letters' } },
      checkpoint: 's3://{platform.bucket}/checkpoints/orders/sum-by-window',
      windows: { minutes: 10, every: 5 },
    });
  });

  test('of the three forms of the totals, which differ in what they write', () => {
    // A run writes below its own name, so that a second one neither fails nor overwrites.
    const results = { kind: 'folder', url: 's3://{platform.bucket}/results/orders/{execution.name}' };
    for (const [job, writes] of [
      ['totalsToConsole', {}],
      ['totalsToCsv', { results }],
      ['totalsToTopic', { totals: { kind: 'topic', topic: 'orders.by-country.json' } }],
    ] as const) {
      expect(specOf(orders, job)).toMatchObject({ reads: { orders: { kind: 'topic', topic: 'orders.json' } }, writes });
    }
  });
});

test('a person may set these, and nothing set means the whole demo', () => {
  const { parameters, actions } = planOf(orders);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    rate: 200,
    rows: 0,
    allowedLateness: 10,
    triggerSeconds: 2,
  });
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the whole order runs by itself', () => {
  expect(orderOf(orders)).toEqual({
    streams: ['sumByWindow'],
    during: ['produce'],
    after: ['totalsToConsole', 'totalsToCsv', 'totalsToTopic'],
  });
});

test('the state of the stream fits its executor', () => {
  // 15 days, 20 minutes and the window of 10: 21,630 minutes, a window each 5, for 250 countries; half of 4 GiB holds it.
  expect(orders.jobs.sumByWindow && stateOf(orders.jobs.sumByWindow)).toEqual({
    rows: 1_081_500,
    bytes: 378_525_000,
    partitions: 3,
    held: 2_147_483_648,
  });
});

test('fits beside other pipelines in an account of 16 vCPU', () => expect(peakCores(orders)).toBe(5));
