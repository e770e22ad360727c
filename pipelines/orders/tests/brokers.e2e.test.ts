/** The orders pipeline on three brokers, one of which is killed while it runs. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { millraceHome, projectRoot } from '../../../local/home.ts';
import { serviceStatus } from '../../../local/services/services.ts';
import type { BrokerName } from '../../../local/services/types.ts';
import { Machine, python, until } from '../../../test/e2e/cli.ts';
import { withTestAdmin } from '../../../test/support/kafka.ts';
import { kill } from '../../../test/support/kill.ts';

interface Facts {
  readonly records: number;
  readonly totals: unknown;
  readonly problems: string[];
}

interface Ran {
  readonly execution: { readonly status: string };
  readonly results: { readonly country: string; readonly sales: string; readonly orders: number }[];
  readonly accounts: readonly { readonly line: string; readonly addsUp: boolean }[];
}

const SOURCE = 'orders.json';
const ROWS = 2_000;
const names: readonly BrokerName[] = ['kafka', 'kafka-2', 'kafka-3'];
const machine = new Machine();
const home = millraceHome(machine.home);
const oracle = (...words: string[]) => python<Facts>(new URL('oracle.py', import.meta.url), ...words);

afterAll(() => machine.remove());

test('one of three that is killed stops a run for a while, and changes nothing of what it says', async () => {
  const { kafka } = await machine.json<{ kafka: { bootstrapServers: string } }>('up', 'orders', '--brokers', '3');
  const length = () =>
    withTestAdmin(kafka.bootstrapServers, async (admin) =>
      (await admin.fetchTopicOffsets(SOURCE)).reduce((sum, { high }) => sum + Number(high), 0),
    );
  const run = machine.start('run', 'orders', '--strict', '--json', '--input', '{"rate": 60}');
  await until(async () => (await length()) > 300, run.stderr);
  const leader = await withTestAdmin(kafka.bootstrapServers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [SOURCE] });
    expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3, 3]);
    return topics[0]?.partitions[0]?.leader ?? 0;
  });
  kill(serviceStatus(home, names[leader - 1] ?? 'kafka').pid);
  let [last, since, longest] = [0, performance.now(), 0];
  while (last < ROWS && run.child.exitCode === null) {
    const now = await length().catch(() => last);
    if (now > last) [last, since] = [now, performance.now()];
    longest = Math.max(longest, performance.now() - since);
    await sleep(100);
  }
  console.log(`one of three brokers killed: nothing came for ${(longest / 1000).toFixed(1)} s at most`);
  const { code, stdout, stderr } = await run.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Two of three brokers go on');
  const { results, accounts } = JSON.parse(stdout) as Ran;
  expect(accounts).toMatchObject([{ addsUp: true }]);
  const totals = Object.fromEntries(
    results.map(({ country, sales, orders }) => [country, { sales, orders: String(orders) }]),
  );
  expect(totals).toEqual(oracle('--files', join(projectRoot, 'sample_data', 'orders', 'orders.jsonl')).totals);
  expect(oracle('--bootstrap', kafka.bootstrapServers)).toMatchObject({ records: ROWS, problems: [] });
  // Started again it has what it missed, and another run finds three.
  const { started } = await machine.json<{ started: string[] }>('up', 'orders');
  expect(started).toEqual([names[leader - 1]]);
});
