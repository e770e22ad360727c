/** What `npm run bench` measures of this pipeline: how fast purchases of few and of many products are made, enriched and summed, and how soon each is in its total. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Conditions } from '../../../../bench/benchmark.ts';
import { rate } from '../../../../bench/job-runs.ts';
import type { Row } from '../../../../bench/rows.ts';
import { python } from '../../../../test/e2e/cli.ts';
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

async function begun({ atEnd }: Conditions): Promise<Stack> {
  const stack = new Stack();
  stack.pipelines = ['retail'];
  atEnd(() => stack.remove());
  await stack.up();
  return stack;
}

async function purchases(conditions: Conditions): Promise<Row[]> {
  const transactions = conditions.quick ? 100_000 : 1_000_000;
  const rows: Row[] = [];
  for (const count of [27, 20_000]) {
    const stack = await begun(conditions);
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

const perSecond = 1_000;
const shares = ['p50', 'p95', 'p99'] as const;

/** From the sending of a purchase to the first running total that counts it, as a client outside sees it. */
async function totals(conditions: Conditions): Promise<Row[]> {
  const [rounds, seconds, before] = conditions.quick ? [2, 10, 8] : [5, 30, 30];
  const stack = await begun(conditions);
  // A total has the words of its product, which is to be known.
  await stack.json('run', 'retail', '--job', 'produce', '--input', '{"transactions": 1}');
  const start = ['--action', 'start', '--stream', 'keep-totals', '--input', '{"triggerSeconds": 0}'];
  await stack.json('run', 'retail', ...start);
  const measured = (seconds: number, warmUp: number) => {
    const told = { bootstrap: stack.bootstrapServers, products: sample, rate: perSecond, seconds, 'warm-up': warmUp };
    const words = Object.entries(told).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return python<Record<(typeof shares)[number], number>>(new URL('client.py', import.meta.url), ...words);
  };
  measured(before, 0);
  const found = Array.from({ length: rounds }, () => measured(seconds + 3, 3));
  await stack.json('run', 'retail', '--action', 'stop', '--stream', 'keep-totals');
  return shares.map((share) => ({
    metric: `purchase -> running total, ${share} at ${perSecond.toLocaleString('en-US')}/s`,
    unit: 'ms',
    ours: found.map((each) => each[share]),
  }));
}

const all: readonly Benchmark[] = [
  { name: 'purchases', isLong: true, measure: purchases },
  { name: 'totals', measure: totals },
];
export default all;
