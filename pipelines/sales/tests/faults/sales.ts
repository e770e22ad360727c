/** Sales as applications send them on a bad day, and how far the stream has come with them: what the cases share. */
import avro from 'avsc';
import type { Random } from '../../../../test/faults/random.ts';
import { must, type Sending, type Sent, type Stack, until } from '../../../../test/faults/stack.ts';

export const [PIPELINE, STREAM, SOURCE] = ['sales', 'enrich', 'pagila.sales.avro'];
export const [REPLAYS, DEAD_LETTERS] = ['pagila.sales.replays', 'pagila.sales.dead-letters'];
export const MINUTE = 60_000;
const countries = ['Peru', 'India', 'Nowhere'];

/** Records that were sent to the source of each stack. */
const taken = new WeakMap<Stack, number>();
export const sentTo = (stack: Stack): number => taken.get(stack) ?? 0;

let ids = 1_000_000;

/** A schema of the registry, and its id. */
export interface Known {
  readonly id: number;
  readonly text: string;
}

export async function latest(stack: Stack, subject: string): Promise<Known> {
  const answer = await fetch(`${stack.registryUrl}/apis/ccompat/v7/subjects/${subject}/versions/latest`);
  const { id, schema } = (await answer.json()) as { id: number; schema: string };
  return { id, text: schema };
}

/** Registers a schema as a client of Confluent's does; gives its id. */
export async function register(stack: Stack, subject: string, schema: string): Promise<number> {
  const answer = await fetch(`${stack.registryUrl}/apis/ccompat/v7/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema }),
  });
  const { id } = (await answer.json()) as { id?: number };
  must(id !== undefined, `the registry takes the schema: ${answer.status}`);
  return id;
}

export function framed({ id, text }: Known, value: unknown): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  return Buffer.concat([frame, avro.Type.forSchema(JSON.parse(text)).toBuffer(value)]);
}

/** Makes sales as a producer with these schemas does. */
export class Seller {
  private readonly key: Known;
  private readonly value: Known;
  private readonly random: Random;

  constructor(key: Known, value: Known, random: Random) {
    this.key = key;
    this.value = value;
    this.random = random;
  }

  static async of(stack: Stack, random: Random): Promise<Seller> {
    return new Seller(await latest(stack, `${SOURCE}-key`), await latest(stack, `${SOURCE}-value`), random);
  }

  /** The same seller with another schema of values. */
  with(value: Known): Seller {
    return new Seller(this.key, value, this.random);
  }

  /** A sale this far away from now; `more` are fields besides those that every schema has. */
  sale(awayMs: number, more: object = {}): Sent {
    ids += 1;
    const amount = Buffer.alloc(4);
    amount.writeInt32BE(this.random.whole(-500, 100_000));
    const sale = { payment_id: ids, customer_id: 1, amount, payment_date: Date.now() + awayMs };
    const value = { ...sale, ...more, city: null, district: null, country: this.random.pick(countries) };
    return { topic: SOURCE, key: framed(this.key, ids), value: framed(this.value, value) };
  }

  /** What has this body in the place of a sale, with the key of this payment. */
  framed(body: Buffer, payment: number): Sent {
    const { value, ...rest } = this.sale(0);
    return { ...rest, key: framed(this.key, payment), value: Buffer.concat([value?.subarray(0, 5) ?? body, body]) };
  }

  /** Sales in disorder within the lateness, late ones, those of the future, and no sales at all. */
  history(count: number): Sent[] {
    const { random } = this;
    return Array.from({ length: count }, () => {
      const chance = random.next();
      if (chance < 0.05) return this.sale(-random.whole(11, 10_000) * MINUTE);
      if (chance < 0.1) return this.sale(random.whole(11, 10_000) * MINUTE);
      if (chance < 0.15) {
        const good = this.sale(0);
        return { ...good, value: random.pick([null, Buffer.from('x'), good.value?.subarray(0, 9) ?? null]) };
      }
      return this.sale(random.whole(-8 * MINUTE, 8 * MINUTE));
    });
  }
}

export function send(stack: Stack, records: readonly Sent[], rate = 0): Sending {
  const sending = stack.send(records, { rate });
  const counted = sending.taken.then((count) => {
    taken.set(stack, sentTo(stack) + count);
    return count;
  });
  counted.catch(() => undefined);
  return { taken: counted };
}

export const start = (stack: Stack, ...words: string[]) => stack.json('run', PIPELINE, '--action', 'start', ...words);

export async function recovered(stack: Stack, faultAt: number): Promise<number> {
  const ends = await stack.ends(SOURCE, REPLAYS);
  await until('the stream has worked through what is there', () => {
    must(stack.isAlive(PIPELINE, STREAM), `the stream runs: ${stack.lastWords(PIPELINE, STREAM)}`);
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  return performance.now() - faultAt;
}
