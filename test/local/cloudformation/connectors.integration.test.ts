/** A pipeline with a connector, deployed as it is to AWS: its worker starts with what its container would be told, signed in with its role, and goes with its pipeline. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { dev } from '../../../config/dev.ts';
import { createApp } from '../../../lib/app.ts';
import { connector, secret } from '../../../lib/declaration/index.ts';
import type { Topic } from '../../../lib/declaration/kinds/topic.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import type { Named } from '../../../lib/declaration/thing.ts';
import { deploy } from '../../../local/cloudformation/index.ts';
import { millraceHome } from '../../../local/home.ts';
import { postgresAddress } from '../../../local/services/postgres.ts';
import { serviceStatuses, startServices, stopServices } from '../../../local/services/services.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { withTestAdmin } from '../../support/kafka.ts';
import { emptyDatabase } from '../../support/postgres.ts';

// Workers start slowly on a machine that has other work.
vi.setConfig({ testTimeout: 300_000 });

const root = mkdtempSync(join(tmpdir(), 'millrace-connected-'));
const home = millraceHome(root);
const firstPorts = { iam: 26_700, kafka: 26_092, registry: 26_080 };
let services: Awaited<ReturnType<typeof startServices>>;

beforeAll(async () => {
  services = await startServices(home, readToolchain(), () => {}, undefined, { firstPorts });
  const client = await emptyDatabase(inject('home'), 'connected');
  await client.query("CREATE ROLE debezium SUPERUSER LOGIN PASSWORD 'the password'");
  await client.query('CREATE TABLE public.clients (id int PRIMARY KEY, name text)');
  await client.query("INSERT INTO public.clients VALUES (1, 'Ada')");
  await client.end();
});

afterAll(async () => {
  await stopServices(home, { purge: true });
  rmSync(root, { recursive: true, force: true });
});

/** The invented pipeline, whose database is that of the test. */
const pipeline = (setting: Record<string, string> = {}): Pipeline => ({
  ...clients,
  connectors: {
    clientChanges: connector('debezium-postgres', {
      writes: clients.connectors?.clientChanges?.writes as Named<Topic>,
      tables: { clients: 'public.clients' },
      config: {
        'database.hostname': '127.0.0.1',
        'database.port': postgresAddress(millraceHome(inject('home'))).port,
        'database.dbname': 'connected',
        'database.user': 'debezium',
        'database.password': secret('shop/debezium', 'password'),
        ...setting,
      },
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

test('without its secret it is refused, with the file into which to write it', async () => {
  await expect(run(pipeline())).rejects.toThrow(
    `A connector needs the secret shop.debezium.password, which AWS keeps in Secrets Manager and this machine in the file ${join(home.secrets, 'shop.debezium.password')}, where nothing is.`,
  );
});

test('it is deployed, and rows of its table are on its topic', async () => {
  writeFileSync(join(home.secrets, 'shop.debezium.password'), 'the password\n', { mode: 0o600 });
  await run(pipeline());
  expect(await worker()).toMatchObject({ state: 'running' });
  const written = () =>
    withTestAdmin(services.kafka.bootstrapServers ?? '', async (admin) => {
      const [partition] = await admin.fetchTopicOffsets('clients.changes');
      expect(partition?.high).toBe('1');
    });
  await vi.waitFor(written, { timeout: 240_000, interval: 500 });
});

test('a deployment of the same changes nothing, and one with a misspelt setting is refused and leaves it running', async () => {
  const { pid } = (await worker()) ?? {};
  expect((await run(pipeline())).changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  await expect(run(pipeline({ 'slot.drop.on.stopp': 'true' }))).rejects.toThrow(
    'connector clientChanges: slot.drop.on.stopp is no setting of its plugin; did you mean slot.drop.on.stop?',
  );
  expect(await worker()).toMatchObject({ state: 'running', pid });
});

test('its role and its handler were denied nothing', () => {
  const lines = readFileSync(join(home.iam, 'decisions.jsonl'), 'utf8').trim().split('\n');
  const denied = lines.map((line) => JSON.parse(line)).filter((decision) => decision.allowed === false);
  expect(denied).toEqual([]);
});

test('what is stopped starts again with the others', async () => {
  await stopServices(home, { purge: false, only: ['connect-clients'] });
  expect(await worker()).toMatchObject({ state: 'stopped' });
  const { started } = await startServices(home, readToolchain(), () => {}, undefined, { connectors: true });
  expect(started).toEqual(['connect-clients']);
});

test('it goes with its pipeline', async () => {
  await run();
  expect(await worker()).toBeUndefined();
  expect(existsSync(join(home.services, 'connect-clients'))).toBe(false);
});
