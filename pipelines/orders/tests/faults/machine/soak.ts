/** A long run under load with a fault each minute: a case of `npm run test:faults`, only where its number is asked for. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectIn } from '../../../../../lib/declaration/json.ts';
import { JobRunRecords, partsOf } from '../../../../../local/emr/job-run-records.ts';
import { residentMemory } from '../../../../../local/services/process.ts';
import type { Case, Hit, Suite } from '../../../../../test/faults/cases.ts';
import type { Random } from '../../../../../test/faults/random.ts';
import { must, type Sent, type Stack, until } from '../../../../../test/faults/stack.ts';
import { askPs, startedIn } from '../../../../../tools/processes.mjs';
import { exact } from './commands.ts';

const [PIPELINE, STREAM, SOURCE] = ['orders', 'sumByWindow', 'orders.json'];
const RATE = 1_000;
const MINUTE = 60_000;
const MEGABYTE = 2 ** 20;
const countries = ['Peru', 'India', 'Chad', 'Fiji'];
/** A process that has just started still loads classes and fills its heap. */
const GROWING_UP_MS = 2 * MINUTE;
/** A heap that grows to its limit does so within minutes; what leaks goes on. */
const MOST_GROWTH = 15 * MEGABYTE;

let ids = 1_000_000;

/** So many orders of the last minutes. */
function orders(random: Random, count: number): Sent[] {
  return Array.from({ length: count }, () => {
    ids += 1;
    const order = {
      order_id: ids,
      customer_id: random.whole(1, 99),
      amount: random.whole(-500, 100_000) / 100,
      order_date: new Date(Date.now() - random.whole(0, 5 * MINUTE)).toISOString(),
      country: random.pick(countries),
    };
    return { topic: SOURCE, key: Buffer.from(String(ids)), value: Buffer.from(JSON.stringify(order)) };
  });
}

interface Life {
  readonly name: string;
  readonly samples: [at: number, bytes: number][];
}

/** How many bytes a minute are added, by the line that fits best. */
function slope(samples: Life['samples']): number {
  const mean = (of: (sample: [number, number]) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [at, bytes] = [mean(([time]) => time), mean(([, size]) => size)];
  const spread = samples.reduce((sum, [time]) => sum + (time - at) ** 2, 0);
  return spread === 0
    ? 0
    : (samples.reduce((sum, [time, size]) => sum + (time - at) * (size - bytes), 0) / spread) * MINUTE;
}

/** Protected by the state's watermark and keys for its rows, and by what each process keeps for its memory. */
async function soak(stack: Stack, random: Random, minutes: number): Promise<Hit> {
  await stack.up();
  await stack.json('run', PIPELINE, '--action', 'start');
  const lives = new Map<number, Life>();
  const sampling = new AbortController();
  const sampled = (async () => {
    while (!sampling.signal.aborted) {
      for (const { pid } of startedIn(stack.home)) {
        const bytes = residentMemory(pid);
        if (bytes === undefined) continue;
        if (!lives.has(pid)) lives.set(pid, { name: askPs('args=', pid)?.slice(-120) ?? '', samples: [] });
        lives.get(pid)?.samples.push([performance.now(), bytes]);
      }
      await sleep(5_000, undefined, { signal: sampling.signal }).catch(() => undefined);
    }
  })();
  const start = () => stack.json('run', PIPELINE, '--action', 'start');
  const faults: readonly (() => Promise<unknown>)[] = [
    async () => {
      stack.hitService('kafka', 'SIGSTOP');
      await sleep(5_000);
      stack.hitService('kafka', 'SIGCONT');
    },
    async () => {
      stack.hitService('registry', 'SIGKILL');
      await stack.up();
    },
    async () => {
      stack.hitService('iam', 'SIGKILL');
      await stack.up();
    },
    async () => {
      stack.hitRun(PIPELINE, STREAM, 'SIGKILL');
      await until('the driver is gone', () => !stack.isAlive(PIPELINE, STREAM));
      await start();
    },
    async () => {
      stack.hitService('kafka', 'SIGKILL');
      await stack.up();
      if (!stack.isAlive(PIPELINE, STREAM)) await start();
    },
  ];
  const times: number[] = [];
  let sent = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const { taken } = stack.send(orders(random, RATE * 60), { rate: RATE });
    await sleep(random.whole(1_000, 15_000));
    const faultAt = performance.now();
    const ends = await stack.ends(SOURCE);
    await faults[minute % faults.length]?.();
    await until('the stream is behind the fault', async () => {
      if (!stack.isAlive(PIPELINE, STREAM)) await start();
      return stack.hasReached(PIPELINE, STREAM, ends);
    });
    times.push(performance.now() - faultAt);
    sent += await taken;
  }
  sampling.abort();
  await sampled;
  await stack.json('run', PIPELINE, '--action', 'stop');
  must(exact(stack) === sent, `all of ${sent} records are there`);
  const grown = [...lives.values()].flatMap(({ name, samples }) => {
    const [born = 0] = samples[0] ?? [];
    const grownUp = samples.filter(([at]) => at - born > GROWING_UP_MS);
    return grownUp.length < 20 ? [] : [{ name, perMinute: slope(grownUp), last: grownUp.at(-1)?.[1] ?? 0 }];
  });
  must(grown.length > 0, 'some process lived for some minutes');
  const told = grown.map(
    ({ name, perMinute, last }) =>
      `${(perMinute / MEGABYTE).toFixed(1)} MB a minute to ${Math.round(last / MEGABYTE)} MB of ${name}`,
  );
  must(
    grown.every(({ perMinute }) => perMinute < MOST_GROWTH),
    `memory is flat: ${told.join('; ')}`,
  );
  const rows = stateRows(stack);
  // Each country has a window for each five minutes, and two for each of its orders; the first of them lie a while back.
  const mostRows = countries.length * ((minutes + 15) / 5 + 3);
  must(Math.max(...rows) <= mostRows, `at most ${mostRows} rows of state: ${Math.max(...rows)}`);
  const most = Math.max(...grown.map(({ perMinute }) => perMinute)) / MEGABYTE;
  return {
    what: `${minutes} minutes, ${sent} records, a fault each minute; at most ${most.toFixed(1)} MB a minute more in a process, ${Math.max(...rows)} rows of state`,
    recoveredMs: Math.max(...times),
  };
}

/** Rows of state after each batch of the stream. */
function stateRows({ folders }: Stack): number[] {
  const records = new JobRunRecords(folders.jobRuns);
  const runs = records.all().filter((run) => partsOf(run).run === STREAM);
  const lines = runs.flatMap(({ id }) => readFileSync(records.stdout(id), 'utf8').split('\n'));
  return lines.flatMap((line) => {
    const rows = objectIn(line)?.stateRows;
    return typeof rows === 'number' ? [rows] : [];
  });
}

const cases: Case[] = [{ number: 21, title: 'soak', run: soak, isAlone: true, isLong: true }];

export default { cases, check: async () => [] } satisfies Suite;
