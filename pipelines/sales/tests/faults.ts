/** Faults that hit the sales pipeline, whose records are Avro: cases of `npm run test:faults`. The registry takes part. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import avro from 'avsc';
import { projectRoot } from '../../../local/home.ts';
import { python } from '../../../test/e2e/cli.ts';
import type { Case, Hit, Suite } from '../../../test/faults/cases.ts';
import type { Random } from '../../../test/faults/random.ts';
import { must, type Sending, type Sent, type Stack, until } from '../../../test/faults/stack.ts';

const [PIPELINE, STREAM, SOURCE] = ['sales', 'enrich', 'pagila.sales.avro'];
const [REPLAYS, DEAD_LETTERS] = ['pagila.sales.replays', 'pagila.sales.dead-letters'];
const MINUTE = 60_000;
const countries = ['Peru', 'India', 'Nowhere'];

/** Records that were sent to the source of each stack. */
const taken = new WeakMap<Stack, number>();
let ids = 1_000_000;

/** A schema of the registry, and its id. */
interface Known {
  readonly id: number;
  readonly text: string;
}

async function latest(stack: Stack, subject: string): Promise<Known> {
  const answer = await fetch(`${stack.registryUrl}/apis/ccompat/v7/subjects/${subject}/versions/latest`);
  const { id, schema } = (await answer.json()) as { id: number; schema: string };
  return { id, text: schema };
}

/** Registers a schema as a client of Confluent's does; gives its id. */
async function register(stack: Stack, subject: string, schema: string): Promise<number> {
  const answer = await fetch(`${stack.registryUrl}/apis/ccompat/v7/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema }),
  });
  const { id } = (await answer.json()) as { id?: number };
  must(id !== undefined, `the registry takes the schema: ${answer.status}`);
  return id;
}

function framed({ id, text }: Known, value: unknown): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  return Buffer.concat([frame, avro.Type.forSchema(JSON.parse(text)).toBuffer(value)]);
}

/** Makes sales as a producer with these schemas does. */
class Seller {
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

  sale(awayMs: number): Sent {
    ids += 1;
    const amount = Buffer.alloc(4);
    amount.writeInt32BE(this.random.whole(-500, 100_000));
    const sale = { payment_id: ids, customer_id: 1, amount, payment_date: Date.now() + awayMs };
    const value = { ...sale, city: null, district: null, country: this.random.pick(countries) };
    return { topic: SOURCE, key: framed(this.key, ids), value: framed(this.value, value) };
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

function send(stack: Stack, records: readonly Sent[], rate = 0): Sending {
  const sending = stack.send(records, { rate });
  const counted = sending.taken.then((count) => {
    taken.set(stack, (taken.get(stack) ?? 0) + count);
    return count;
  });
  counted.catch(() => undefined);
  return { taken: counted };
}

const start = (stack: Stack) => stack.json('run', PIPELINE, '--action', 'start');

async function recovered(stack: Stack, faultAt: number): Promise<number> {
  const ends = await stack.ends(SOURCE, REPLAYS);
  await until('the stream has worked through what is there', () => {
    must(stack.isAlive(PIPELINE, STREAM), 'the stream runs');
    return stack.hasReached(PIPELINE, STREAM, ends);
  });
  return performance.now() - faultAt;
}

/** Protected by `Registry._texts`, which asks for nothing twice, and by its `PAUSES_SECONDS` at the start. */
async function registryAway(stack: Stack, random: Random): Promise<Hit> {
  const seller = await Seller.of(stack, random);
  const starting = stack.start('run', PIPELINE, '--action', 'start');
  stack.hitService('registry', 'SIGSTOP');
  await until('the driver is there', () => stack.isAlive(PIPELINE, STREAM));
  await sleep(15_000);
  must(stack.runOf(PIPELINE, STREAM)?.state !== 'RUNNING', 'the stream waits for the registry');
  stack.hitService('registry', 'SIGCONT');
  const { code, stderr } = await starting.ended;
  must(code === 0, `the start waits for the registry: ${stderr}`);
  must(stack.runOf(PIPELINE, STREAM)?.attempt === 1, 'it is the first attempt');
  await send(stack, seller.history(200)).taken;
  await recovered(stack, 0);
  const run = stack.runOf(PIPELINE, STREAM)?.id;
  const sending = send(stack, seller.history(600), 100);
  stack.hitService('registry', 'SIGKILL');
  const faultAt = performance.now();
  const before = await stack.length(SOURCE);
  await sending.taken;
  const came = (await stack.length(SOURCE)) - before;
  must(came > 0, 'records came when the registry was away');
  const recoveredMs = await recovered(stack, faultAt);
  must(stack.runOf(PIPELINE, STREAM)?.id === run, 'the stream goes on');
  const refused = await stack.run('run', PIPELINE, '--action', 'stop');
  must(
    refused.code === 1 && refused.stderr.includes('NOT_UP'),
    `without a registry nothing is begun: ${refused.stderr}`,
  );
  await stack.up();
  return {
    what: `the registry, for 15 s of a start, which waited; then killed, before ${came} records came`,
    recoveredMs,
  };
}

/** Protected by `recorded_rules` and `StartAgain` in the stream, and by `positionOf` in `millrace replay`. */
async function unknownId(stack: Stack, random: Random): Promise<Hit> {
  const seller = await Seller.of(stack, random);
  await start(stack);
  const faultAt = performance.now();
  const before = await stack.length(DEAD_LETTERS);
  // Ids are given one after the other: the next one is of no schema yet.
  const given = await register(
    stack,
    `faults-${random.whole(0, 2 ** 30)}`,
    JSON.stringify({ type: 'fixed', name: `F${ids}`, size: 7 }),
  );
  const { text } = await latest(stack, `${SOURCE}-value`);
  const schema = JSON.parse(text) as { fields: object[] };
  const fields = [...schema.fields, { name: `coupon${ids}`, type: ['null', 'string'], default: null }];
  const next = { id: given + 1, text: JSON.stringify({ ...schema, fields }) };
  const newer = seller.with(next);
  const unknown = Array.from({ length: 60 }, () => newer.sale(random.whole(-8 * MINUTE, 8 * MINUTE)));
  await send(stack, [...seller.history(100), ...unknown, ...seller.history(100)]).taken;
  await recovered(stack, faultAt);
  must((await stack.length(DEAD_LETTERS)) >= before + unknown.length, 'records of the unknown id are dead letters');
  must((await register(stack, `${SOURCE}-value`, next.text)) === next.id, 'the schema gets the id that was unknown');
  // A stream asks for an id once: the next start knows it.
  await stack.json('run', PIPELINE, '--action', 'upgrade');
  const replay = async (...words: string[]) => {
    const { replayed } = await stack.json<{ replayed: { sent: object; sentBefore: number }[] }>(
      'replay',
      PIPELINE,
      ...words,
    );
    return replayed[0];
  };
  const reason = ['--reason', 'unknown-schema-id'];
  const replaysBefore = await stack.length(REPLAYS);
  const sent = { 'unknown-schema-id': unknown.length };
  const dry = await replay(...reason, '--dry-run');
  must(JSON.stringify(dry?.sent) === JSON.stringify(sent), `a dry run counts them: ${JSON.stringify(dry)}`);
  must((await stack.length(REPLAYS)) === replaysBefore, 'a dry run sends nothing');
  const first = await replay(...reason);
  must(JSON.stringify(first?.sent) === JSON.stringify(sent), `they are sent again: ${JSON.stringify(first)}`);
  const second = await replay(...reason);
  must(second?.sentBefore === unknown.length, `a second time sends nothing: ${JSON.stringify(second)}`);
  const recoveredMs = await recovered(stack, faultAt);
  return { what: `${unknown.length} records of an id that was registered later, sent again`, recoveredMs };
}

const cases: Case[] = [
  { number: 6, title: 'the registry away', run: registryAway },
  { number: 9, title: 'an unknown schema id', run: unknownId },
];

async function check(stack: Stack): Promise<string[]> {
  await stack.json('run', PIPELINE, '--action', 'stop');
  const regions = join(projectRoot, 'sample_data', PIPELINE, 'regions.csv');
  const words = ['--bootstrap', stack.bootstrapServers, '--registry', stack.registryUrl, '--regions', regions];
  const facts = python<{ sources: number; problems: string[] }>(new URL('oracle.py', import.meta.url), ...words);
  const sent = taken.get(stack) ?? 0;
  return [
    ...facts.problems,
    ...(facts.sources === sent ? [] : [`the source has ${facts.sources} records, and ${sent} were sent`]),
  ];
}

export default { cases, check } satisfies Suite;
