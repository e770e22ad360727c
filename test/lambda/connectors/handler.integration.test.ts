/** The bundled handler of `Custom::KafkaConnectors`, driven with CloudFormation's events against a real worker, signed in at a real broker as on AWS. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { propertiesOf } from '../../../lib/constructs/connect/worker-properties.ts';
import { connectTopics, heartbeatTopic } from '../../../lib/declaration/names.ts';
import { millraceHome } from '../../../local/home.ts';
import { workerOf, workersIn, writeWorker } from '../../../local/services/connect.ts';
import { postgresAddress } from '../../../local/services/postgres.ts';
import type { ServiceDefinition } from '../../../local/services/types.ts';
import { acquireLock } from '../../../tools/lock.mjs';
import { cacheFolder, root } from '../../../tools/setup/folders.mjs';
import { artifactFolder, parseLock } from '../../../tools/setup/jars.mjs';
import { bootstrap } from '../../../tools/setup/python.mjs';
import { findPython } from '../../../tools/setup/requirements.mjs';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { arnOf, clusterArn, roleOf, TestBroker } from '../../local/iam/kafka-broker.ts';
import { bundledHandler } from '../../support/bundle.ts';
import type { Handlers } from '../../support/lifecycle.ts';
import { emptyDatabase } from '../../support/postgres.ts';

// Workers start slowly on a machine that has other work.
vi.setConfig({ testTimeout: 300_000 });

const handlers = await bundledHandler<Handlers>('connectors');
const broker = new TestBroker();
const folder = mkdtempSync(join(tmpdir(), 'millrace-connectors-'));
const [input, output] = [join(folder, 'in.txt'), join(folder, 'out.txt')];
const [lines, changes, heartbeats] = ['test.lines', 'clients.changes', heartbeatTopic('clients', 'clientChanges')];
const topicArns = (names: readonly string[], actions: readonly string[]) =>
  Object.fromEntries(names.map((name) => [arnOf('topic', name), actions]));

/** What the construct grants, and what the sink of the test reads. */
const role = roleOf('Worker', {
  [clusterArn]: ['Connect'],
  ...topicArns(Object.values(connectTopics('clients')), [
    'CreateTopic',
    'DescribeTopic',
    'DescribeTopicDynamicConfiguration',
    'ReadData',
    'WriteData',
  ]),
  ...topicArns([changes, heartbeats], ['DescribeTopic', 'WriteData']),
  ...topicArns([lines], ['DescribeTopic', 'WriteData', 'ReadData']),
  [arnOf('group', 'millrace.clients.connect')]: ['AlterGroup', 'DescribeGroup'],
  [arnOf('group', 'connect-sink')]: ['AlterGroup', 'DescribeGroup'],
});

/** The plugin that only tests use. */
async function filePlugin(): Promise<string> {
  const cache = cacheFolder();
  const release = await acquireLock(join(cache, 'set-up.lock'), { onWait: () => {} });
  try {
    const artifacts = parseLock(readFileSync(join(root, 'jgo.lock.toml'), 'utf8'));
    const python = async () => (await bootstrap(findPython(), cache)).python;
    return (await artifactFolder({ cache, python, artifacts, name: 'connect-file-jars' })).folder;
  } finally {
    release();
  }
}

let url: string;
let worker: ServiceDefinition;

beforeAll(async () => {
  await broker.start();
  const admin = broker.plain().admin();
  await admin.connect();
  await admin.createTopics({ topics: [lines, changes, heartbeats].map((topic) => ({ topic, numPartitions: 1 })) });
  await admin.disconnect();
  broker.deploy(role);
  const plugins = join(folder, 'plugins');
  mkdirSync(plugins);
  symlinkSync(await filePlugin(), join(plugins, 'file'));
  const told = propertiesOf('clients', broker.iamServers).trim().split('\n');
  const properties = Object.fromEntries(told.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  mkdirSync(join(broker.home.services, workerOf('clients')), { recursive: true });
  writeFileSync(join(broker.home.secrets, 'shop.debezium.password'), `the password\n`);
  writeWorker(broker.home, workerOf('clients'), {
    properties: { ...properties, 'plugin.path': `plugins,${plugins}` },
    role: role.arn,
    region: 'us-east-1',
    secrets: ['shop.debezium.password'],
    plugins: ['debezium-postgres'],
  });
  worker = workersIn(broker.home)[0] as ServiceDefinition;
  const { rest } = await broker.startMore(worker);
  url = `http://127.0.0.1:${rest}`;
});

afterAll(() => broker.stop());

const string = 'org.apache.kafka.connect.storage.StringConverter';
const source = {
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  file: input,
  topic: lines,
};
const sink = {
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  file: output,
  topics: lines,
};

/** Declares connectors, by name; an Update once something was declared. */
let id: string | undefined;
async function declare(connectors: Record<string, Record<string, string>>): Promise<void> {
  const Connectors = Object.entries(connectors).map(([Name, Config]) => ({
    Name,
    Config: { 'tasks.max': '1', ...Config },
  }));
  const ResourceProperties = { Pipeline: 'clients', Url: url, Connectors };
  const event = id === undefined ? { RequestType: 'Create' } : { RequestType: 'Update', PhysicalResourceId: id };
  ({ PhysicalResourceId: id } = await handlers.onEvent({ ...event, ResourceProperties } as never));
}

const names = async (): Promise<string[]> => ((await (await fetch(`${url}/connectors`)).json()) as string[]).sort();

/** Keys and values of all records of a topic. */
async function recordsOf(topic: string): Promise<(readonly [unknown, unknown])[]> {
  const found: (readonly [unknown, unknown])[] = [];
  const consumer = broker.plain().consumer({ groupId: `test-${topic}-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const parsed = (bytes: Buffer | null) => bytes && JSON.parse(bytes.toString());
  await consumer.run({
    eachMessage: async ({ message: { key, value } }) => void found.push([parsed(key), parsed(value)]),
  });
  await vi.waitFor(() => expect(found.length).toBeGreaterThan(0), { timeout: 30_000, interval: 200 }).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  await consumer.disconnect();
  return found;
}

describe('connectors', () => {
  test('are made, and data goes through them', async () => {
    writeFileSync(input, 'one\ntwo\n');
    await declare({ source: { ...source, 'value.converter': string }, sink: { ...sink, 'value.converter': string } });
    expect(await names()).toEqual(['sink', 'source']);
    await vi.waitFor(() => expect(readFileSync(output, 'utf8')).toBe('one\ntwo\n'), {
      timeout: 120_000,
      interval: 200,
    });
  });

  test('go when they are no longer declared, and the others go on', async () => {
    await declare({ sink: { ...sink, 'value.converter': string } });
    expect(await names()).toEqual(['sink']);
  });

  test('are all refused, and nothing is changed, when a setting of one is misspelt', async () => {
    const misspelt = declare({ source: { ...source, 'batch.sise': '10' }, sink });
    await expect(misspelt).rejects.toThrow(
      'The connectors were refused and nothing was changed:\n- connector source: batch.sise is no setting of its plugin; did you mean batch.size?',
    );
    expect(await names()).toEqual(['sink']);
  });

  test('are refused with what their plugin says of a value', async () => {
    await expect(declare({ source: { ...source, 'batch.size': 'many' } })).rejects.toThrow(
      'connector source: batch.size: Invalid value many for configuration batch.size: Not a number of type INT',
    );
  });

  test('whose task fails are told with the first error and its cause, and run once that is put right', async () => {
    const lost = join(folder, 'lost', 'out.txt');
    const failing = declare({ sink: { ...sink, 'value.converter': string, file: lost } });
    await expect(failing).rejects.toThrow(
      `Connectors do not run:\n- connector sink: task 0 failed: ConnectException: Couldn't find or create file '${lost}' for FileStreamSinkTask, because of NoSuchFileException: ${lost}`,
    );
    // The same configuration again: only a restart brings its task back.
    mkdirSync(join(folder, 'lost'));
    await declare({ sink: { ...sink, 'value.converter': string, file: lost } });
  });

  test('that a person has paused count as running', async () => {
    await fetch(`${url}/connectors/sink/pause`, { method: 'PUT' });
    await declare({ sink: { ...sink, 'value.converter': string } });
    await fetch(`${url}/connectors/sink/resume`, { method: 'PUT' });
  });
});

describe('Debezium', () => {
  let database: Client;
  const patiently = { timeout: 120_000, interval: 500 };

  beforeAll(async () => {
    database = await emptyDatabase(inject('home'), 'clients');
    await database.query("CREATE ROLE clients_reader SUPERUSER LOGIN PASSWORD 'the password'");
    await database.query('CREATE TABLE public.clients (id int PRIMARY KEY, name text)');
    await database.query("INSERT INTO public.clients VALUES (1, 'Ada')");
  });
  afterAll(() => database?.end());

  const configuration = () => ({
    ...clients.connectors?.clientChanges?.configuration(clients, 'clientChanges'),
    'database.hostname': '127.0.0.1',
    'database.port': String(postgresAddress(millraceHome(inject('home'))).port),
    'database.dbname': 'clients',
    'database.user': 'clients_reader',
    // Slots are of all databases of a server.
    'slot.name': 'clients_of_handler',
    'heartbeat.interval.ms': '500',
  });

  test('is refused where its database lets nobody in, in the words of the database', async () => {
    const refused = declare({ clientChanges: { ...configuration(), 'database.user': 'nobody' } });
    await expect(refused).rejects.toThrow(
      /connector clientChanges: database\.\w+: .*password authentication failed for user "nobody"/,
    );
  });

  test('publishes what the rows are, under their keys, and that one is gone; its heart beats', async () => {
    await declare({ clientChanges: configuration() });
    await database.query("INSERT INTO public.clients VALUES (2, 'Grace')");
    await database.query("UPDATE public.clients SET name = 'Ada L.' WHERE id = 1");
    await database.query('DELETE FROM public.clients WHERE id = 2');
    const expected = [
      [{ id: 1 }, { id: 1, name: 'Ada' }],
      [{ id: 2 }, { id: 2, name: 'Grace' }],
      [{ id: 1 }, { id: 1, name: 'Ada L.' }],
      [{ id: 2 }, null],
    ];
    await vi.waitFor(async () => expect(await recordsOf(changes)).toEqual(expected), {
      timeout: 240_000,
      interval: 500,
    });
    expect(await recordsOf(heartbeats)).not.toEqual([]);
  });

  test('whose slot was dropped says so and passes over nothing, until it is told to read its tables anew', async () => {
    const told = async () => {
      const { tasks } = (await (await fetch(`${url}/connectors/clientChanges/status`)).json()) as {
        readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
      };
      return tasks.map(({ state, trace }) => `${state} ${trace}`).join();
    };
    const ask = (what: string) => fetch(`${url}/connectors/clientChanges/${what}`, { method: 'PUT' });
    await ask('stop');
    await vi.waitFor(() => database.query("SELECT pg_drop_replication_slot('clients_of_handler')"), patiently);
    await database.query("INSERT INTO public.clients VALUES (3, 'Edsger')");
    await ask('resume');
    await vi.waitFor(
      async () =>
        expect(await told()).toMatch(/^FAILED .*read change stream starting at .* no longer available on the server/s),
      patiently,
    );
    await declare({ clientChanges: { ...configuration(), 'snapshot.mode': 'when_needed' } });
    await vi.waitFor(
      async () => expect(await recordsOf(changes)).toContainEqual([{ id: 3 }, { id: 3, name: 'Edsger' }]),
      patiently,
    );
  });

  test('leaves no secret where others may read it', async () => {
    const told = await (await fetch(`${url}/connectors/clientChanges/config`)).text();
    expect(told).not.toContain('the password');
    expect(readFileSync(join(broker.home.services, workerOf('clients'), 'worker.properties'), 'utf8')).not.toContain(
      'the password',
    );
  });
});

test('the role needed nothing that it may not do', () => {
  expect(broker.denialsOf(role)).toEqual([]);
});

test('a deletion removes them all', async () => {
  const event = { RequestType: 'Delete', PhysicalResourceId: 'connectors/clients' };
  await handlers.onEvent({ ...event, ResourceProperties: { Url: url } } as never);
  expect(await names()).toEqual([]);
});
