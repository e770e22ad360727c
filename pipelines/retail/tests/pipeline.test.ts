/** What the declaration of the retail pipeline promises to people and to other systems. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orderOf, peakCores, replayWaysOf, stateOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { planOf, specOf } from '../../../lib/declaration/plan.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import retail from '../pipeline.ts';

interface Schema {
  readonly properties: Readonly<Record<string, { type: unknown; format?: string; multipleOf?: number }>>;
  readonly required: readonly string[];
}

const schemaOf = (file: string): Schema =>
  JSON.parse(readFileSync(join(retail.folders.declaration, 'schemas', `${file}.schema.json`), 'utf8')) as Schema;

/** Fields of a schema, each as its name and what it is. */
function fieldsOf(file: string): string[] {
  const { properties, required } = schemaOf(file);
  expect(required).toEqual(Object.keys(properties));
  return Object.entries(properties).map(
    ([name, { type, format, multipleOf }]) =>
      `${name}: ${format ?? (multipleOf === undefined ? type : `multiple of ${multipleOf}`)}`,
  );
}

test('has no mistake', () => expect(mistakesOf([retail])).toEqual([]));

describe('topics', () => {
  const topics = Object.entries(topicsOf(retail));

  test('have the names that other systems know, and are open to some of them', () => {
    expect(topics.map(([alias, { name, externalWays }]) => [alias, name, ...externalWays])).toEqual([
      ['products', 'retail.products'],
      ['purchases', 'retail.purchases', 'Writer'],
      ['inventories', 'retail.inventories', 'Reader'],
      ['replays', 'retail.purchases.replays', 'Writer'],
      ['enriched', 'retail.purchases.enriched', 'Reader'],
      ['unknownProducts', 'retail.purchases.dead-letters'],
      ['totals', 'retail.totals', 'Reader'],
      ['notCounted', 'retail.totals.dead-letters'],
      ['windows', 'retail.sales-by-window'],
      ['notSummed', 'retail.sales-by-window.dead-letters'],
      ['ranks', 'retail.top', 'Reader'],
      ['notRanked', 'retail.top.dead-letters'],
    ]);
  });

  test('are compacted where the last record of a key is what counts', () => {
    const compacted = topics.filter(([, { cleanup }]) => cleanup === 'compact').map(([alias]) => alias);
    expect(compacted).toEqual(['products', 'totals', 'windows', 'ranks']);
  });

  test('are stamped by the broker where lateness is decided', () => {
    const stamped = topics.filter(([, { props }]) => props.timestamps === 'LogAppendTime').map(([alias]) => alias);
    expect(stamped).toEqual(['purchases', 'replays']);
  });

  test('of dead letters are one for each stream, and only those of unknown products come back', () => {
    const [way, ...others] = replayWaysOf(retail);
    expect(others).toEqual([]);
    expect([way?.job, way?.deadLetters.name]).toEqual(['enrich', 'retail.purchases.dead-letters']);
  });
});

describe('schemas', () => {
  const purchase = [
    'transaction_time: date-time',
    'transaction_id: integer',
    'line: integer',
    'product_id: string',
    'price: multiple of 0.01',
    'quantity: integer',
    'is_member: boolean',
    'member_discount: multiple of 0.01',
    'add_supplements: boolean',
    'supplement_price: multiple of 0.01',
    'total_purchase: multiple of 0.01',
  ];
  const sums = ['purchases: integer', 'quantity: integer', 'sales: multiple of 0.01'];
  const window = ['window_start: date-time', 'window_end: date-time'];

  test('of purchases hold exact money and their event time', () => expect(fieldsOf('purchase')).toEqual(purchase));

  test('of enriched purchases have twenty fields, and a key of their own for each', () => {
    expect(fieldsOf('purchase-key')).toEqual(['transaction_id: integer', 'line: integer']);
    expect(fieldsOf('enriched')).toEqual([
      ...purchase,
      'category: string',
      'item: string',
      'size: string',
      'cogs: multiple of 0.01',
      'list_price: multiple of 0.01',
      ...['fruit', 'veggies', 'nuts', 'caffeine'].map((what) => `contains_${what}: boolean`),
    ]);
    expect(fieldsOf('enriched')).toHaveLength(20);
  });

  test('of results hold exact money', () => {
    expect(fieldsOf('totals')).toEqual([
      'product_id: string',
      'item: string',
      'category: string',
      ...sums,
      'event_time: date-time',
    ]);
    expect(fieldsOf('window-key')).toEqual(['product_id: string', 'window_start: date-time']);
    expect(fieldsOf('window')).toEqual(['product_id: string', ...sums, ...window]);
    expect(fieldsOf('rank-key')).toEqual(['window_start: date-time', 'rank: integer']);
    expect(fieldsOf('rank')).toEqual([...window, 'rank: integer', 'product_id: string', ...sums]);
  });

  test('of a published product are those of its line, and when it was', () => {
    expect(fieldsOf('product')).toEqual(['event_time: date-time', ...fieldsOf('product-line')]);
  });
});

describe('specs', () => {
  test('of the producer: the file, three topics, and where rejects lie', () => {
    expect(specOf(retail, 'produce')).toMatchObject({
      reads: { products: { kind: 'file', url: '{files.products}' } },
      writes: {
        products: { kind: 'topic' },
        purchases: { kind: 'topic' },
        inventories: { kind: 'topic' },
        rejects: { kind: 'folder', url: 's3://{platform.bucket}/rejects/retail/{execution.name}' },
      },
    });
  });

  test('of the enrichment: purchases that are never late, their replays, and products as they are now', () => {
    expect(specOf(retail, 'enrich')).toMatchObject({
      reads: {
        purchases: { replays: 'retail.purchases.replays', rules: { latenessMinutes: null, watermarkDelayMs: null } },
        products: { kind: 'lookup', topic: 'retail.products' },
      },
    });
  });

  test('of the windows: purchases with their rules', () => {
    expect(specOf(retail, 'sumByWindow')).toMatchObject({
      reads: { purchases: { rules: { latenessMinutes: '{parameters.allowedLateness}' } } },
      windows: { minutes: 10, every: 5 },
    });
  });
});

test('a person may set these, and nothing set means the whole demo', () => {
  const { parameters, files, actions } = planOf(retail);
  expect(Object.fromEntries(Object.entries(parameters).map(([name, rule]) => [name, rule.default]))).toEqual({
    rows: 0,
    transactions: 1_000,
    rate: 200,
    seed: 1,
    twoLines: 25,
    threeLines: 10,
    twoDrinks: 17,
    threeDrinks: 3,
    members: 30,
    memberDiscount: 10,
    supplements: 20,
    strongSupplements: 50,
    supplementPrice: 199,
    lowestDraw: 3,
    highestDraw: 200,
    restockAt: 10,
    restockBy: 15,
    triggerSeconds: 2,
    allowedLateness: 10,
  });
  expect(files).toEqual(['products']);
  expect(actions).toEqual(['run', 'start', 'stop', 'upgrade']);
});

test('the ranks come after the windows, the producer runs beside the streams, the best sellers and the history are made at the end', () => {
  expect(orderOf(retail)).toEqual({
    streams: ['enrich', 'keepTotals', 'sumByWindow', 'rankTop'],
    during: ['produce'],
    after: ['bestSellers', 'archive'],
  });
});

test('state is bounded by the number of products, and there is none where none is needed', () => {
  const { enrich, keepTotals, sumByWindow, rankTop } = retail.jobs;
  expect(keepTotals && stateOf(keepTotals)).toMatchObject({ rows: 20_000, partitions: 1 });
  // 15 days, 20 minutes and the window of 10: 21,630 minutes, a window each 5, for 100 products.
  expect(sumByWindow && stateOf(sumByWindow)).toMatchObject({ rows: 432_600, partitions: 1 });
  expect([enrich, rankTop].map((job) => job && stateOf(job))).toEqual([undefined, undefined]);
});

test('fits in an account of 16 vCPU', () => expect(peakCores(retail)).toBe(10));
