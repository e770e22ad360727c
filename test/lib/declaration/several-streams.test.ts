/** A system of several streams that feed each other, with a lookup and two sinks, declared in one file and started by the prepare Lambda. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { prepare } from '../../../lambda/prepare/core.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { planOf } from '../../../lib/declaration/plan.ts';
import { Spec } from '../../../lib/declaration/spec.ts';

const INDEX = new URL('../../../lib/declaration/index.ts', import.meta.url).href;
const SOURCE = `
import { avro, batch, csv, days, deadLettersOf, events, folder, latest, pipeline, sendingParameters, standingFolder, stream, streamParameters, topic } from '${INDEX}';

const key = avro('product-key.avsc');
const purchases = topic('shop.purchases.avro', { partitions: 4, retention: days(7), key, value: avro('purchase.avsc') });
const products = topic('shop.products', { partitions: 1, cleanup: 'compact', key, value: avro('product.avsc') });
const enriched = topic('shop.purchases.enriched', { partitions: 4, retention: days(1), timestamps: 'LogAppendTime', key, value: avro('enriched.avsc') });
const totals = topic('shop.totals', { partitions: 1, cleanup: 'compact', key, value: avro('total.avsc') });
const deadLetters = deadLettersOf(purchases);
const menu = csv('products.csv', ',', avro('menu.avsc', 'shop.products.csv'));
const archive = standingFolder('archive');
const best = folder('best');
const rejects = folder('rejects');
const sending = sendingParameters('purchases', 20);
const streaming = streamParameters('a purchase');

const generate = batch('generate.py', { reads: { menu }, writes: { purchases, products, rejects }, parameters: sending });
const enrich = stream('enrich.py', {
  reads: { purchases: events(purchases, { lateness: streaming.allowedLateness }), products: latest(products) },
  writes: { enriched, deadLetters },
  parameters: streaming,
});
const total = stream('total.py', { reads: { enriched: events(enriched, { lateness: 'none' }) }, writes: { totals }, keys: 20_000 });
const rank = stream('rank.py', { reads: { enriched }, writes: { archive }, windows: { minutes: 10, every: 5 }, keys: 30 });
const report = batch('report.py', { reads: { totals }, writes: { best }, after: [rank] });
const replay = batch('replay.py', { reads: { deadLetters }, writes: { purchases }, alone: true });

export default pipeline(import.meta.url, {
  description: 'Purchases with their products, totals, and the best sellers.',
  jobs: { report, rank, total, enrich, generate, replay },
  accounts: [
    { sent: purchases, from: { file: menu, rows: sending.rows, rejects }, deadLetters, results: { topic: totals, count: 'purchases' } },
    { sent: enriched, deadLetters, results: { topic: totals, count: 'purchases' } },
  ],
  report: { job: report, folder: best, columns: [{ field: 'product', title: 'product', format: 'text' }] },
});
`;

const project = mkdtempSync(join(tmpdir(), 'millrace-shop-'));
afterAll(() => rmSync(project, { recursive: true }));
const write = (path: string, text: string): void => {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), text);
};
write('pipelines/shop/pipeline.ts', SOURCE);
write('pipelines/shop/schemas/product-key.avsc', '"long"');
for (const name of ['purchase', 'product', 'enriched', 'total', 'menu']) {
  const fields = [{ name: 'purchases', type: 'long' }];
  write(`pipelines/shop/schemas/${name}.avsc`, JSON.stringify({ type: 'record', name, fields }));
}
write('sample_data/shop/products.csv', 'purchases\n1\n');
for (const job of ['generate', 'enrich', 'total', 'rank', 'report', 'replay']) write(`jobs/pyspark/shop/${job}.py`, '');

const [pipeline] = await loadPipelines(join(project, 'pipelines'));
if (!pipeline) throw new Error('The pipeline was not loaded.');
const plan = planOf(pipeline);

describe('a shop', () => {
  test('starts its streams upstream first, sends while they run, and reports when they are drained', () => {
    expect(plan.order).toEqual({ streams: ['enrich', 'total', 'rank'], during: ['generate'], after: ['report'] });
    expect(plan.actions).toEqual(['run', 'start', 'stop', 'upgrade']);
  });

  test('gives each of its jobs a spec of the right form', () => {
    const schemas = Object.values(plan.jobs).flatMap(
      ({ spec }) => JSON.stringify(spec).match(/(?<=schemas\.)\w+/g) ?? [],
    );
    const run = (input: object) =>
      prepare({
        plan,
        starts: {},
        platform: { bootstrapServers: 'b:1', registryUrl: 'http://r', bucket: 'data' },
        pipeline: {
          schemas: Object.fromEntries(schemas.map((key) => [key, '7'])),
          files: { menu: 's3://assets/products.csv' },
        },
        execution: { name: 'x1' },
        input,
      });
    const whole = run({});
    const runs = [...whole.streams, ...whole.during, ...whole.drains, ...whole.after, ...run({ job: 'replay' }).after];
    expect(runs.map(({ run }) => run)).toEqual([
      ...['enrich', 'total', 'rank', 'generate'],
      ...['enrichDrain', 'totalDrain', 'rankDrain', 'report', 'replay'],
    ]);
    const specs = runs.map(({ arguments: [, text] }) => Spec.parse(JSON.parse(text)));
    expect(specs.map(({ mode }) => mode)).toEqual([
      ...['stream', 'stream', 'stream', 'batch'],
      ...['drain', 'drain', 'drain', 'batch', 'batch'],
    ]);
    expect(specs[0]).toMatchObject({ reads: { purchases: { kind: 'topic' }, products: { kind: 'lookup' } } });
    expect(specs[2]).toMatchObject({
      writes: { archive: { kind: 'folder', url: 's3://data/archive/shop/standing' } },
    });
  });
});
