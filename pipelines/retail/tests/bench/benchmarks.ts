/** What `npm run bench` measures of this pipeline: how fast purchases of few and of many products are made, enriched and summed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Conditions } from '../../../../bench/benchmarks.ts';
import { rate } from '../../../../bench/job-runs.ts';
import type { Row } from '../../../../bench/rows.ts';
import { Stack } from '../../../../test/faults/stack.ts';
import retail from '../../pipeline.ts';

const sample = join(retail.folders.sampleData, 'products.jsonl');

/** A shop that sells as many products: the sample's, or as many more of the same as it takes. Each is bought as often as any other. */
function shop(stack: Stack, count: number): string {
  const folder = join(stack.scratch, `products-${count}`);
  const lines = readFileSync(sample, 'utf8').trimEnd().split('\n');
  const products = Array.from({ length: count }, (_, number) => {
    const product = JSON.parse(lines[number % lines.length] ?? '') as object;
    return JSON.stringify({ ...product, product_id: `P${number}`, propensity_to_buy: 1 });
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'products.jsonl'), `${products.join('\n')}\n`);
  return folder;
}

async function purchases({ quick, atEnd }: Conditions): Promise<Row[]> {
  const transactions = quick ? 100_000 : 1_000_000;
  const rows: Row[] = [];
  for (const count of [27, 20_000]) {
    const stack = new Stack();
    atEnd(() => stack.remove());
    await stack.up();
    const input = { transactions, twoLines: 0, threeLines: 0, rate: 0, lowestDraw: 1, highestDraw: count };
    const words = ['--sample-data', shop(stack, count), '--input', JSON.stringify(input)];
    await stack.json('run', 'retail', '--job', 'produce', ...words);
    // A drain works through what the topics hold.
    for (const stream of ['enrich', 'keep-totals']) {
      await stack.json('run', 'retail', '--action', 'stop', '--stream', stream);
    }
    const of = `of ${count.toLocaleString('en-US')} products`;
    for (const [metric, run, rowsOf] of [
      ['generator', 'produce', 'sent'],
      ['purchases with their product', 'enrichDrain', 'rowsIn'],
      ['running totals', 'keepTotalsDrain', 'rowsIn'],
    ] as const) {
      rows.push({ metric: `${metric}, ${of}`, unit: 'purchases/s', ours: [rate(stack, 'retail', run, rowsOf)] });
    }
  }
  return rows;
}

const all: readonly Benchmark[] = [{ name: 'purchases', isLong: true, measure: purchases }];
export default all;
