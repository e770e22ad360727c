/** The meters by the command line alone, against an oracle that shares nothing with it: a whole run with garbage, a killed driver, and items that were away. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { serviceStatus, serviceStatuses } from '../../../local/services/services.ts';
import { python, until } from '../../../test/e2e/cli.ts';
import { sharedMachine } from '../../../test/e2e/shared-machine.ts';
import { kill } from '../../../test/support/kill.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

interface Facts {
  readonly records: number;
  readonly items: Readonly<Record<string, readonly unknown[]>>;
  readonly changes: number;
  readonly alerts: number;
  readonly repeated: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Ran {
  readonly results: readonly { readonly site: string; readonly meters: string; readonly critical: string }[];
}

interface Clients {
  readonly local: { readonly bootstrapServers: string };
  readonly topics: { readonly topic: string; readonly access: { local: { python: { settings: object } } }[] }[];
}

interface Status {
  readonly pipelines: readonly {
    readonly name: string;
    readonly streams: { job: string; pid: number }[];
    readonly feeds: object[];
    readonly schedules: object[];
  }[];
}

const machine = sharedMachine();
const home = millraceHome(machine.home);
let clients: Clients;

beforeAll(async () => {
  await machine.json('up', 'meters');
  clients = await machine.json<Clients>('clients', 'meters');
});

const oracle = () =>
  python<Facts>(
    new URL('oracle.py', import.meta.url),
    ...['--bootstrap', clients.local.bootstrapServers, '--dynamodb', String(serviceStatus(home, 'dynamodb').url)],
  );
/** What the oracle says once nothing is to be told any more: a feed follows what changes by moments. */
async function settled(): Promise<Facts> {
  let facts = oracle();
  for (let tries = 0; facts.problems.some((one) => /was not told/.test(one)) && tries < 30; tries += 1) {
    await sleep(1_000);
    facts = oracle();
  }
  return facts;
}
const held = () =>
  python<Facts['items']>(new URL('held.py', import.meta.url), '--url', String(serviceStatus(home, 'dynamodb').url));

/** Sends what another application sends, with the settings that the command line prints for it. */
async function send(): Promise<void> {
  const writer = clients.topics.find(({ topic }) => topic === 'meters.readings')?.access[0];
  const script = fileURLToPath(new URL('send.py', import.meta.url));
  const words = [script, '--settings', JSON.stringify(writer?.local.python.settings)];
  await promisify(execFile)(readToolchain().python, words);
}

test('the latest reading of each meter is there, also where a driver was killed and others sent garbage', async () => {
  await send();
  const input = '{"readings": 24000, "rate": 2000}';
  const running = machine.start('run', 'meters', '--strict', '--json', '--input', input);
  await until(() => /[1-9][\d,]* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  const { pipelines } = await machine.json<Status>('status');
  kill(pipelines.find(({ name }) => name === 'meters')?.streams[0]?.pid);
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/keep-latest +failed .*started again/);

  const facts = await settled();
  expect(facts.problems).toEqual([]);
  expect(facts.records).toBe(24_019);
  expect(facts.changes).toBeGreaterThan(20_000);
  expect(facts.alerts).toBeGreaterThan(100);
  expect(facts.repeated).toBe(0);
  expect(facts.deadLetters).toEqual({ 'bad-kwh': 3, 'bad-status': 1, 'missing-id': 1, 'not-json': 1, 'null-value': 1 });
  const items = held();
  expect(Object.keys(items)).toHaveLength(20_001);
  expect(items).toEqual(facts.items);
  // Sent out of turn: the ninth is the latest.
  expect(items['m-99999']).toEqual([9, '1.125', 'ok', 'Bergen']);

  const { results } = JSON.parse(stdout) as Ran;
  expect(results.reduce((sum, { meters }) => sum + Number(meters), 0)).toBe(20_001);
  const critical = Object.values(items).filter(([, , status]) => status === 'critical').length;
  expect(results.reduce((sum, one) => sum + Number(one.critical), 0)).toBe(critical);
});

test('items that are away stall the stream and lose nothing', async () => {
  const input = '{"readings": 12000, "rate": 2000, "seed": 2}';
  const running = machine.start('run', 'meters', '--json', '--input', input);
  await until(() => /[1-9][\d,]* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  kill(serviceStatus(home, 'dynamodb').pid);
  await until(() => serviceStatus(home, 'dynamodb').state !== 'running', running.stderr);
  await machine.json('up', 'meters');
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  const facts = await settled();
  expect(facts.problems).toEqual([]);
  expect(facts.repeated).toBe(0);
  expect(held()).toEqual(facts.items);
});

test('a feed that was killed tells what changed since, and loses nothing', async () => {
  const before = (await settled()).alerts;
  const input = '{"readings": 12000, "rate": 2000, "seed": 3}';
  const running = machine.start('run', 'meters', '--json', '--input', input);
  await until(() => /[1-9][\d,]* of [\d,]+ rows sent/.test(running.stderr()), running.stderr);
  const feed = async () => (await serviceStatuses(home)).find(({ name }) => name === 'feed-meters-alerting');
  kill((await feed())?.pid);
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect((await feed())?.state).toBe('dead');
  await machine.json('up', 'meters');
  const facts = await settled();
  expect(facts.problems).toEqual([]);
  expect(facts.alerts).toBeGreaterThan(before + 50);
  const { pipelines } = await machine.json<Status>('status');
  const meters = pipelines.find(({ name }) => name === 'meters');
  expect(meters?.feeds).toMatchObject([{ feed: 'alerting', messages: 0 }]);
});

test('each night the sites are reported, as their meters are then', async () => {
  const { feeds, schedules } =
    (await machine.json<Status>('status')).pipelines.find(({ name }) => name === 'meters') ?? {};
  expect(feeds).toHaveLength(1);
  expect(schedules).toMatchObject([
    { name: 'nightly', next: Array(3).fill(expect.stringMatching(/ 02:30 Europe\/Brussels$/)) },
  ]);
  for (let times = 0; times < 2; times += 1) await machine.json('run', 'meters', '--schedule', 'nightly');
  const items = Object.values(held());
  const query =
    'SELECT count(*) AS sites, sum(meters) AS meters, sum(critical) AS critical, sum(kwh) AS kwh FROM site_report';
  const { rows } = await machine.json<{ rows: unknown[][] }>('sql', 'meters', query);
  const watts = items.reduce((sum, [, kwh]) => sum + Math.round(Number(kwh) * 1_000), 0);
  const sites = new Set(items.map(([, , , site]) => site)).size;
  const critical = items.filter(([, , status]) => status === 'critical').length;
  expect(rows.map((row) => row.map(Number))).toEqual([[sites, items.length, critical, watts / 1_000]]);
});

test('what is written again changes nothing', async () => {
  const before = held();
  await send();
  await machine.json('run', 'meters', '--action', 'start');
  await machine.json('run', 'meters', '--action', 'stop');
  expect(held()).toEqual(before);
  expect(oracle().problems).toEqual([]);
});
