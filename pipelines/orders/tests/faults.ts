/** Faults that hit the orders pipeline, whose records are JSON: cases of `npm run test:faults`. No registry takes part. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { python } from '../../../test/e2e/cli.ts';
import type { Case, Hit, Suite } from '../../../test/faults/cases.ts';
import type { Random } from '../../../test/faults/random.ts';
import { must, type Sending, type Sent, type Stack, until } from '../../../test/faults/stack.ts';

const [PIPELINE, STREAM, SOURCE, WINDOWS] = ['orders', 'sumByWindow', 'orders.json', 'orders.by-country.windows.json'];
const [MINUTE, PARTITIONS] = [60_000, 4];
const countries = ['Peru', 'Côte d’Ivoire', 'Türkiye', 'One|Two'];

/** Records that were sent to the source of each stack, by all. */
const taken = new WeakMap<Stack, number>();
let ids = 1_000_000;

function order(random: Random, awayMs: number): Sent {
  ids += 1;
  const fields = {
    order_id: ids,
    customer_id: random.whole(1, 99),
    amount: random.whole(-500, 100_000) / 100,
    order_date: new Date(Date.now() + awayMs).toISOString(),
    country: random.pick(countries),
  };
  return { topic: SOURCE, key: Buffer.from(String(ids)), value: Buffer.from(JSON.stringify(fields)) };
}

const broken = [
  null,
  '',
  'garbage',
  '[]',
  '{"order_id": 1}',
  '{"order_id": 1, "amount": 4.999}',
  '"\ud800"',
  '\0\0\0\0\u0001',
];

/** What comes in on a bad day: orders in disorder within the lateness, some twice, late, of the future, and no orders at all. */
function history(random: Random, count: number): Sent[] {
  const records: Sent[] = [];
  while (records.length < count) {
    const chance = random.next();
    const [before] = records.slice(-random.whole(1, 9));
    if (chance < 0.1 && before) records.push(before);
    else if (chance < 0.15) records.push(order(random, -random.whole(11, 10_000) * MINUTE));
    else if (chance < 0.2) records.push(order(random, random.whole(11, 10_000) * MINUTE));
    else if (chance < 0.27) {
      const value = random.pick(broken);
      records.push({ ...order(random, 0), value: value === null ? null : Buffer.from(value) });
    } else records.push(order(random, random.whole(-8 * MINUTE, 8 * MINUTE)));
  }
  return records;
}

function send(stack: Stack, records: readonly Sent[], options: { rate?: number; transaction?: string } = {}): Sending {
  const sending = stack.send(records, options);
  const counted = sending.taken.then((count) => {
    if (options.transaction !== 'abort') taken.set(stack, (taken.get(stack) ?? 0) + count);
    return count;
  });
  counted.catch(() => undefined);
  return { taken: counted };
}

const start = (stack: Stack, ...words: string[]) => stack.json('run', PIPELINE, '--action', 'start', ...words);
const backlog = (stack: Stack) => stack.backlog(PIPELINE, STREAM, SOURCE);

/** Waits until the stream has worked through what is there now; gives the time since the fault. */
async function recovered(stack: Stack, faultAt: number): Promise<number> {
  const ends = await stack.ends(SOURCE);
  await until('the stream has worked through what is there', () => {
    must(stack.isAlive(PIPELINE, STREAM), 'the stream runs');
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  return performance.now() - faultAt;
}

/** Waits until so many records more are in the source. */
async function arrived(stack: Stack, before: number, count: number): Promise<void> {
  await until('records have come in', async () => (await stack.length(SOURCE)) >= before + count);
}

/** Waits until the stream has a batch in hand. */
async function inBatch(stack: Stack): Promise<void> {
  await until('a batch is planned and not finished', () => {
    const { planned, finished } = stack.batches(PIPELINE, STREAM);
    return planned > finished;
  });
}

/** Protected by the checkpoint of the one query, `checkpointLocation` in `run_query`: offsets, rows of state and what is unfinished. */
async function driverKilled(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const [times, lost]: [number[], number[]] = [[], []];
  let unfinished = 0;
  for (let round = 0; round < 10; round += 1) {
    const before = await stack.length(SOURCE);
    // The last ones come with the end of the sender, or behind it.
    const sending = send(stack, history(random, 120), { rate: 100 });
    await arrived(stack, before, random.whole(1, 120));
    await sleep(random.whole(0, 400));
    stack.hitRun(PIPELINE, STREAM, 'SIGKILL');
    const faultAt = performance.now();
    await until('the driver is gone', () => !stack.isAlive(PIPELINE, STREAM));
    await sending.taken;
    const [left, { planned, finished }] = [await backlog(stack), stack.batches(PIPELINE, STREAM)];
    lost.push(left);
    if (planned > finished) unfinished += 1;
    await start(stack);
    // Every other time the next one comes while the stream catches up.
    if (round % 2 === 1) times.push(await recovered(stack, faultAt));
  }
  must(Math.max(...lost) > 0 && unfinished > 0, 'drivers died with records before them, and in a batch');
  const what = `10 drivers, ${unfinished} of them in a batch, with ${Math.min(...lost)} to ${Math.max(...lost)} records before them`;
  return { what, recoveredMs: Math.max(...times) };
}

/** Protected by `_finish_batch` and the hook of `StopRequest`: who is asked to end finishes the batch in hand. */
async function driverEnded(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  await send(stack, history(random, 4_000)).taken;
  await inBatch(stack);
  const { planned } = stack.batches(PIPELINE, STREAM);
  stack.hitRun(PIPELINE, STREAM, 'SIGTERM');
  const faultAt = performance.now();
  await until('the driver is gone', () => !stack.isAlive(PIPELINE, STREAM));
  const { planned: last, finished } = stack.batches(PIPELINE, STREAM);
  must(last === finished && finished >= planned, `batch ${last}, the last that was planned, is finished: ${finished}`);
  await send(stack, history(random, 500)).taken;
  const left = await backlog(stack);
  must(left > 0, 'records are left for the drain');
  await stack.json('run', PIPELINE, '--action', 'stop');
  must((await backlog(stack)) === 0, 'the drain has worked through all');
  return { what: `batch ${planned}; ${left} records left to the drain`, recoveredMs: performance.now() - faultAt };
}

interface Ran {
  readonly accounts: readonly { readonly line: string; readonly addsUp: boolean; readonly carriedOver: number }[];
}

/** Protected by `carriedOver` of the ledger in `Accounts`: what a sender left behind is said, and counted once. */
async function senderKilled(stack: Stack): Promise<Hit> {
  await stack.json('run', PIPELINE, '--input', '{"rate": 0}');
  taken.set(stack, (taken.get(stack) ?? 0) + 2_000);
  const before = await stack.length(SOURCE);
  const run = stack.start('run', PIPELINE, '--input', '{"rate": 200}');
  await arrived(stack, before, 300);
  stack.hitRun(PIPELINE, 'produce', 'SIGKILL');
  const faultAt = performance.now();
  const { code, stderr } = await run.ended;
  must(code === 1 && stderr.includes('produce'), `the execution fails by its sender: exit code ${code}, ${stderr}`);
  const left = (await stack.length(SOURCE)) - before;
  must(left > 0 && left < 2_000, `the sender died in the middle: it had sent ${left}`);
  const { accounts } = await stack.json<Ran>('run', PIPELINE, '--input', '{"rate": 0}');
  taken.set(stack, (taken.get(stack) ?? 0) + left + 2_000);
  const [account] = accounts;
  must(account?.addsUp === true && account.carriedOver === left, `the account says so: ${account?.line}`);
  const what = `${left} of 2,000 orders were sent, and are told as carried over when all are sent again`;
  return { what, recoveredMs: performance.now() - faultAt };
}

/** Protected by `prepare` of the service `kafka`, which formats no folder that holds data, and by `failOnDataLoss` in `source_options`. */
async function brokerKilled(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const before = await stack.length(SOURCE);
  const sending = send(stack, history(random, 1_500), { rate: 150 });
  await arrived(stack, before, random.whole(200, 700));
  const left = await backlog(stack);
  stack.hitService('kafka', 'SIGKILL');
  const faultAt = performance.now();
  // As the runbook says of a service that died.
  await stack.up();
  const all = await sending.taken;
  must((await stack.length(SOURCE)) === before + all, 'the broker has what it took, once');
  const ends = await stack.ends(SOURCE);
  let how = 'the stream went on';
  await until('the stream has worked through what is there', async () => {
    if (!stack.isAlive(PIPELINE, STREAM)) {
      how = 'the stream was started again';
      await start(stack);
    }
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  const recoveredMs = performance.now() - faultAt;
  return { what: `the broker, with ${left} records before the stream and a sender in the middle; ${how}`, recoveredMs };
}

/** Protected by what `client_options` leaves alone: the patience of Kafka's clients is longer than the pause. */
async function brokerPaused(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const before = await stack.length(SOURCE);
  const sending = send(stack, history(random, 1_500), { rate: 150 });
  await arrived(stack, before, random.whole(200, 700));
  const stream = stack.runOf(PIPELINE, STREAM)?.id;
  stack.hitService('kafka', 'SIGSTOP');
  const { finished } = stack.batches(PIPELINE, STREAM);
  await sleep(30_000);
  const meanwhile = stack.batches(PIPELINE, STREAM).finished - finished;
  stack.hitService('kafka', 'SIGCONT');
  const faultAt = performance.now();
  // A batch whose records had all been taken may still have been noted.
  must(meanwhile <= 1, `no batch is finished without the broker: ${meanwhile}`);
  const all = await sending.taken;
  must((await stack.length(SOURCE)) === before + all, 'the broker has what it took, once');
  const recoveredMs = await recovered(stack, faultAt);
  must(stack.runOf(PIPELINE, STREAM)?.id === stream, 'it is the same stream');
  return { what: 'the broker, for 30 s in the middle of a sender; stream and sender went on', recoveredMs };
}

/** Protected by `watermarkDelayMs`: however unevenly partitions are read, no row is dropped. Times far away are `late` and `future`. */
async function disorder(stack: Stack, random: Random): Promise<Hit> {
  const away = ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z', '2200-02-29T00:00:00Z', '9999-12-31T23:59:59Z'];
  const far = ['2024-02-30T00:00:00Z', '1900-02-28T12:00:00+14:00', '2100-06-01T00:00:00-12:00', ...away].map(
    (date) => {
      const { key, value } = order(random, 0);
      const fields = { ...(JSON.parse(String(value)) as object), order_date: date };
      return { topic: SOURCE, key, value: Buffer.from(JSON.stringify(fields)) };
    },
  );
  await start(stack);
  const faultAt = performance.now();
  let sent = 0;
  // First what is ahead, in one partition; then what is behind, in the others.
  for (const [minutes, partitions] of [
    [9, [0]],
    [-9, [1, 2, 3]],
    [4, [3]],
    [-9, [0]],
  ] as const) {
    const records = Array.from({ length: 400 }, () => ({
      ...order(random, minutes * MINUTE - random.whole(0, 5_000)),
      partition: random.pick(partitions),
    }));
    const some = [...records, ...(minutes === 9 ? far : [])];
    sent += some.length;
    const { finished } = stack.batches(PIPELINE, STREAM);
    await send(stack, some).taken;
    await recovered(stack, faultAt);
    must(stack.batches(PIPELINE, STREAM).finished > finished, 'they are of batches of their own');
  }
  return {
    what: `${sent} records, 9 minutes ahead before 9 minutes behind, ${far.length} of other centuries`,
    recoveredMs: performance.now() - faultAt,
  };
}

/** Protected by `bind`: `refuse_results`, `refuse_another`, and `Checkpoint.read` for what is damaged. */
async function checkpointGone(stack: Stack, random: Random): Promise<Hit> {
  await send(stack, history(random, 300)).taken;
  await stack.json('run', PIPELINE, '--action', 'stop');
  const folder = stack.checkpoint(PIPELINE, STREAM);
  const binding = join(folder, 'binding.json');
  const text = readFileSync(binding, 'utf8');
  await send(stack, history(random, 300)).taken;
  const [left, results] = [await backlog(stack), await stack.length(WINDOWS)];
  must(left === 300 && existsSync(binding), 'a checkpoint is there, and records behind it');
  const faultAt = performance.now();
  // Hadoop's checksum of a local file is none of an object in S3.
  rmSync(join(folder, '.binding.json.crc'));
  const refused = async (code: string) => {
    const { code: exit, stderr } = await stack.run('run', PIPELINE, '--action', 'start');
    must(exit === 1 && stderr.includes(code), `the start is refused by ${code}: exit code ${exit}, ${stderr}`);
    must((await stack.length(WINDOWS)) === results, 'no result was written');
  };
  writeFileSync(binding, text.slice(0, 40));
  await refused('CHECKPOINT_DAMAGED');
  const bound = JSON.parse(text) as { topics: Record<string, string> };
  writeFileSync(binding, JSON.stringify({ ...bound, topics: { ...bound.topics, [SOURCE]: 'AAAAAAAAAAAAAAAAAAAAAA' } }));
  await refused('CHECKPOINT_OF_ANOTHER');
  writeFileSync(binding, text);
  renameSync(folder, `${folder}-lost`);
  await refused('CHECKPOINT_MISSING');
  rmSync(`${folder}-lost`, { recursive: true });
  await start(stack, '--rebuild');
  const recoveredMs = await recovered(stack, faultAt);
  return {
    what: `a checkpoint damaged, of another topic, and lost, each refused with ${left} records behind it; rebuilt`,
    recoveredMs,
  };
}

/** Protected by the condition on the lock's item in the state machine (`Lock`). */
async function twoExecutions(stack: Stack, random: Random): Promise<Hit> {
  const before = await stack.length(SOURCE);
  const first = stack.start('run', PIPELINE, '--input', '{"rate": 100}');
  await arrived(stack, before, random.whole(100, 900));
  const faultAt = performance.now();
  must((await stack.length(SOURCE)) < before + 2_000, 'the first one is in the middle of its sender');
  const second = await stack.run('run', PIPELINE, '--input', '{"rate": 0}');
  const refusedMs = performance.now() - faultAt;
  must(second.code === 1 && second.stderr.includes('PipelineBusy'), `the second one is refused: ${second.stderr}`);
  const { code, stdout, stderr } = await first.ended;
  must(code === 0, `the first one goes on to its end: ${code}, ${stdout}, ${stderr}`);
  must((await stack.length(SOURCE)) === before + 2_000, 'one file was sent');
  taken.set(stack, (taken.get(stack) ?? 0) + 2_000);
  return {
    what: 'an execution, in the middle of its sender, by a second one, which is refused',
    recoveredMs: refusedMs,
  };
}

/** Protected by `kafka.isolation.level` in `source_options`. */
async function transactionsAborted(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const before = await stack.length(SOURCE);
  await send(stack, history(random, 200)).taken;
  const aborted = await send(stack, history(random, 500), { transaction: 'abort' }).taken;
  await send(stack, history(random, 200), { transaction: 'commit' }).taken;
  must((await stack.length(SOURCE)) >= before + 400 + aborted, 'what was aborted lies in the topic');
  const faultAt = performance.now();
  // Records behind the markers of the transactions in every partition: any client can read up to them.
  const last = Array.from({ length: PARTITIONS }, (_, partition) => ({ ...order(random, 0), partition }));
  await send(stack, last).taken;
  return {
    what: `${aborted} records of an aborted transaction, between others`,
    recoveredMs: await recovered(stack, faultAt),
  };
}

const cases: Case[] = [
  { number: 1, title: "a stream's driver killed ten times", run: driverKilled },
  { number: 2, title: "a stream's driver ended in a batch", run: driverEnded },
  { number: 3, title: 'the sender killed', run: senderKilled },
  { number: 4, title: 'the broker killed', run: brokerKilled },
  { number: 5, title: 'the broker paused', run: brokerPaused },
  { number: 10, title: 'times far away, and disorder', run: disorder },
  { number: 11, title: 'checkpoints lost, damaged, of another topic', run: checkpointGone },
  { number: 13, title: 'two executions at once', run: twoExecutions },
  { number: 19, title: 'transactions aborted', run: transactionsAborted, isLast: true },
];

interface Facts {
  readonly records: number;
  readonly problems: readonly string[];
}

async function check(stack: Stack): Promise<string[]> {
  await stack.json('run', PIPELINE, '--action', 'stop');
  const facts = python<Facts>(new URL('oracle.py', import.meta.url), '--bootstrap', stack.bootstrapServers);
  const sent = taken.get(stack) ?? 0;
  return [
    ...facts.problems,
    ...(facts.records === sent ? [] : [`the source has ${facts.records} records, and ${sent} were sent`]),
  ];
}

export default { cases, check } satisfies Suite;
