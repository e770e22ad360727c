/** The customers by the command line alone, against an oracle that shares nothing with it: a whole run, a killed connector and a database that was away. */
import { beforeAll, expect, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { workerOf } from '../../../local/services/connect.ts';
import { serviceStatuses } from '../../../local/services/services.ts';
import type { ServiceName } from '../../../local/services/types.ts';
import { until } from '../../../test/e2e/cli.ts';
import { sharedMachine } from '../../../test/e2e/shared-machine.ts';
import { kill } from '../../../test/support/kill.ts';
import { customersIn, type Facts, oracle, replayed, sumsIn } from './held.ts';

interface Ran {
  readonly results: readonly {
    readonly gender: string;
    readonly customers: string;
    readonly average_age: string;
    readonly deleted: string;
  }[];
  readonly accounts: readonly { readonly account: string; readonly addsUp: boolean; readonly line: string }[];
}

const machine = sharedMachine();
const home = millraceHome(machine.home);
let bootstrapServers: string;

beforeAll(async () => {
  await machine.json('up', 'customers');
  const clients = await machine.json<{ local: { bootstrapServers: string } }>('clients', 'customers');
  bootstrapServers = clients.local.bootstrapServers;
});

/** Database, topics and history say the same of everybody, and of nobody else. */
async function expectSame(): Promise<Facts> {
  const facts = oracle(bootstrapServers);
  expect(facts.problems).toEqual([]);
  expect(facts.deadLetters).toEqual({});
  const customers = await customersIn(home);
  expect(facts.customers).toEqual(customers);
  expect(await sumsIn(home)).toEqual(facts.byGender);
  expect(facts.topic).toEqual(facts.byGender);
  expect(replayed(home)).toEqual({ customers, deleted: facts.deleted, twice: 0 });
  return facts;
}

const run = (input: object) => machine.json<Ran>('run', 'customers', '--strict', '--input', JSON.stringify(input));

/** A run in which a service is killed; it comes back by `up`. What the run has not worked through, another one does. */
async function runWithout(service: ServiceName): Promise<void> {
  const input = JSON.stringify({ changes: 200, rate: 10, seed: 2 });
  const running = machine.start('run', 'customers', '--strict', '--json', '--input', input);
  await until(() => /[1-9]\d* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  const status = async () => (await serviceStatuses(home)).find(({ name }) => name === service);
  kill((await status())?.pid);
  await until(async () => (await status())?.state !== 'running', running.stderr);
  await machine.json('up', 'customers');
  await running.ended;
  await run({ changes: 20, rate: 0, seed: 3 });
}

test('database, topics, tables and history agree after new customers, corrections and deletions', async () => {
  const { results, accounts } = await run({ changes: 200, rate: 20 });
  const facts = await expectSame();
  // Of ten changes seven take a customer on and one deletes one.
  expect(facts.customers).toHaveLength(120);
  expect(facts.deleted).toBe(20);
  expect(accounts).toMatchObject([
    { account: 'changes to byGender', addsUp: true, line: '120 keys = 120 sum(customers) of by_gender' },
  ]);
  const shown = results.map((row) => [row.gender, Number(row.customers), row.average_age, Number(row.deleted)]);
  expect(shown).toEqual(facts.byGender);
});

test('a connector that was killed goes on from where it was, and nothing is lost or late', async () => {
  await runWithout(workerOf('customers'));
  await expectSame();
});

test('a database that was away stalls everything and loses nothing', async () => {
  await runWithout('postgres');
  await expectSame();
});
