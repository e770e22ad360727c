/** Orders as applications send them on a bad day, and how far the stream has come with them: what the cases share. */
import { join } from 'node:path';
import { python } from '../../../../test/e2e/cli.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { must, type Sending, type Sent, type Stack, until } from '../../../../test/faults/stack.ts';

export const [PIPELINE, STREAM, SOURCE, WINDOWS] = [
  'orders',
  'sumByWindow',
  'orders.json',
  'orders.by-country.windows.json',
];
/** Orders in the file of the tree. */
export const ROWS = 2_000;
export const DEAD_LETTERS = 'orders.dead-letters';
export const [MINUTE, PARTITIONS] = [60_000, 4];
/** What a whole run tells of its accounts. */
export interface Ran {
  readonly accounts: readonly {
    readonly line: string;
    readonly addsUp: boolean;
    readonly sent: number;
    readonly carriedOver: number;
  }[];
}

interface Facts {
  readonly records: number;
  readonly problems: readonly string[];
}

/** What the oracle says; of topics that lost records, with what it was told of the time before. */
export function judged(stack: Stack, ...words: string[]): Facts {
  const script = new URL('../oracle.py', import.meta.url);
  return python<Facts>(script, '--bootstrap', stack.bootstrapServers, ...(kept.get(stack) ?? []), ...words);
}

/** Windows that stay as they are now, by stack, since records of them are to be deleted. */
const kept = new WeakMap<Stack, readonly string[]>();

/** Notes the windows as they are, before the source is cut, or made again. */
export function keepWindows(stack: Stack, how: 'cut' | 'again'): void {
  const file = join(stack.scratch, 'windows.json');
  const words = how === 'again' ? ['--again'] : [];
  judged(stack, '--keep', file);
  kept.set(stack, ['--kept', file, ...words]);
}

/** Notes what the source holds, after records of it were deleted. */
export const recount = (stack: Stack) => changed(stack, judged(stack).records - heldBy(stack));

const countries = ['Peru', 'Côte d’Ivoire', 'Türkiye', 'One|Two'];

/** Records that the source of each stack should hold, whoever sent them. */
const held = new WeakMap<Stack, number>();
export const heldBy = (stack: Stack): number => held.get(stack) ?? 0;
/** Notes that the source got so many more, or lost them. */
export const changed = (stack: Stack, count: number) => held.set(stack, heldBy(stack) + count);

let ids = 1_000_000;

export function order(random: Random, awayMs: number): Sent {
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
export function history(random: Random, count: number): Sent[] {
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

/** An order in each partition. */
export const everywhere = (random: Random): Sent[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ ...order(random, 0), partition }));

export function send(
  stack: Stack,
  records: readonly Sent[],
  options: { rate?: number; transaction?: string } = {},
): Sending {
  const sending = stack.send(records, options);
  const counted = sending.taken.then((count) => {
    if (options.transaction !== 'abort') changed(stack, count);
    return count;
  });
  counted.catch(() => undefined);
  return { taken: counted };
}

export const start = (stack: Stack, ...words: string[]) => stack.json('run', PIPELINE, '--action', 'start', ...words);
export const backlog = (stack: Stack) => stack.backlog(PIPELINE, STREAM, SOURCE);

/** Waits until the stream has worked through what is there now; gives the time since the fault. */
export async function recovered(stack: Stack, faultAt: number): Promise<number> {
  const ends = await stack.ends(SOURCE);
  await until('the stream has worked through what is there', () => {
    must(stack.isAlive(PIPELINE, STREAM), `the stream runs: ${stack.lastWords(PIPELINE, STREAM)}`);
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  return performance.now() - faultAt;
}

/** Waits until so many records more are in the source. */
export async function arrived(stack: Stack, before: number, count: number): Promise<void> {
  await until('records have come in', async () => (await stack.length(SOURCE)) >= before + count);
}

/** Waits until the stream has a batch in hand. */
export async function inBatch(stack: Stack): Promise<void> {
  await until('a batch is planned and not finished', () => {
    const { planned, finished } = stack.batches(PIPELINE, STREAM);
    return planned > finished;
  });
}
