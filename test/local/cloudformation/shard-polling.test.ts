/** How records of a stream are told a function: in which order, how often, and what becomes of those at which it fails. */
import { describe, expect, test } from 'vitest';
import {
  type Polled,
  type PollingSettings,
  type Position,
  poll,
  type Shard,
  type StreamRecord,
} from '../../../local/cloudformation/shard-polling.ts';

const NOW = Date.now() / 1_000;
const record = (number: number, seconds = NOW): StreamRecord => ({
  dynamodb: { SequenceNumber: String(number), ApproximateCreationDateTime: seconds },
});
const numbersOf = (records: readonly StreamRecord[]) => records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

interface Played {
  readonly shards?: readonly Shard[];
  readonly records: Readonly<Record<string, readonly StreamRecord[]>>;
  readonly settings?: Partial<PollingSettings>;
  /** Throws where the function fails. */
  readonly call?: (numbers: readonly number[]) => void;
  readonly positions?: Map<string, Position>;
}

/** Plays a stream that has ended, until all of its shards have been worked through. */
async function played({ records, settings, call, ...given }: Played) {
  const shards = given.shards ?? Object.keys(records).map((id) => ({ id, parent: undefined }));
  const positions = given.positions ?? new Map<string, Position>();
  const ending = new AbortController();
  const [calls, givenUp, failures] = [[] as number[][], [] as unknown[], [] as string[]];
  const polled: Polled = {
    shards: async () => {
      if (shards.every(({ id }) => positions.get(id)?.ended)) ending.abort();
      return shards;
    },
    read: async (id, after) => {
      const rest = (records[id] ?? []).filter(({ dynamodb }) => Number(dynamodb.SequenceNumber) > Number(after ?? 0));
      return { records: rest.slice(0, 1_000), ended: rest.length === 0 };
    },
    async call(some) {
      calls.push(numbersOf(some));
      call?.(numbersOf(some));
    },
    giveUp: (shard, some, condition, tries) => void givenUp.push([shard, numbersOf(some), condition, tries]),
    positions: { get: (id) => positions.get(id), set: (id, position) => void positions.set(id, position) },
    failed: (message) => void failures.push(message),
  };
  const pace: PollingSettings = { batchSize: 100, retries: 2, maxAgeMs: 3_600_000, pollMs: 1, waitMs: [1, 2] };
  await poll(polled, { ...pace, ...settings }, ending.signal);
  return { calls, givenUp, failures, positions };
}

const failingAt =
  (...poisons: number[]) =>
  (some: readonly number[]) => {
    if (some.some((one) => poisons.includes(one))) throw new Error('poison');
  };

test('the records of a shard come in their order, and no more at once than is declared', async () => {
  const { calls, positions } = await played({ records: { a: numbers(1, 250).map((one) => record(one)) } });
  expect(calls).toEqual([numbers(1, 100), numbers(101, 200), numbers(201, 250)]);
  expect(positions.get('a')).toEqual({ after: '250', ended: true });
});

test('a shard begins when its parent has ended, and one whose parent is gone at once', async () => {
  const shards = [
    { id: 'child', parent: 'parent' },
    { id: 'parent', parent: 'forgotten' },
  ];
  const { calls } = await played({ shards, records: { child: [record(3)], parent: [record(1), record(2)] } });
  expect(calls).toEqual([[1, 2], [3]]);
});

test('who begins again goes on behind what was told', async () => {
  const positions = new Map<string, Position>([
    ['a', { after: '2' }],
    ['b', { after: '9', ended: true }],
  ]);
  const { calls } = await played({
    records: { a: numbers(1, 4).map((one) => record(one)), b: [record(10)] },
    positions,
  });
  expect(calls).toEqual([[3, 4]]);
});

describe('a record at which the function fails', () => {
  const records = { a: numbers(1, 8).map((one) => record(one)) };

  test('is found by halves, tried as often as declared, and given up; all others are told once and in order', async () => {
    const { calls, givenUp, failures } = await played({ records, call: failingAt(6) });
    const told = calls.filter((some) => !some.includes(6)).flat();
    expect(told).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(givenUp).toEqual([['a', [6], 'RetryAttemptsExhausted', 3]]);
    expect(calls.filter((some) => some.includes(6)).map((some) => some.length)).toEqual([8, 4, 2, 1, 1, 1]);
    expect(failures).toEqual(Array(6).fill('poison'));
  });

  test('is told when it fails no more', async () => {
    let left = 4;
    const { givenUp, calls } = await played({
      records,
      call: (some) => {
        if (some.includes(6) && left-- > 0) throw new Error('not yet');
      },
    });
    expect(givenUp).toEqual([]);
    expect(calls.at(-2)).toEqual([6]);
  });

  test('keeps nothing of another shard waiting', async () => {
    const { calls, givenUp } = await played({
      records: { ...records, b: [record(11)] },
      settings: { retries: 50 },
      call: failingAt(1, 2, 3, 4, 5, 6, 7, 8),
    });
    expect(givenUp).toHaveLength(8);
    expect(calls.findIndex(([first]) => first === 11)).toBeLessThan(10);
  });
});

test('what is too old is given up, and what is not is told', async () => {
  const records = { a: [record(1, NOW - 10_000), record(2, NOW - 9_000), record(3)] };
  const { calls, givenUp } = await played({ records });
  expect(givenUp).toEqual([['a', [1, 2], 'RecordAgeExceeded', 0]]);
  expect(calls).toEqual([[3]]);
});

test('a stream that cannot be read is read again, from where it was', async () => {
  const ending = new AbortController();
  const failures: string[] = [];
  const calls: number[][] = [];
  let [asked, position] = [0, undefined as Position | undefined];
  const polled: Polled = {
    shards: async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return [{ id: 'a', parent: undefined }];
    },
    read: async (_, after) => {
      asked += 1;
      if (asked % 2 === 1) throw new Error('away again');
      if (after === '2') ending.abort();
      return { records: after === '2' ? [] : [record(Number(after ?? 0) + 1)], ended: false };
    },
    call: async (some) => void calls.push(numbersOf(some)),
    giveUp: () => expect.unreachable(),
    positions: {
      get: () => position,
      set: (_, next) => {
        position = next;
      },
    },
    failed: (message) => void failures.push(message),
  };
  const pace = { batchSize: 10, retries: 0, maxAgeMs: 60_000, pollMs: 1, waitMs: [1, 2] as const };
  await poll(polled, pace, ending.signal);
  expect(calls).toEqual([[1], [2]]);
  expect(failures).toContain('away');
  expect(failures).toContain('away again');
});
