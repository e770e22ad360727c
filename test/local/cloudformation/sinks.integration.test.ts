/** A pipeline with a connector that writes a dataset, deployed as it is to AWS: each record is a row once, whatever ends its worker, or a dead letter. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dev } from '../../../config/dev.ts';
import { createApp } from '../../../lib/app.ts';
import { connector } from '../../../lib/declaration/index.ts';
import { controlTopic, sinkGroups } from '../../../lib/declaration/names.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { deploy } from '../../../local/cloudformation/index.ts';
import { millraceHome } from '../../../local/home.ts';
import { serviceStatuses, startServices, stopServices } from '../../../local/services/services.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { withTestAdmin } from '../../support/kafka.ts';
import { kill } from '../../support/kill.ts';

// Groups whose member was killed wait 45 s for it, and a machine that has other work is slow to start a worker.
vi.setConfig({ testTimeout: 2_400_000 });

const root = mkdtempSync(join(tmpdir(), 'millrace-kept-'));
const home = millraceHome(root);
const firstPorts = { iam: 25_700, kafka: 25_092, registry: 25_080, s3: 25_710 };
let services: Awaited<ReturnType<typeof startServices>>;

beforeAll(async () => {
  services = await startServices(home, readToolchain(), () => {}, undefined, { firstPorts });
});

afterAll(async () => {
  await stopServices(home, { purge: true });
  rmSync(root, { recursive: true, force: true });
});

const { keepVisits } = clients.connectors ?? {};

/** The invented pipeline, without what needs a database, and with commits that a test can wait for. */
const pipeline = (): Pipeline => ({
  ...clients,
  connectors: {
    keepVisits: connector('iceberg-sink', {
      reads: keepVisits?.reads ?? {},
      writes: keepVisits?.writes ?? {},
      config: { 'iceberg.control.commit.interval-ms': 3_000 },
    }),
  },
});

const run = (...pipelines: Pipeline[]) => {
  const outdir = join(root, `assembly-${Math.random()}`);
  createApp([dev], pipelines, { outdir, context: { 'millrace:rules': false } }).synth();
  const { kafka, registry } = services;
  const endpoints = { bootstrapServers: kafka.iamBootstrapServers ?? '', registryUrl: registry.url ?? '' };
  return deploy({ home, assembly: outdir, environment: 'dev', endpoints, progress: () => {} });
};

const worker = async () => (await serviceStatuses(home)).find(({ name }) => name === 'connect-clients');

const kafka = () => {
  const brokers = (services.kafka.bootstrapServers ?? '').split(',');
  return new Kafka({ clientId: 'visitors', brokers, logLevel: logLevel.NOTHING });
};

async function send(values: readonly (string | null)[]): Promise<void> {
  const producer = kafka().producer();
  await producer.connect();
  try {
    await producer.send({ topic: 'clients.visits', messages: values.map((value) => ({ key: 'not JSON', value })) });
  } finally {
    await producer.disconnect();
  }
}

const visit = (id: number): string =>
  JSON.stringify({
    visit_id: id,
    client: `c${id}`,
    spent: id / 100,
    first: id % 2 === 0,
    visited_at: '2026-11-22T10:00:00.5+01:00',
  });

const visits = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => visit(from + index));

interface Kept {
  /** Where its table keeps what it says of itself. */
  readonly folder: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly division: readonly string[];
  readonly commits: number;
  readonly rows: readonly { readonly visit_id: number }[];
}

async function kept(): Promise<Kept> {
  const support = new URL('../../support', import.meta.url).pathname;
  const script = new URL('kept_visits.py', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(readToolchain().python, [script, root], {
    env: { ...process.env, PYTHONPATH: support, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}

/** What is kept once it has so many rows. */
async function keptOnce(count: number): Promise<Kept> {
  const found = await vi.waitFor(
    async () => {
      const now = await kept();
      expect(now.rows.length).toBeGreaterThanOrEqual(count);
      return now;
    },
    { timeout: 900_000, interval: 5_000 },
  );
  return found;
}

const idsFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('it is deployed, with the S3 server, and makes the table as Spark would', async () => {
  await run(pipeline());
  expect(await worker()).toMatchObject({ state: 'running' });
  expect((await serviceStatuses(home)).find(({ name }) => name === 's3')).toMatchObject({ state: 'running' });
  expect(await kept()).toEqual({
    folder: expect.stringMatching(/visits\/iceberg\/table\/metadata$/),
    columns: {
      visit_id: 'long',
      client: 'string',
      spent: 'decimal(18, 2)',
      first: 'boolean',
      visited_at: 'timestamptz',
    },
    division: ['day'],
    commits: 0,
    rows: [],
  });
});

test('records become rows, exactly as they are', async () => {
  await send([
    ...visits(0, 1_000),
    '{"visit_id": 900000001, "spent": 1234567890123456.78, "visited_at": "2026-11-22T23:59:59.123456Z", "more": 1}',
    '{"visit_id": 900000002, "spent": 12.50}',
  ]);
  const { rows } = await keptOnce(1_002);
  expect(rows.map((row) => row.visit_id)).toEqual([...idsFrom(0, 1_000), 900_000_001, 900_000_002]);
  expect(rows[7]).toEqual({
    visit_id: 7,
    client: 'c7',
    spent: '0.07',
    first: false,
    visited_at: '2026-11-22T09:00:00.500000+00:00',
  });
  expect(rows.slice(-2)).toMatchObject([
    { client: null, spent: '1234567890123456.78', first: null, visited_at: '2026-11-22T23:59:59.123456+00:00' },
    { spent: '12.50', visited_at: null },
  ]);
});

test('what is no row is a dead letter as it came, with the reason, and holds up nothing', async () => {
  const wrong: [string | null, string][] = [
    ['{"visit_id": 1', 'not-json'],
    ['', 'not-json'],
    ['[1]', 'not-an-object'],
    [null, 'null-value'],
    ['{"client": "c1"}', 'missing-visit-id'],
    ['{"visit_id": "7"}', 'bad-visit-id'],
    ['{"visit_id": 1.5}', 'bad-visit-id'],
    ['{"visit_id": 9223372036854775808}', 'bad-visit-id'],
    ['{"visit_id": 1, "client": 2}', 'bad-client'],
    ['{"visit_id": 1, "spent": 0.001}', 'bad-spent'],
    ['{"visit_id": 1, "spent": 12345678901234567.00}', 'bad-spent'],
    ['{"visit_id": 1, "spent": 1e999999999}', 'bad-spent'],
    ['{"visit_id": 1, "first": "yes"}', 'bad-first'],
    ['{"visit_id": 1, "visited_at": "yesterday"}', 'bad-visited-at'],
    ['{"visit_id": 1, "visited_at": "2026-11-22T10:00:00"}', 'bad-visited-at'],
  ];
  await send([...wrong.map(([value]) => value), visit(1_000)]);
  expect((await keptOnce(1_003)).rows).toHaveLength(1_003);
  const consumer = kafka().consumer({ groupId: 'lost' });
  const found: [string | null, string][] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'clients.visits.dead-letters', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      found.push([value?.toString() ?? null, String(headers?.['__connect.errors.exception.message'])]);
    },
  });
  await vi.waitFor(() => expect(found).toHaveLength(wrong.length), { timeout: 120_000, interval: 500 });
  await consumer.disconnect();
  expect(found.sort()).toEqual(wrong.sort());
});

const [tasks = '', committer = ''] = sinkGroups('clients', 'keepVisits');
const control = controlTopic('clients', 'keepVisits');

const asked = <T>(work: (admin: Admin) => Promise<T>): Promise<T> =>
  withTestAdmin(services.kafka.bootstrapServers ?? '', work);

const sum = (offsets: readonly { readonly offset: string }[] = []) =>
  offsets.reduce((all, { offset }) => all + Math.max(0, Number(offset)), 0);

/** How far a group has come in a topic, over all partitions; 0 too where nobody knows. */
async function placeOf(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return sum(found?.partitions);
}

/** Lets nobody know how far commits had read; an error while the group has a member. */
async function forgetPlace(admin: Admin): Promise<void> {
  if ((await placeOf(admin, committer, control)) > 0) await admin.deleteGroups([committer]);
}

/** Kills the worker as soon as that holds. */
async function killOnce(holds: (admin: Admin) => Promise<void>): Promise<void> {
  const { pid } = (await worker()) ?? {};
  await asked((admin) => vi.waitFor(() => holds(admin), { timeout: 900_000, interval: 5 }));
  kill(pid);
}

const start = () => startServices(home, readToolchain(), () => {}, undefined, { connectors: true });

/** The visits of these tests as they stand once what was sent last is there too, behind which nothing is on its way. */
async function idsBeside(last: number): Promise<number[]> {
  await send([visit(last)]);
  const found = await vi.waitFor(
    async () => {
      const ids = (await kept()).rows.map((row) => row.visit_id);
      expect(ids).toContain(last);
      return ids;
    },
    { timeout: 900_000, interval: 5_000 },
  );
  return found.filter((id) => id >= 2_000 && id < 900_000_000);
}

const sent: number[] = [];
const sendMore = async (): Promise<void> => {
  const from = 2_000 + sent.length;
  await send(visits(from, from + 500));
  sent.push(...idsFrom(from, from + 500));
};

test('files that were handed over when its worker was killed, before anything was ever committed, are not passed over, and none is added twice', async () => {
  const isMissed = async () => {
    const place = await asked((admin) => placeOf(admin, committer, control));
    return place > 0 || (await kept()).rows.some((row) => row.visit_id === sent.at(-1));
  };
  // The commit follows within tenths of a second: where it was faster, once more.
  let tries = 0;
  do {
    tries += 1;
    await stopServices(home, { purge: false, only: ['connect-clients'] });
    // Without it the topic of control is read as it is by a connector that has never committed.
    await vi.waitFor(() => asked(forgetPlace), { timeout: 120_000, interval: 2_000 });
    await sendMore();
    await start();
    await killOnce(async (admin) => {
      const end = await admin.fetchTopicOffsets('clients.visits');
      expect(await placeOf(admin, tasks, 'clients.visits')).toBe(sum(end));
    });
  } while (tries < 5 && (await isMissed()));
  expect(await isMissed()).toBe(false);
  await sendMore();
  await start();
  expect(await idsBeside(1_001)).toEqual(sent);
});

test('a worker that is killed as soon as a commit stands adds nothing twice', async () => {
  const { folder } = await kept();
  const versions = () => readdirSync(folder).filter((name) => /^v\d+\.metadata\.json$/.test(name)).length;
  const before = versions();
  await sendMore();
  await killOnce(async () => expect(versions()).toBeGreaterThan(before));
  await sendMore();
  await start();
  expect(await idsBeside(1_002)).toEqual(sent);
});

test('its role was asked at the broker and by S3, and was denied nothing', () => {
  const lines = readFileSync(join(home.iam, 'decisions.jsonl'), 'utf8').trim().split('\n');
  const decisions = lines.map((line) => JSON.parse(line));
  expect(decisions.filter((decision) => decision.allowed === false)).toEqual([]);
  const asked = new Set(decisions.map(({ action }) => action));
  for (const action of ['s3:PutObject', 'kafka-cluster:AlterTransactionalId']) expect(asked).toContain(action);
});

test('it goes with its pipeline, and the dataset stays', async () => {
  await run();
  expect(await worker()).toBeUndefined();
  expect((await kept()).rows).toHaveLength(1_005 + sent.length);
});
