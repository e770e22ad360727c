/** The bank by the command line alone, against an oracle that shares nothing with it: a whole run with garbage, a killed driver and a database that was away. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { serviceStatus } from '../../../local/services/services.ts';
import { until } from '../../../test/e2e/cli.ts';
import { sharedMachine } from '../../../test/e2e/shared-machine.ts';
import { kill } from '../../../test/support/kill.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { held, oracle } from './held.ts';

interface Ran {
  readonly results: readonly { readonly branch_name: string; readonly batch_value: string }[];
  readonly accounts: readonly { readonly account: string; readonly addsUp: boolean; readonly line: string }[];
}

interface Clients {
  readonly local: { readonly bootstrapServers: string };
  readonly topics: { readonly topic: string; readonly access: { local: { python: { settings: object } } }[] }[];
}

interface Status {
  readonly pipelines: readonly { readonly name: string; readonly streams: { job: string; pid: number }[] }[];
}

const machine = sharedMachine();
const home = millraceHome(machine.home);
let clients: Clients;

beforeAll(async () => {
  await machine.json('up', 'bank');
  clients = await machine.json<Clients>('clients', 'bank');
});

/** Sends what another application sends, with the settings that the command line prints for it. */
async function send(): Promise<void> {
  const writer = clients.topics.find(({ topic }) => topic === 'bank.transactions')?.access[0];
  const script = fileURLToPath(new URL('send.py', import.meta.url));
  const words = [script, '--settings', JSON.stringify(writer?.local.python.settings)];
  await promisify(execFile)(readToolchain().python, words);
}

/** The total of amounts as texts, in cents. */
const cents = (amounts: readonly string[]) => amounts.reduce((sum, one) => sum + Math.round(Number(one) * 100), 0);

test('every good transaction is in the table once, also where a driver was killed and others sent garbage', async () => {
  await send();
  const running = machine.start('run', 'bank', '--strict', '--json', '--input', '{"transactions": 1200, "rate": 100}');
  await until(() => /[1-9]\d* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  const { pipelines } = await machine.json<Status>('status');
  kill(pipelines.find(({ name }) => name === 'bank')?.streams[0]?.pid);
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/sum-by-interval +failed .*started again/);

  const facts = oracle(clients.local.bootstrapServers);
  expect(facts.problems).toEqual([]);
  expect(facts).toMatchObject({ records: 1_225, rowsSetAside: 1 });
  expect(facts.deadLetters).toEqual({
    'bad-amount': 3,
    'bad-currency': 1,
    'missing-branch': 1,
    'not-an-object': 1,
    'not-json': 1,
    'null-value': 1,
    'unknown-field': 1,
  });
  const rows = await held(home);
  expect(rows).toEqual(facts.rows);

  const { results, accounts } = JSON.parse(stdout) as Ran;
  expect(cents(results.map(({ batch_value }) => batch_value))).toBe(cents([facts.sum]));
  expect(accounts).toMatchObject([{ account: 'transactions to flow', addsUp: true }]);
  expect(accounts[0]?.line).toContain('1,225 sent');
  expect(accounts[0]?.line).toContain('1 bad-branch-name');
});

test('a database that is away stalls the stream and loses nothing', async () => {
  const running = machine.start(
    'run',
    'bank',
    '--strict',
    '--json',
    '--input',
    '{"transactions": 800, "rate": 100, "seed": 2}',
  );
  await until(() => /[1-9]\d* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  kill(serviceStatus(home, 'postgres').pid);
  await until(() => serviceStatus(home, 'postgres').state !== 'running', running.stderr);
  await machine.json('up', 'bank');
  const { code, stderr } = await running.ended;
  // Without its services an execution ends; what it has sent is there.
  if (code !== 0) await machine.json('run', 'bank', '--strict', '--action', 'stop');
  const facts = oracle(clients.local.bootstrapServers);
  expect(facts.problems, stderr).toEqual([]);
  expect(await held(home)).toEqual(facts.rows);
});

test('the same seed makes the same transactions once more', async () => {
  const before = oracle(clients.local.bootstrapServers);
  const { accounts } = await machine.json<Ran>(
    'run',
    'bank',
    '--strict',
    '--input',
    '{"transactions": 1200, "rate": 0}',
  );
  expect(accounts).toMatchObject([{ addsUp: true }]);
  const after = oracle(clients.local.bootstrapServers);
  expect(await held(home)).toEqual(after.rows);
  expect(after.records - before.records).toBe(1_200);
});
