/** Cases in which a process is killed, ended or paused, and one in which there is one too many. */
import { globSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hit } from '../../../../test/faults/cases.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { must, type Stack, until } from '../../../../test/faults/stack.ts';
import {
  arrived,
  backlog,
  changed,
  history,
  inBatch,
  order,
  PIPELINE,
  type Ran,
  ROWS,
  recovered,
  SOURCE,
  STREAM,
  send,
  start,
  WINDOWS,
} from './orders.ts';

/** Protected by the checkpoint of the one query, `checkpointLocation` in `run_query`: offsets, rows of state and what is unfinished. */
export async function driverKilled(stack: Stack, random: Random): Promise<Hit> {
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
export async function driverEnded(stack: Stack, random: Random): Promise<Hit> {
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

/** Protected by `carriedOver` of the ledger in `Accounts`: what a sender left behind is said, and counted once. */
export async function senderKilled(stack: Stack): Promise<Hit> {
  await stack.json('run', PIPELINE, '--input', '{"rate": 0}');
  changed(stack, ROWS);
  const before = await stack.length(SOURCE);
  const run = stack.start('run', PIPELINE, '--input', '{"rate": 200}');
  await arrived(stack, before, 300);
  stack.hitRun(PIPELINE, 'produce', 'SIGKILL');
  const faultAt = performance.now();
  const { code, stderr } = await run.ended;
  must(code === 1 && stderr.includes('produce'), `the execution fails by its sender: exit code ${code}, ${stderr}`);
  const left = (await stack.length(SOURCE)) - before;
  must(left > 0 && left < ROWS, `the sender died in the middle: it had sent ${left}`);
  const { accounts } = await stack.json<Ran>('run', PIPELINE, '--input', '{"rate": 0}');
  changed(stack, left + ROWS);
  const [account] = accounts;
  must(account?.addsUp === true && account.carriedOver === left, `the account says so: ${account?.line}`);
  const what = `${left} of ${ROWS} orders were sent, and are told as carried over when all are sent again`;
  return { what, recoveredMs: performance.now() - faultAt };
}

/** Protected by `prepare` of the service `kafka`, which formats no folder that holds data, and by `failOnDataLoss` in `source_options`. */
export async function brokerKilled(stack: Stack, random: Random): Promise<Hit> {
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

/**
 * Protected by `refuse_gap`, which sees that a partition ends before what was read. The files are as a machine leaves them that loses its power: the ends of
 * two partitions are gone, in the middle of a record; no index can be used; nothing says what was written through.
 */
export async function brokerFilesDamaged(stack: Stack, random: Random): Promise<Hit> {
  const cutPartitions = [0, 3];
  await start(stack);
  await send(stack, history(random, 600)).taken;
  // What gets lost are good orders of now, whose windows have others.
  const last = Array.from({ length: 80 }, (_, index) => ({
    ...order(random, 0),
    partition: cutPartitions[index % 2] ?? 0,
  }));
  await send(stack, last, { rate: 80 }).taken;
  await recovered(stack, 0);
  const before = await stack.ends(SOURCE);
  const results = await stack.ends(WINDOWS);
  stack.hitRun(PIPELINE, STREAM, 'SIGKILL');
  stack.hitService('kafka', 'SIGKILL');
  await until('broker and driver are gone', () => !stack.isAlive(PIPELINE, STREAM) && !stack.isServing('kafka'));
  const faultAt = performance.now();
  const data = join(stack.folders.services, 'kafka', 'data', 'broker');
  rmSync(join(data, 'recovery-point-offset-checkpoint'));
  for (const topic of [SOURCE, WINDOWS]) {
    for (const file of globSync(join(data, `${topic}-*`, '*.{index,timeindex}'))) {
      if (random.chance(0.5)) rmSync(file);
      else writeFileSync(file, Buffer.alloc(statSync(file).size));
    }
  }
  for (const partition of cutPartitions) {
    const segment =
      globSync(join(data, `${SOURCE}-${partition}`, '*.log'))
        .sort()
        .at(-1) ?? '';
    truncateSync(segment, statSync(segment).size - random.whole(1, 3_000));
  }
  await stack.up();
  const after = await stack.ends(SOURCE);
  const lost = [...before].map(([place, end]) => end - (after.get(place) ?? 0));
  must(
    lost[0] !== 0 && lost[1] === 0 && lost[2] === 0 && lost[3] !== 0,
    `the ends of two partitions are gone: ${lost}`,
  );
  must(Math.max(...lost) <= 40, `no more than was sent last is gone: ${lost}`);
  changed(stack, -lost.reduce((sum, one) => sum + one, 0));
  must(String([...(await stack.ends(WINDOWS))]) === String([...results]), 'no result is gone');
  const { code, stderr } = await stack.run('run', PIPELINE, '--action', 'start');
  must(
    code === 1 && stderr.includes('RECORDS_LOST') && stderr.includes('what the stream had read was deleted'),
    `a stream that has read more than there is does not go on: exit code ${code}, ${stderr}`,
  );
  await start(stack, '--rebuild');
  await send(stack, history(random, 300)).taken;
  return {
    what: `the files of the broker, which lost ${lost.join(', ')} records of partitions that were read; it came up, the stream was refused, and rebuilt`,
    recoveredMs: await recovered(stack, faultAt),
  };
}

/** Protected by what `client_options` leaves alone: the patience of Kafka's clients is longer than the pause. */
export async function brokerPaused(stack: Stack, random: Random): Promise<Hit> {
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

/** Protected by the condition on the lock's item in the state machine (`Lock`). */
export async function twoExecutions(stack: Stack, random: Random): Promise<Hit> {
  const before = await stack.length(SOURCE);
  const first = stack.start('run', PIPELINE, '--input', '{"rate": 100}');
  await arrived(stack, before, random.whole(100, 900));
  const faultAt = performance.now();
  must((await stack.length(SOURCE)) < before + ROWS, 'the first one is in the middle of its sender');
  const second = await stack.run('run', PIPELINE, '--input', '{"rate": 0}');
  const refusedMs = performance.now() - faultAt;
  must(second.code === 1 && second.stderr.includes('PipelineBusy'), `the second one is refused: ${second.stderr}`);
  const { code, stdout, stderr } = await first.ended;
  must(code === 0, `the first one goes on to its end: ${code}, ${stdout}, ${stderr}`);
  must((await stack.length(SOURCE)) === before + ROWS, 'one file was sent');
  changed(stack, ROWS);
  return {
    what: 'an execution, in the middle of its sender, by a second one, which is refused',
    recoveredMs: refusedMs,
  };
}
