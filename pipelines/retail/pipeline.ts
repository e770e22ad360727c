/** A shop that sells drinks: purchases are generated, enriched with their products, summed as they come and by windows, and ranked. No registry takes part. */
import {
  batch,
  dataset,
  days,
  deadLettersOf,
  events,
  folder,
  integer,
  jsonLines,
  jsonSchema,
  latest,
  pipeline,
  replaysOf,
  stream,
  streamParameters,
  topic,
} from '../../lib/declaration/index.ts';

const productsFile = jsonLines('products.jsonl', jsonSchema('product-line.schema.json'));

const products = topic('retail.products', {
  partitions: 2,
  cleanup: 'compact',
  value: jsonSchema('product.schema.json'),
});
const purchases = topic('retail.purchases', {
  partitions: 4,
  retention: days(7),
  // The broker stamps records, so that "late" and "future" are decided by a clock that no producer can set.
  timestamps: 'LogAppendTime',
  value: jsonSchema('purchase.schema.json'),
  external: 'written',
});
const inventories = topic('retail.inventories', {
  partitions: 2,
  retention: days(7),
  value: jsonSchema('inventory.schema.json'),
  external: 'read',
});
const enriched = topic('retail.purchases.enriched', {
  partitions: 4,
  retention: days(7),
  key: jsonSchema('purchase-key.schema.json'),
  value: jsonSchema('enriched.schema.json'),
  external: 'read',
});
const totals = topic('retail.totals', {
  partitions: 2,
  cleanup: 'compact',
  value: jsonSchema('totals.schema.json'),
  external: 'read',
});
const windows = topic('retail.sales-by-window', {
  partitions: 2,
  cleanup: 'compact',
  key: jsonSchema('window-key.schema.json'),
  value: jsonSchema('window.schema.json'),
});
const ranks = topic('retail.top', {
  partitions: 2,
  cleanup: 'compact',
  key: jsonSchema('rank-key.schema.json'),
  value: jsonSchema('rank.schema.json'),
  external: 'read',
});
// Each stream judges what it reads by rules of its own, so each has its own dead letters.
const unknownProducts = deadLettersOf(purchases);
const notCounted = deadLettersOf(purchases, { name: 'retail.totals.dead-letters' });
const notSummed = deadLettersOf(purchases, { name: 'retail.sales-by-window.dead-letters' });
const notRanked = deadLettersOf(windows, { name: 'retail.top.dead-letters' });
// Only the enrichment judges by something that may change: a product that it did not know.
const replays = replaysOf(purchases);

// Files of a day each, since that is what is asked for: sales from one day to another.
const history = dataset('purchases', {
  schema: jsonSchema('enriched.schema.json'),
  partitionBy: ['days(transaction_time)'],
});

const rejects = folder('rejects');
const results = folder('results');

const streaming = streamParameters('a purchase');

const { triggerSeconds } = streaming;

const percent = (value: number, description: string) =>
  integer({ default: value, minimum: 0, maximum: 100, unit: 'percent', description });

const produce = batch('produce.py', {
  reads: { products: productsFile },
  writes: { products, purchases, inventories, rejects },
  parameters: {
    rows: integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'rows',
      description: 'How many products are read; 0 reads the whole file.',
    }),
    transactions: integer({
      default: 1_000,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'transactions',
      description: 'How many transactions are made.',
    }),
    rate: integer({
      default: 200,
      minimum: 0,
      maximum: 20_000,
      unit: 'purchases a second',
      description: 'How fast purchases are sent; 0 sends them as fast as possible.',
    }),
    seed: integer({
      default: 1,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: 'number',
      description: 'The same seed makes the same purchases, but for times and transaction ids.',
    }),
    twoLines: percent(25, 'How many transactions are of two purchases; those of neither two nor three are of one.'),
    threeLines: percent(10, 'How many transactions are of three purchases.'),
    twoDrinks: percent(17, 'How many purchases are of two drinks; those of neither two nor three are of one.'),
    threeDrinks: percent(3, 'How many purchases are of three drinks.'),
    members: percent(30, 'How many transactions are those of members.'),
    memberDiscount: percent(10, 'What members need not pay.'),
    supplements: percent(20, 'How many purchases are with supplements, but for categories SF and SC.'),
    strongSupplements: percent(50, 'How many purchases of categories SF and SC are with supplements.'),
    supplementPrice: integer({
      default: 199,
      minimum: 0,
      maximum: 100_000,
      unit: 'cents',
      description: 'Price of the supplements of one drink.',
    }),
    lowestDraw: integer({
      default: 3,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'number',
      description: 'Products are chosen by whole numbers from this one on.',
    }),
    highestDraw: integer({
      default: 200,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'number',
      description:
        'Products are chosen by whole numbers up to this one: bought is the one whose propensity, added to those before it in the file, is nearest.',
    }),
    restockAt: integer({
      default: 10,
      minimum: 2,
      maximum: 1_000_000,
      unit: 'drinks',
      description: 'The level of a product at which drinks come into stock.',
    }),
    restockBy: integer({
      default: 15,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'drinks',
      description: 'How many come, as often as it takes to get above that level.',
    }),
  },
});

const enrich = stream('enrich.py', {
  reads: { purchases: events(purchases, { lateness: 'none', replays }), replays, products: latest(products) },
  writes: { enriched, unknownProducts },
  parameters: { triggerSeconds },
});

const keepTotals = stream('keep_totals.py', {
  reads: { purchases: events(purchases, { lateness: 'none' }), products: latest(products) },
  writes: { totals, notCounted },
  parameters: { triggerSeconds },
  keys: 20_000,
});

const sumByWindow = stream('sum_by_window.py', {
  reads: { purchases: events(purchases, { lateness: streaming.allowedLateness }) },
  writes: { windows, notSummed },
  parameters: streaming,
  windows: { minutes: 10, every: 5 },
  keys: 100,
});

const rankTop = stream('rank_top.py', {
  reads: { windows: events(windows, { lateness: 'none' }) },
  writes: { ranks, notRanked },
  parameters: { triggerSeconds },
});

const bestSellers = batch('best_sellers.py', { reads: { totals }, writes: { results } });

const archive = batch('archive.py', { reads: { enriched }, writes: { history } });
// Once a day or so, not with each run: it merges what many of them have added.
const compact = batch('compact.py', { reads: {}, writes: { history }, alone: true });

export default pipeline(import.meta.url, {
  description:
    'Purchases of a shop: with their products, as totals, in windows of 10 minutes that start every 5 minutes, and as the ten best of each.',
  jobs: { produce, enrich, keepTotals, sumByWindow, rankTop, bestSellers, archive, compact },
  accounts: [
    { sent: purchases, deadLetters: unknownProducts, results: { topic: enriched } },
    { sent: purchases, deadLetters: notCounted, results: { topic: totals, count: 'purchases' } },
    { sent: purchases, deadLetters: notSummed, results: { topic: windows, count: 'purchases' } },
  ],
  report: {
    job: bestSellers,
    folder: results,
    columns: [
      { field: 'item', title: 'item', format: 'text' },
      { field: 'category', title: 'category', format: 'text' },
      { field: 'product_id', title: 'product', format: 'text' },
      { field: 'sales', title: 'sales', format: 'money' },
      { field: 'quantity', title: 'drinks', format: 'count' },
      { field: 'purchases', title: 'purchases', format: 'count' },
    ],
    chart: { x: 'item', y: 'sales' },
  },
  views: [
    {
      topic: ranks,
      title: 'The ten best of the last window',
      columns: [
        { field: 'rank', title: 'rank', format: 'count' },
        { field: 'product_id', title: 'product', format: 'text' },
        { field: 'sales', title: 'sales', format: 'money' },
        { field: 'quantity', title: 'drinks', format: 'count' },
        { field: 'window_start', title: 'window start', format: 'time' },
        { field: 'window_end', title: 'window end', format: 'time' },
      ],
      chart: { x: 'product_id', y: 'sales' },
      last: 'window_start',
    },
  ],
});
