/** Cases of records that hurt. */
import type { Hit } from '../../../../test/faults/cases.ts';
import type { Random } from '../../../../test/faults/random.ts';
import { MOST_MEMORY, must, type Sent, type Stack } from '../../../../test/faults/stack.ts';
import {
  changed,
  DEAD_LETTERS,
  everywhere,
  heldBy,
  history,
  MINUTE,
  order,
  PIPELINE,
  type Ran,
  ROWS,
  recovered,
  SOURCE,
  STREAM,
  send,
  start,
} from './orders.ts';

/** Protected by `watermarkDelayMs`: however unevenly partitions are read, no row is dropped. Times far away are `late` and `future`. */
export async function disorder(stack: Stack, random: Random): Promise<Hit> {
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

/** Protected by `kafka.isolation.level` in `source_options`, and by `uncommitted` in the accounts of a run. */
export async function transactionsAborted(stack: Stack, random: Random): Promise<Hit> {
  await start(stack);
  const before = await stack.length(SOURCE);
  await send(stack, history(random, 200)).taken;
  const aborted = await send(stack, history(random, 500), { transaction: 'abort' }).taken;
  await send(stack, history(random, 200), { transaction: 'commit' }).taken;
  must(
    (await stack.length(SOURCE)) > before + 400 + aborted,
    'what was aborted lies in the topic, and marks beside it',
  );
  const faultAt = performance.now();
  // Records behind the marks of the transactions in every partition: any client can read up to them.
  await send(stack, everywhere(random)).taken;
  const recoveredMs = await recovered(stack, faultAt);
  await stack.json('run', PIPELINE, '--action', 'stop');
  const held = heldBy(stack);
  const { accounts } = await stack.json<Ran>('run', PIPELINE, '--input', '{"rate": 0}');
  changed(stack, ROWS);
  const line = accounts[0]?.line ?? '';
  must(accounts[0]?.addsUp === true && accounts[0].sent === ROWS, `the account of a run adds up: ${line}`);
  must(accounts[0].carriedOver <= held, `it counts what was committed: ${line}`);
  await send(stack, everywhere(random)).taken;
  return { what: `${aborted} records of an aborted transaction, between others; then a run: ${line}`, recoveredMs };
}

const many = (count: number, text: string) => text.repeat(count);

/** Orders and what pretends to be one: the oracle says which is which, and why. */
function poisons(random: Random): Sent[] {
  const fields = (): Record<string, string> => {
    const { value } = order(random, 0);
    const parsed = JSON.parse(String(value)) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(parsed).map(([name, one]) => [name, JSON.stringify(one)]));
  };
  const text = (changed: Record<string, string> = {}) =>
    `{${Object.entries({ ...fields(), ...changed })
      .map(([name, value]) => `${JSON.stringify(name)}: ${value}`)
      .join(', ')}}`;
  const now = new Date().toISOString();
  const amounts = [
    '1e400',
    '1e-400',
    '1e999999999',
    '1e2',
    '1.5E+1',
    '-0.0',
    '0.001',
    '5.00',
    '9999999999999999.99',
    '1000000000',
    '1000000000.01',
    '1e16',
  ];
  const long = [`1.${many(40_000, '0')}1`, `1${many(40_000, '0')}`, many(30, '123'), `4.${many(50_000, '0')}`];
  const noNumbers = [
    '01',
    '+1',
    '.5',
    '1.',
    '0x10',
    'NaN',
    'Infinity',
    '-Infinity',
    '"5.00"',
    'true',
    'null',
    '1_000',
    '--1',
  ];
  const countries = [
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\uD83D\\uDE00"',
    '"\\\\ud800"',
    '"a\\u0000b"',
    '"\\u2028 \\ufeff"',
    '""',
    '7',
    'null',
    JSON.stringify(many(200, 'é')),
    JSON.stringify(many(201, 'é')),
    JSON.stringify(
      Array.from({ length: 600_000 }, () => random.whole(32, 126))
        .map((code) => String.fromCharCode(code))
        .join(''),
    ),
  ];
  const dates = [
    `${now}\\n`,
    ` ${now}`,
    now.slice(0, -1),
    now.slice(0, 10),
    now.toLowerCase(),
    now.replace('Z', '+00:00'),
  ];
  const dated = [
    ...dates,
    now.replace('Z', '-00:00'),
    now.replace('Z', '123456789Z'),
    now.replace('T', ' '),
    '٢٠٢٦-01-01T00:00:00Z',
  ];
  const ids = ['1e2', '7.0', '7.5', '-1', '9223372036854775807', '9223372036854775808', '1e400', '"7"'];
  const good = text();
  const around = [
    ` \n\t${good}\r\n`,
    `${good} {}`,
    `${good}]`,
    `${good}, 1`,
    `[${good}]`,
    `\ufeff${good}`,
    `\f${good}`,
    `\u00a0${good}`,
  ];
  const texts = [
    ...[...amounts, ...long, ...noNumbers].map((amount) => text({ amount })),
    ...countries.map((country) => text({ country })),
    ...dated.map((date) => text({ order_date: `"${date}"` })),
    ...ids.map((id) => text({ order_id: id })),
    ...around,
    text({ extra: `${many(100, '[')}${many(100, ']')}` }),
    text({ extra: `${many(100_000, '[')}${many(100_000, ']')}` }),
    many(500_000, '['),
    many(100_000, '{"a":'),
    text({ extra: '{"a": 1, "a": 2}' }),
    good.replace('{', '{"amount": 1, '),
    good.replace(/"/g, "'"),
    good.replace('}', ',}'),
    `${good} // order`,
    text({ city: '"line\nbreak"' }),
    text({ extra: JSON.stringify(many(1_000_000, 'x')) }),
    `{${Array.from({ length: 20_000 }, (_, index) => `"f${index}": ${index}`).join(', ')}}`,
    '""',
    '0',
    ' ',
  ];
  const latin = Buffer.from(text({ country: '"Köln"' }), 'latin1');
  const surrogate = Buffer.from(text({ country: '"X"' }).replace('"X"', '"~~~"'), 'latin1').map((byte, index, all) => {
    const at = all.indexOf(0x7e);
    return index >= at && index < at + 3 ? ([0xed, 0xa0, 0x80][index - at] ?? byte) : byte;
  });
  const largest = random.bytes(1_048_400);
  const bytes = [
    latin,
    Buffer.from(surrogate),
    Buffer.from(good, 'utf16le'),
    Buffer.concat([Buffer.from(good), Buffer.from([0])]),
    largest,
  ];
  const values = [...texts.map((one) => Buffer.from(one)), ...bytes, null, Buffer.alloc(0)];
  return [
    ...values.map((value) => ({ ...order(random, 0), value })),
    // Large ones of every shape: the key, key and value, and many at once.
    { topic: SOURCE, key: largest, value: null },
    { topic: SOURCE, key: largest.subarray(0, 500_000), value: largest.subarray(500_000) },
    ...Array.from({ length: 60 }, (_, index) => ({ ...order(random, 0), value: largest.subarray(index) })),
  ];
}

/**
 * Protected by `JsonCodec.decoded` and its checks, by the bounds of amounts and countries in the schema, without which a result could have too many digits
 * or be too large for its topic, and by `dead_letters`, whose records fit into theirs.
 */
export async function poisoned(stack: Stack, random: Random): Promise<Hit> {
  await start(stack, '--cold');
  await send(stack, history(random, 300)).taken;
  await recovered(stack, 0);
  const before = await stack.length(DEAD_LETTERS);
  const records = poisons(random).flatMap((record) => [record, ...history(random, random.whole(0, 2))]);
  const faultAt = performance.now();
  await send(stack, records).taken;
  const recoveredMs = await recovered(stack, faultAt);
  const letters = (await stack.length(DEAD_LETTERS)) - before;
  must(letters > 100, `what is no order is set aside: ${letters}`);
  const peak = stack.peakMemory(PIPELINE, STREAM);
  must(peak === undefined || peak < MOST_MEMORY, `the driver's memory stays bounded: its peak was ${peak} bytes`);
  const told = peak === undefined ? '' : `; at its peak the driver had ${Math.round(peak / 2 ** 20)} MiB`;
  return { what: `${records.length} records, of which ${letters} became dead letters${told}`, recoveredMs };
}
