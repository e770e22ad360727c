/** A pipeline with a connector that writes a dataset, deployed as it is to AWS: each record is a row once, whatever ends its worker, or a dead letter. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dev } from '../../../config/dev.ts';
import { createApp } from '../../../lib/app.ts';
import { connector } from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { deploy } from '../../../local/cloudformation/index.ts';
import { millraceHome } from '../../../local/home.ts';
import { serviceStatuses, startServices, stopServices } from '../../../local/services/services.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { kill } from '../../support/kill.ts';

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

const hasRows = (count: number) =>
  vi.waitFor(async () => expect((await kept()).rows.length).toBeGreaterThanOrEqual(count), {
    timeout: 300_000,
    interval: 2_000,
  });

const idsFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('it is deployed, with the S3 server, and makes the table as Spark would', async () => {
  await run(pipeline());
  expect(await worker()).toMatchObject({ state: 'running' });
  expect((await serviceStatuses(home)).find(({ name }) => name === 's3')).toMatchObject({ state: 'running' });
  expect(await kept()).toEqual({
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
  await hasRows(1_002);
  const { rows } = await kept();
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
  await hasRows(1_003);
  const consumer = kafka().consumer({ groupId: 'lost' });
  const found: [string | null, string][] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'clients.visits.dead-letters', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      found.push([value?.toString() ?? null, String(headers?.['__connect.errors.exception.message'])]);
    },
  });
  await vi.waitFor(() => expect(found).toHaveLength(wrong.length), { timeout: 30_000, interval: 500 });
  await consumer.disconnect();
  expect(found.sort()).toEqual(wrong.sort());
  expect((await kept()).rows).toHaveLength(1_003);
});

test('whenever its worker is killed, each record is a row once', async () => {
  for (const [round, pauseMs] of [1_500, 4_000, 7_000].entries()) {
    const from = 2_000 + round * 1_000;
    await send(visits(from, from + 500));
    await sleep(pauseMs);
    kill((await worker())?.pid);
    await send(visits(from + 500, from + 1_000));
    await startServices(home, readToolchain(), () => {}, undefined, { connectors: true });
  }
  await hasRows(4_003);
  // Longer than a commit may take that comes again.
  await sleep(8_000);
  const ids = (await kept()).rows.map((row) => row.visit_id).filter((id) => id >= 2_000 && id < 900_000_000);
  expect(ids).toEqual(idsFrom(2_000, 5_000));
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
  expect((await kept()).rows).toHaveLength(4_003);
});
