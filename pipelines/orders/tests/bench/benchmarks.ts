/** What `npm run bench` measures of this pipeline: many countries beside few, and a stream that has run for a hundred hours. */
import type { Benchmark, Conditions } from '../../../../bench/benchmarks.ts';
import { progress, rate } from '../../../../bench/job-runs.ts';
import { median, type Row } from '../../../../bench/rows.ts';
import { MovedClock } from '../../../../test/faults/clock.ts';
import { Random } from '../../../../test/faults/random.ts';
import { type Sent, Stack, until } from '../../../../test/faults/stack.ts';

const [PIPELINE, STREAM, DRAIN, SOURCE] = ['orders', 'sumByWindow', 'sumByWindowDrain', 'orders.json'];
const MINUTE = 60_000;
const HOUR_SECONDS = 3_600;

/** Orders of the last minutes before a moment, from so many countries. */
function orders(random: Random, count: number, countries: number, now: number): Sent[] {
  return Array.from({ length: count }, (_, index) => {
    const order = {
      order_id: index + 1,
      customer_id: random.whole(1, 99),
      amount: random.whole(-500, 100_000) / 100,
      order_date: new Date(now - random.whole(0, 5 * MINUTE)).toISOString(),
      country: `Country ${random.whole(1, countries)}`,
    };
    return { topic: SOURCE, key: Buffer.from(String(index + 1)), value: Buffer.from(JSON.stringify(order)) };
  });
}

/** Orders a second of a stream that works through a backlog from so many countries. */
async function backlogRate(count: number, countries: number, { atEnd }: Conditions): Promise<number> {
  const stack = new Stack();
  atEnd(() => stack.remove());
  await stack.up();
  await stack.send(orders(new Random(countries), count, countries, Date.now())).taken;
  // A drain works through what the topic holds.
  await stack.json('run', PIPELINE, '--action', 'stop');
  const found = rate(stack, PIPELINE, DRAIN, 'rowsIn');
  await stack.remove();
  return found;
}

async function keys(conditions: Conditions): Promise<Row[]> {
  const [count, rounds] = conditions.quick ? [300_000, 1] : [1_000_000, 3];
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await backlogRate(count, 100_000, conditions));
    values.push(await backlogRate(count, 7, conditions));
  }
  const beside = { name: '7 keys', values };
  return [{ metric: 'sums of 100,000 keys', unit: 'orders/s', ours, beside, goal: { of: 'ratio', atLeast: 0.5 } }];
}

/** The clock of broker and stream is set an hour ahead after each portion of orders. */
async function simulatedHours({ quick, atEnd }: Conditions): Promise<Row[]> {
  const hours = quick ? 30 : 100;
  const stack = new Stack();
  atEnd(() => stack.remove());
  const clock = new MovedClock(stack.scratch);
  stack.variables = clock.variables;
  await stack.up();
  await stack.json('run', PIPELINE, '--action', 'start');
  const heaps: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) {
    clock.set(hour * HOUR_SECONDS);
    await stack.send(orders(new Random(hour), 2_000, 100, clock.now()), { rate: 1_000 }).taken;
    const ends = await stack.ends(SOURCE);
    await until('the stream has worked through the hour', () => stack.hasReached(PIPELINE, STREAM, ends));
    heaps.push((stack.peakMemory(PIPELINE, STREAM) ?? 0) / 2 ** 20);
  }
  await stack.json('run', PIPELINE, '--action', 'stop');
  const batches = progress(stack, PIPELINE, STREAM).filter(({ rowsIn }) => Number(rowsIn) > 0);
  const tenth = Math.floor(batches.length / 10);
  const seconds = (some: typeof batches) => median(some.map(({ batchSeconds }) => Number(batchSeconds)));
  const rows = batches.map(({ stateRows }) => Number(stateRows ?? 0));
  const beside = (name: string, value: number) => ({ name, values: [value] });
  return [
    {
      metric: `micro-batch after ${hours} hours`,
      unit: 's',
      // What comes first is compiled as it runs: not the first tenth, the second one.
      ours: [seconds(batches.slice(-tenth))],
      beside: beside('after the first tenth', seconds(batches.slice(tenth, 2 * tenth))),
      goal: { of: 'ratio', atMost: 1.1 },
    },
    {
      metric: `most memory of the stream after ${hours} hours`,
      unit: 'MiB',
      ours: [heaps.at(-1) ?? Number.NaN],
      beside: beside('after half of them', heaps[hours >> 1] ?? Number.NaN),
      goal: { of: 'ratio', atMost: 1.1 },
    },
    { metric: `rows of state after ${hours} hours`, unit: 'rows', ours: [Math.max(...rows)] },
  ];
}

const all: readonly Benchmark[] = [
  { name: 'keys', isLong: true, measure: keys },
  { name: 'hours', isLong: true, measure: simulatedHours },
];
export default all;
