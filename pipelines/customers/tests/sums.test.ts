/** Customers that must be found again: the keys that the topic holds now, in the table of sums or among the dead letters. */
import { expect, test } from 'vitest';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { settleSum } from '../../../local/accounts/sums.ts';
import { temporaryHome } from '../../../test/local/support/deployed-words.ts';
import customers from '../pipeline.ts';

type Sent = readonly [key: string | null, value: string | null, headers?: Record<string, string>];

const settle = (held: string, changes: readonly Sent[], letters: readonly Sent[] = []) => {
  const topics: Record<string, readonly Sent[]> = {
    'customers.changes': changes,
    'customers.changes.dead-letters': letters,
  };
  const reader: Pick<TopicReader, 'range' | 'read'> = {
    range: async (name) => ({ from: { 0: 0 }, to: { 0: topics[name]?.length ?? 0 } }),
    read: async (name, _range, onRecord) => {
      for (const [index, [key, value, headers = {}]] of (topics[name] ?? []).entries()) {
        const [named, given] = [key, value].map((text) => (text === null ? null : Buffer.from(text)));
        await onRecord({ key: named, value: given, offset: String(index), headers } as never, 0);
      }
    },
  };
  const [sum] = customers.sums ?? [];
  return settleSum(temporaryHome(), customers, sum as never, reader as never, async () => held);
};

test('each customer that is there now is found once, whatever became of it before', async () => {
  const changes: Sent[] = [
    ['1', 'a'],
    ['2', 'b'],
    ['1', 'a'],
    ['3', 'c'],
    ['2', 'gone'],
    ['2', null],
  ];
  expect(await settle('2', changes)).toMatchObject({
    account: 'changes to byGender',
    addsUp: true,
    line: '2 keys = 2 sum(customers) of by_gender',
  });
  expect(await settle('3', changes)).toMatchObject({
    addsUp: false,
    line: '2 keys ≠ 3 sum(customers) of by_gender',
  });
});

test('a customer whose newest change is a dead letter is found there, one whose earlier change was is not', async () => {
  const letter = (offset: number): Sent => [
    null,
    'x',
    {
      'millrace.error.reason': 'bad-birthdate',
      'millrace.error.topic': 'customers.changes',
      'millrace.error.partition': '0',
      'millrace.error.offset': String(offset),
    },
  ];
  const changes: Sent[] = [
    ['1', 'wrong'],
    ['1', 'right'],
    ['2', 'wrong'],
  ];
  expect(await settle('1', changes, [letter(0), letter(2), letter(2)])).toMatchObject({
    addsUp: true,
    line: '2 keys = 1 sum(customers) of by_gender + 1 whose newest is a dead letter (1 bad-birthdate)',
    deadLetters: 1,
  });
});
