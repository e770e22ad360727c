/** The clock of the machine is set forth and back by an hour, while all runs: a case of `npm run test:faults`. */
import { Kafka, logLevel } from 'kafkajs';
import type { Case, Hit, Suite } from '../../../../../test/faults/cases.ts';
import { MovedClock } from '../../../../../test/faults/clock.ts';
import type { Random } from '../../../../../test/faults/random.ts';
import { must, type Sent, type Stack } from '../../../../../test/faults/stack.ts';
import { arrived, history, PIPELINE, type Ran, ROWS, recovered, SOURCE, send, start, WINDOWS } from '../orders.ts';
import { exact } from './commands.ts';

const HOUR = 3_600;
const SIZE = 450;

/**
 * Protected by `Clock` and `lead` of the numbers of batches, which go on where they were, and by waits that are measured by the clock that nobody sets.
 */
async function clockSet(stack: Stack, random: Random): Promise<Hit> {
  const clock = new MovedClock(stack.scratch);
  stack.variables = clock.variables;
  await stack.up();
  await start(stack);
  const times: number[] = [];
  const now = (records: Sent[]) => records.map((record) => atNow(record, clock));
  let sent = 0;
  for (const ahead of [HOUR, 0, -HOUR, 0]) {
    const before = await stack.length(SOURCE);
    const sending = send(stack, now(history(random, SIZE)), { rate: 150 });
    await arrived(stack, before, random.whole(50, SIZE / 2));
    clock.set(ahead);
    const faultAt = performance.now();
    sent += await sending.taken;
    sent += await send(stack, now(history(random, SIZE))).taken;
    times.push(await recovered(stack, faultAt));
  }
  await stack.json('run', PIPELINE, '--action', 'stop');
  must(exact(stack) === sent, `all of ${sent} records are there`);
  const numbers = await batchNumbers(stack);
  must(
    [...numbers.values()].every((all) => all.every((number, index) => number >= (all[index - 1] ?? 0))),
    'no result has a smaller number than one of the same key before it',
  );
  for (const ahead of [-HOUR, 0]) {
    const before = await stack.length(SOURCE);
    const run = stack.json<Ran>('run', PIPELINE, '--input', '{"rate": 200}');
    await arrived(stack, before, random.whole(200, ROWS - 500));
    clock.set(ahead);
    const { accounts } = await run;
    must(accounts[0]?.addsUp === true, `the account of a run adds up: ${accounts[0]?.line}`);
    sent += ROWS;
  }
  must(exact(stack) === sent, `all of ${sent} records are there`);
  return {
    what: `six times, with a stream, senders and commands in the middle; ${numbers.size} keys`,
    recoveredMs: Math.max(...times),
  };
}

/** The order with its date as far from the moved clock as it is from the right one. */
function atNow(record: Sent, clock: MovedClock): Sent {
  const text = record.value?.toString() ?? '';
  const moved = text.replace(/"order_date":"([^"]+)"/, (_, date: string) => {
    return `"order_date":"${new Date(Date.parse(date) + clock.ahead * 1_000).toISOString()}"`;
  });
  return moved === text ? record : { ...record, value: Buffer.from(moved) };
}

/** The numbers of the batches that wrote the results of each key, in the order of their offsets. */
async function batchNumbers(stack: Stack): Promise<Map<string, number[]>> {
  const ends = await stack.ends(WINDOWS);
  let left = [...ends.values()].reduce((sum, one) => sum + one, 0);
  const kafka = new Kafka({ clientId: 'clock', brokers: [stack.bootstrapServers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'external.clock' });
  const numbers = new Map<string, number[]>();
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: WINDOWS, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer.run({
        eachMessage: async ({ message: { key, headers } }) => {
          const name = key?.toString() ?? '';
          numbers.set(name, [...(numbers.get(name) ?? []), Number(headers?.['millrace.batch'])]);
          left -= 1;
          if (left === 0) resolve();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return numbers;
}

const cases: Case[] = [{ number: 20, title: 'the clock set forth and back', run: clockSet, isAlone: true }];

export default { cases, check: async () => [] } satisfies Suite;
