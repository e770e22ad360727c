/** Faults that hit the bank pipeline, whose results are in a table: cases of `npm run test:faults`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case, Hit, Suite } from '../../../test/faults/cases.ts';
import type { Random } from '../../../test/faults/random.ts';
import { must, type Sent, type Stack, until } from '../../../test/faults/stack.ts';
import { held, oracle } from './held.ts';

const [PIPELINE, STREAM, SOURCE] = ['bank', 'sumByInterval', 'bank.transactions'];

const branches = ['Moscow', 'Kazan', 'Kaz\0an', 'Nowhere', ''];
const currencies = ['RUB', 'USD', 'EUR', 'euro'];

/** Transactions as applications send them on a bad day: some are none, and of some the table holds no sum. */
const history = (random: Random, count: number): Sent[] =>
  Array.from({ length: count }, () => {
    const [branch, currency] = [random.pick(branches), random.pick(currencies)];
    const value = JSON.stringify({ branch, currency, amount: random.whole(-10_000, 9_999) / 100 });
    return { topic: SOURCE, key: null, value: random.next() < 0.03 ? null : Buffer.from(value) };
  });

const start = (stack: Stack) => stack.json('run', PIPELINE, '--action', 'start');

/** Waits until the stream has worked through what is there now; gives the time since the fault. */
async function recovered(stack: Stack, faultAt: number): Promise<number> {
  const ends = await stack.ends(SOURCE);
  await until('the stream has worked through what is there', () => {
    must(stack.isAlive(PIPELINE, STREAM), `the stream runs: ${stack.lastWords(PIPELINE, STREAM)}`);
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  return performance.now() - faultAt;
}

/** Protected by the number of the batch in `millrace.position`, which `_write` of `TableSink` looks at: sums are added once. */
async function driverKilled(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const [times, lost]: [number[], number[]] = [[], []];
  let unfinished = 0;
  for (let round = 0; round < 10; round += 1) {
    const before = await stack.length(SOURCE);
    const sending = stack.send(history(random, 120), { rate: 100 });
    const wanted = before + random.whole(1, 120);
    await until('records have come in', async () => (await stack.length(SOURCE)) >= wanted);
    await sleep(random.whole(0, 400));
    stack.hitRun(PIPELINE, STREAM, 'SIGKILL');
    const faultAt = performance.now();
    await until('the driver is gone', () => !stack.isAlive(PIPELINE, STREAM));
    await sending.taken;
    lost.push(await stack.backlog(PIPELINE, STREAM, SOURCE));
    const { planned, finished } = stack.batches(PIPELINE, STREAM);
    if (planned > finished) unfinished += 1;
    await start(stack);
    // Every other time the next one comes while the stream catches up.
    if (round % 2 === 1) times.push(await recovered(stack, faultAt));
  }
  must(Math.max(...lost) > 0 && unfinished > 0, 'drivers died with records before them, and in a batch');
  const what = `10 drivers, ${unfinished} of them in a batch, with ${Math.min(...lost)} to ${Math.max(...lost)} records before them`;
  return { what, recoveredMs: Math.max(...times) };
}

const cases: Case[] = [
  { number: 1, title: 'the driver of a stream that adds to a table killed ten times', run: driverKilled },
];

async function check(stack: Stack): Promise<string[]> {
  await stack.json('run', PIPELINE, '--action', 'stop');
  const { rows, problems } = oracle(stack.bootstrapServers);
  const found = await held(stack.folders);
  const same = JSON.stringify(found) === JSON.stringify(rows);
  return [
    ...problems,
    ...(same ? [] : [`the table has ${found.length} rows, and other sums than the ${rows.length} that it must have`]),
  ];
}

export default { cases, check } satisfies Suite;
