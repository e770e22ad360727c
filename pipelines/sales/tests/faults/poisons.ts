/** A case of records that are no sales, or hardly. */
import type { Hit } from '../../../../test/faults/cases.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { MOST_MEMORY, must, type Sent, type Stack } from '../../../../test/faults/stack.ts';
import { DEAD_LETTERS, PIPELINE, recovered, Seller, SOURCE, STREAM, send, start } from './sales.ts';

/** A number as Avro writes it. */
function number(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

const bytes = (content: Buffer) => Buffer.concat([number(content.length), content]);
const text = (content: string) => bytes(Buffer.from(content));
const latin = (content: string) => bytes(Buffer.from(content, 'latin1'));

const PAYMENT = 7;

/** The fields of a sale, as they are written. */
const sale = () => ({
  payment: number(PAYMENT),
  customer: number(1),
  amount: bytes(Buffer.from([0x03, 0xf2])),
  date: number(Date.now()),
  city: number(0),
  district: number(0),
  country: text('Peru'),
});

type Parts = Record<keyof ReturnType<typeof sale>, Buffer>;

/** Bodies in which one field is another. */
function bodies(random: Random): Buffer[] {
  const changes: Partial<Parts>[] = [
    ...[2n ** 64n + 1000n, 10n ** 10n, 10n ** 10n - 1n, 2n ** 127n].flatMap((cents) =>
      [9, 11, 17].map((length) => ({
        amount: bytes(
          Buffer.from(
            cents
              .toString(16)
              .padStart(2 * length, '0')
              .slice(-2 * length),
            'hex',
          ),
        ),
      })),
    ),
    { amount: bytes(Buffer.alloc(0)) },
    { amount: bytes(Buffer.alloc(900_000, 0x7f)) },
    { amount: bytes(Buffer.alloc(16, 0xff)) },
    { payment: number(2n ** 40n) },
    { payment: number(2n ** 32n + 7n) },
    { payment: number(-1) },
    { customer: number(-7) },
    { payment: Buffer.alloc(12, 0xff) },
    { date: number(2n ** 63n - 1n) },
    { date: number(-(2n ** 63n)) },
    { date: number(253_402_300_800_000n) },
    { date: number(10n ** 15n) },
    { city: number(2) },
    { city: number(-1) },
    // With one bit more a reader in Java takes it for the first branch (docs/reliability.md, limits).
    { city: number(2n ** 30n) },
    ...['K\xf6ln', '\xed\xa0\x80', '\xc0\x80', '\xf5\x80\x80\x80', '\xe2\x82'].flatMap((name) => [
      { country: latin(name) },
      { city: Buffer.concat([number(1), latin(name)]) },
    ]),
    { country: text('') },
    { country: text('a\u0000b') },
    { country: text('é'.repeat(400_000)) },
    { country: number(2n ** 31n - 1n) },
    { country: number(2n ** 40n) },
    { country: Buffer.concat([number(-5), Buffer.from('Peru')]) },
    { country: Buffer.concat([number(100), Buffer.from('Peru')]) },
    { country: Buffer.concat([text('Peru'), Buffer.from([0])]) },
    { country: Buffer.concat([text('Peru'), Buffer.alloc(900_000, random.whole(0, 255))]) },
    { country: Buffer.concat([text('Peru'), Buffer.concat(Object.values(sale()))]) },
    {},
  ];
  return changes.map((change) => Buffer.concat(Object.values<Buffer>({ ...sale(), ...change })));
}

function poisons(seller: Seller, random: Random): Sent[] {
  const good = seller.sale(0);
  const value = good.value ?? Buffer.alloc(0);
  const behind = (head: readonly number[]) => Buffer.concat([Buffer.from(head), value.subarray(5)]);
  const largest = random.bytes(1_048_400);
  const framed = bodies(random).map((body) => seller.framed(body, PAYMENT));
  const values = [
    null,
    // Cut at each byte.
    ...Array.from({ length: value.length }, (_, length) => value.subarray(0, length)),
    behind([1, ...value.subarray(1, 5)]),
    behind([]),
    // Ids that are of no schema, each of which a stream asks for once.
    behind([0, 0xff, 0xff, 0xff, 0xff]),
    ...Array.from({ length: 4 }, (_, id) => behind([0, 0x70, 0, 0, id])),
    Buffer.from('{"payment_id": 7}'),
    Buffer.concat([value.subarray(0, 5), largest.subarray(9)]),
    largest,
    ...Array.from({ length: 60 }, (_, index) => largest.subarray(index)),
  ];
  return [
    ...framed,
    ...values.map((value) => ({ ...good, value })),
    { topic: SOURCE, key: largest, value: null },
    { topic: SOURCE, key: largest.subarray(0, 500_000), value: largest.subarray(500_000) },
  ];
}

/** Protected by `AvroCodec.decoded` and its checks, by Avro's own limits in `spark-job.ts`, and by `dead_letters`, whose records fit into their topic. */
export async function poisoned(stack: Stack, random: Random): Promise<Hit> {
  const seller = await Seller.of(stack, random);
  await start(stack, '--cold');
  await send(stack, seller.history(300)).taken;
  await recovered(stack, 0);
  const [run, before] = [stack.runOf(PIPELINE, STREAM), await stack.length(DEAD_LETTERS)];
  const records = poisons(seller, random).flatMap((record) => [record, ...seller.history(random.whole(0, 2))]);
  const faultAt = performance.now();
  await send(stack, records).taken;
  const recoveredMs = await recovered(stack, faultAt);
  const letters = (await stack.length(DEAD_LETTERS)) - before;
  must(letters > 150, `what is no sale is set aside: ${letters}`);
  must(stack.runOf(PIPELINE, STREAM)?.id === run?.id, 'it is the same stream');
  const peak = stack.peakMemory(PIPELINE, STREAM);
  must(peak === undefined || peak < MOST_MEMORY, `the driver's memory stays bounded: its peak was ${peak} bytes`);
  const told = peak === undefined ? '' : `; at its peak the driver had ${Math.round(peak / 2 ** 20)} MiB`;
  return { what: `${records.length} records, of which ${letters} became dead letters${told}`, recoveredMs };
}
