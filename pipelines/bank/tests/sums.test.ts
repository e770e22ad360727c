/** Sums that must be found again: what a topic was sent, what a table holds, and what was set aside. */
import { expect, test } from 'vitest';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { settleSum } from '../../../local/accounts/sums.ts';
import { temporaryHome } from '../../../test/local/support/deployed-words.ts';
import bank from '../pipeline.ts';

const [sum] = bank.sums ?? [];
if (!sum) throw new Error('the bank declares no sum');
const letters = 'bank.transactions.dead-letters';
const amounts = (...texts: string[]) => texts.map((text) => ({ value: `{"amount":${text}}` }));

interface Sent {
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record that is no good, at its place in the source. */
const aside = (value: string | null, offset: number, reason = 'bad-currency'): Sent => ({
  value,
  headers: {
    'millrace.error.reason': reason,
    'millrace.error.topic': 'bank.transactions',
    'millrace.error.partition': '0',
    'millrace.error.offset': String(offset),
  },
});

/** Topics of one partition, and what the table holds. */
class World implements Pick<TopicReader, 'clusterId' | 'range' | 'count' | 'read'> {
  readonly home = temporaryHome();
  readonly topics: Record<string, Sent[]> = { 'bank.transactions': [], [letters]: [] };
  held = '0.00';
  cluster = 'one';
  clusterId = async () => this.cluster;
  range: TopicReader['range'] = async (name) => ({ from: { 0: 0 }, to: { 0: this.topics[name]?.length ?? 0 } });
  count: TopicReader['count'] = async (_name, from, { to }) => (to[0] ?? 0) - (from[0] ?? 0);
  read: TopicReader['read'] = async (name, { from, to }, onRecord) => {
    for (const [index, { value, headers = {} }] of (this.topics[name] ?? []).entries()) {
      if (index < (from[0] ?? 0) || index >= (to[0] ?? 0)) continue;
      const given = { value: value === null ? null : Buffer.from(value), offset: String(index), headers };
      await onRecord(given as never, 0);
    }
  };
  send(...records: Sent[]): void {
    this.topics['bank.transactions']?.push(...records);
  }
  setAside(...records: Sent[]): void {
    this.topics[letters]?.push(...records);
  }
  settle = () => settleSum(this.home, bank, sum as never, this as never, async () => this.held);
}

test('what was sent is in the table, to the last digit', async () => {
  const world = new World();
  world.send(...amounts('0.10', '0.20', '-1e2', '12345678901234.56'));
  world.held = '12345678901134.86';
  const line =
    'sum(amount) of 4 sent: 12,345,678,901,134.86 = 12,345,678,901,134.86 sum(batch_value) of transaction_flow';
  expect(await world.settle()).toMatchObject({ account: 'transactions to flow', addsUp: true, line, sent: 4 });
});

test('what was set aside counts once, records and rows alike, and what is no number counts nothing', async () => {
  const world = new World();
  world.send(...amounts('1', '2', '4'), { value: 'hello' }, { value: null });
  world.setAside(
    aside('{"amount":2}', 1),
    aside('{"amount":2}', 1),
    aside('hello', 3, 'not-json'),
    aside(null, 4, 'null-value'),
  );
  const row = { 'millrace.error.reason': 'bad-branch-name', 'millrace.error.topic': 'bank.transaction_flow' };
  world.setAside({ value: '{"branch_name":"x","batch_value":"4.00"}', headers: row });
  world.setAside({ value: '{"amount":9}', headers: { 'millrace.error.topic': 'other' } });
  world.held = '1.00';
  const settled = await world.settle();
  expect(settled.line).toBe(
    'sum(amount) of 5 sent: 7.00 = 1.00 sum(batch_value) of transaction_flow + 6.00 in 4 dead letters ' +
      '(1 bad-branch-name, 1 bad-currency, 1 not-json, 1 null-value)',
  );
  expect(settled).toMatchObject({ addsUp: true, deadLetters: 4, summarized: 1 });
});

test('the next execution goes on from where sums were found, and one that was not is counted again', async () => {
  const world = new World();
  world.send(...amounts('1'));
  world.held = '1.00';
  await world.settle();
  world.send(...amounts('2'));
  expect(await world.settle()).toMatchObject({ addsUp: false, sent: 1 });
  expect((await world.settle()).line).toContain('2.00 ≠ 0.00');
  world.send(...amounts('3'));
  world.held = '6.00';
  expect(await world.settle()).toMatchObject({ addsUp: true, sent: 2 });
});

test('on another broker everything is new', async () => {
  const world = new World();
  world.send(...amounts('1'));
  world.held = '1.00';
  await world.settle();
  world.cluster = 'two';
  expect(await world.settle()).toMatchObject({ addsUp: true, sent: 1 });
});
