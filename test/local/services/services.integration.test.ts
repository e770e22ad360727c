/**
 * The life of the services: started, killed, moved to other ports, stopped, purged. Uses services of its
 * own; the tests build on each other.
 */
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Home, millraceHome } from '../../../local/home.ts';
import { isPortFree, nextFreePort } from '../../../local/services/ports.ts';
import { postgresAddress } from '../../../local/services/postgres.ts';
import { asSuperuser } from '../../../local/services/postgres-sign-in.ts';
import { identityOf } from '../../../local/services/process.ts';
import { readServiceFile, writeServiceFile } from '../../../local/services/service-files.ts';
import {
  type StartedServices,
  type StartOptions,
  serviceStatuses,
  startServices,
  stopServices,
} from '../../../local/services/services.ts';
import type { ServiceStatus } from '../../../local/services/types.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { withTestAdmin } from '../../support/kafka.ts';
import { kill } from '../../support/kill.ts';

let home: Home;
const toolchain = readToolchain();
const progress: string[] = [];
/** Below the ports that the system gives to outgoing connections, and not those of the same test in another checkout. */
const firstPort = 20_000 + Math.floor(Math.random() * 10_000);
const firstPorts = {
  iam: firstPort + 2_000,
  kafka: firstPort,
  registry: firstPort + 1_000,
  s3: firstPort + 3_000,
  postgres: firstPort + 4_000,
};

const start = (options: StartOptions = {}, signal?: AbortSignal): Promise<StartedServices> =>
  startServices(home, toolchain, (line) => progress.push(line), signal, { firstPorts, ...options });

const status = async (name: string): Promise<ServiceStatus> => {
  const found = (await serviceStatuses(home)).find((service) => service.name === name);
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
};

const names = ['iam', 'kafka', 'registry'] as const;
const all = (state: string) => names.map(() => state);
/** Those of the services that are always needed. */
const states = async () => (await Promise.all(names.map(status))).map(({ state }) => state);

/** Every process that was ever started here. */
const seen = new Set<number>();
const remember = ({ iam, kafka, registry, s3, postgres }: StartedServices): void => {
  for (const { pid } of [iam, kafka, registry, s3, postgres]) if (pid !== undefined) seen.add(pid);
};
const alive = () => [...seen].filter((pid) => identityOf(pid) !== undefined);

async function occupy(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

/** Registers a schema, or finds it; gives its content id. */
async function registerSchema(url: string, artifactId: string): Promise<number> {
  const body = {
    artifactId,
    artifactType: 'AVRO',
    firstVersion: {
      content: {
        content: JSON.stringify({ type: 'enum', name: artifactId, symbols: ['A'] }),
        contentType: 'application/json',
      },
    },
  };
  const response = await fetch(`${url}/apis/registry/v3/groups/default/artifacts?ifExists=FIND_OR_CREATE_VERSION`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { version: { contentId: number } }).version.contentId;
}

async function send(bootstrapServers: string, value: string): Promise<void> {
  const client = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  await producer.send({ topic: 't', messages: [{ key: 'k', value }] });
  await producer.disconnect();
}

const endOffset = (bootstrapServers: string) =>
  withTestAdmin(bootstrapServers, async (admin) => (await admin.fetchTopicOffsets('t'))[0]?.high);

let schemaId: number;

beforeAll(() => {
  // Neither the broker nor the registry may trip over a folder that is not spelt in ASCII.
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-sërvices-😀-')));
});
afterAll(async () => {
  await stopServices(home, { purge: true });
  rmSync(home.root, { recursive: true, force: true });
});

test('nothing runs before the first start', async () => {
  expect(await states()).toEqual(all('stopped'));
});

test('too little memory is refused before anything is started', async () => {
  await expect(start({ availableMemoryBytes: 100 * 1024 * 1024 })).rejects.toMatchObject({ code: 'NOT_ENOUGH_MEMORY' });
  expect(await states()).toEqual(all('stopped'));
});

test('two starts at once make one of each service, which work', async () => {
  const both = await Promise.all([start(), start()]);
  expect(both.map(({ started }) => started.length).sort()).toEqual([0, 3]);
  expect(both[0].s3.state).toBe('stopped');
  expect(both[0].kafka.pid).toBe(both[1].kafka.pid);
  expect(both[0].registry.pid).toBe(both[1].registry.pid);
  expect(progress).toContain(`waiting for another millrace command (pid ${process.pid})`);
  remember(both[0]);
  const { kafka, registry } = both[0];
  expect(kafka).toMatchObject({ name: 'kafka', state: 'running', bootstrapServers: `127.0.0.1:${kafka.port}` });
  expect(registry).toMatchObject({ name: 'registry', state: 'running', url: `http://127.0.0.1:${registry.port}` });
  // Who has no token learns nothing.
  expect((await fetch(`${both[0].iam.url}/keys/any`)).status).toBe(401);
  // The password of the broker's key is for nobody else.
  expect(statSync(join(home.services, 'kafka', 'server.properties')).mode & 0o777).toBe(0o600);
  expect(kafka.memoryBytes).toBeGreaterThan(100 * 1024 * 1024);
  expect(existsSync(kafka.log)).toBe(true);
  expect(existsSync(join(home.services, 'kafka', 'data', 'broker', 'meta.properties'))).toBe(true);
  await withTestAdmin(kafka.bootstrapServers ?? '', (admin) =>
    admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] }),
  );
  await send(kafka.bootstrapServers ?? '', 'before');
  // The second one: a registry that forgot everything would begin to count anew.
  await registerSchema(registry.url ?? '', 'first');
  schemaId = await registerSchema(registry.url ?? '', 'second');
});

test('the S3 server comes when a strict run asks for it, and stays beside the others', async () => {
  const services = await start({ strict: true });
  remember(services);
  expect(services.started).toEqual(['s3']);
  expect((await fetch(`${services.s3.url}/`)).status).toBe(404);
  expect((await start()).s3.pid).toBe(services.s3.pid);
  await stopServices(home, { purge: false, only: ['s3'] });
  expect([(await status('s3')).state, await states()]).toEqual(['stopped', all('running')]);
});

test('PostgreSQL comes when a pipeline needs it, asks everybody for a password, and keeps what it was told when it is killed', async () => {
  const services = await start({ databases: true });
  remember(services);
  expect(services.started).toEqual(['postgres']);
  expect((await start()).postgres.pid).toBe(services.postgres.pid);
  await asSuperuser(home, 'postgres', (client) =>
    client.query('CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)'),
  );
  const stranger = new Client({ ...postgresAddress(home), user: 'postgres', password: 'guess', database: 'postgres' });
  await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
  kill(services.postgres.pid);
  while ((await status('postgres')).state === 'running') await sleep(50);
  expect((await status('postgres')).state).toBe('dead');
  const again = await start({ databases: true });
  remember(again);
  const { rows } = await asSuperuser(home, 'postgres', (client) => client.query('SELECT a FROM kept'));
  expect(rows).toEqual([{ a: 7 }]);
  await stopServices(home, { purge: false, only: ['postgres'] });
  expect([(await status('postgres')).state, await states()]).toEqual(['stopped', all('running')]);
});

test('a start while both run changes nothing and takes no time', async () => {
  const before = await serviceStatuses(home);
  const began = performance.now();
  const { started } = await start();
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(started).toEqual([]);
  expect((await serviceStatuses(home)).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
});

test('nothing listens where another machine could reach it', async () => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.filter(({ internal, family }) => !internal && family === 'IPv4');
  const ports = names.flatMap((name) => Object.values(readServiceFile(home, name).ports ?? {}));
  expect(ports).toHaveLength(8);
  for (const { address } of outside) {
    for (const port of ports) {
      // Whoever can bind the port there can do so because nobody else did.
      const server = createServer();
      await new Promise<void>((resolve, reject) =>
        server.once('error', reject).listen({ port, host: address, exclusive: true }, resolve),
      );
      await new Promise((resolve) => server.close(resolve));
    }
  }
});

test('topics are not made by asking for them', async () => {
  const { bootstrapServers = '' } = await status('kafka');
  await withTestAdmin(bootstrapServers, async (admin) => {
    await admin.fetchTopicMetadata({ topics: ['misspelt'] }).catch(() => {});
    expect(await admin.listTopics()).toEqual(['t']);
  });
});

test('a topic that says nothing else takes no larger record than one on MSK does', async () => {
  const { bootstrapServers = '' } = await status('kafka');
  await expect(send(bootstrapServers, 'x'.repeat(1_100_000))).rejects.toThrow(/larger than the max message size/);
});

test('killed services count as dead, and the next start brings them back with all they had, on a free port where theirs is taken', async () => {
  const before = await serviceStatuses(home);
  for (const { name, pid } of before) if (names.some((each) => each === name)) kill(pid);
  await sleep(300);
  expect(await states()).toEqual(all('dead'));
  const port = readServiceFile(home, 'kafka').ports?.broker ?? 0;
  const server = await occupy(port);
  try {
    await expect(start({ ports: { kafka: port } })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    const services = await start();
    remember(services);
    expect(services.started).toEqual(names);
    expect(services.kafka.port).not.toBe(port);
    expect(progress.some((line) => line.startsWith(`port ${port} is taken`))).toBe(true);
    expect(services.registry.port).toBe(before.find(({ name }) => name === 'registry')?.port);
    expect(await endOffset(services.kafka.bootstrapServers ?? '')).toBe('1');
    await send(services.kafka.bootstrapServers ?? '', 'after');
    expect(await registerSchema(services.registry.url ?? '', 'second')).toBe(schemaId);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('only the one that died is started again', async () => {
  const others = async () => (await serviceStatuses(home)).flatMap(({ name, pid }) => (name === 'iam' ? [] : [pid]));
  const before = await others();
  kill((await status('iam')).pid);
  await sleep(300);
  const services = await start();
  remember(services);
  expect(services.started).toEqual(['iam']);
  expect(await others()).toEqual(before);
});

test('a broker that its killed command had not written down does not keep the next one from its data', async () => {
  const { pid = 0 } = await status('kafka');
  writeServiceFile(home, 'kafka', { ports: readServiceFile(home, 'kafka').ports });
  const services = await start();
  remember(services);
  expect(services.started).toEqual(['kafka']);
  expect(identityOf(pid)).toBeUndefined();
  expect(await endOffset(services.kafka.bootstrapServers ?? '')).toBe('2');
});

test('another port cannot be had from a broker that runs', async () => {
  const refused = start({ ports: { kafka: firstPort + 600 } });
  await expect(refused).rejects.toMatchObject({ code: 'RUNS_ON_OTHER_PORT' });
  await expect(refused).rejects.toThrow(`--kafka-port ${firstPort + 600}`);
});

test('a stop leaves no process and keeps data and ports', async () => {
  const before = await status('kafka');
  await stopServices(home, { purge: false });
  expect(await states()).toEqual(all('stopped'));
  expect(alive()).toEqual([]);
  expect(await isPortFree(before.port ?? 0)).toBe(true);
  expect(readServiceFile(home, 'kafka').ports?.broker).toBe(before.port);
  await stopServices(home, { purge: false });
});

test('called off in the middle, a start leaves no process, and the next one works', async () => {
  const controller = new AbortController();
  const called = start({}, controller.signal);
  await sleep(1_500);
  for (const name of names) {
    const { process: started } = readServiceFile(home, name);
    if (started) seen.add(started.pid);
  }
  controller.abort();
  await expect(called).rejects.toThrow();
  expect(alive()).toEqual([]);
  expect(await states()).toEqual(all('stopped'));
  expect(existsSync(join(home.services, 'lock'))).toBe(false);
});

test('a service that ends at its start is explained with its log, and takes the other one along', async () => {
  const broken = startServices(home, { ...toolchain, registryHome: '/nowhere' }, () => {}, undefined, { firstPorts });
  await expect(broken).rejects.toMatchObject({
    code: 'SERVICE_DIED',
    message: expect.stringMatching(
      /^The schema registry ended while it was starting \(exit code 1\): its program files are incomplete/,
    ),
    details: [expect.stringContaining('Unable to access jarfile /nowhere')],
  });
  expect(await states()).toEqual(all('stopped'));
  const missing = startServices(home, { ...toolchain, java17: '/nowhere/java' }, () => {}, undefined, { firstPorts });
  await expect(missing).rejects.toMatchObject({ code: 'SERVICE_NOT_STARTED' });
  expect(await states()).toEqual(all('stopped'));
});

test('data of one service without that of the other is refused', async () => {
  const data = join(home.services, 'registry', 'data');
  renameSync(data, `${data}.away`);
  await expect(start()).rejects.toMatchObject({ code: 'DATA_APART' });
  renameSync(`${data}.away`, data);
  const port = await nextFreePort(firstPort + 500, new Set());
  const services = await start({ ports: { kafka: port } });
  remember(services);
  expect(services.kafka.bootstrapServers).toBe(`127.0.0.1:${port}`);
  expect(await endOffset(services.kafka.bootstrapServers ?? '')).toBe('2');
});

test('a port that another program takes at the last moment is exchanged for a free one', async () => {
  await stopServices(home, { purge: false });
  const { api = 0 } = readServiceFile(home, 'registry').ports ?? {};
  let server: Promise<Server> | undefined;
  const report = (line: string) => {
    // It needs seconds until it listens; the ports are chosen by now.
    if (line.startsWith('the decision service works')) server ??= occupy(api);
  };
  try {
    const services = await startServices(home, toolchain, report, undefined, { firstPorts });
    remember(services);
    expect(services.registry.port).not.toBe(api);
    expect((await fetch(`${services.registry.url}/apis/registry/v3/system/info`)).status).toBe(200);
  } finally {
    const taken = await server;
    await new Promise((resolve) => (taken ? taken.close(resolve) : resolve(undefined)));
  }
});

test('one service can be stopped alone', async () => {
  await stopServices(home, { purge: false, only: ['registry'] });
  expect(await states()).toEqual(['running', 'running', 'stopped']);
});

test('a purge leaves neither processes nor data, be they written down or not', async () => {
  writeServiceFile(home, 'kafka', {});
  await stopServices(home, { purge: true });
  expect(alive()).toEqual([]);
  expect(existsSync(join(home.services, 'kafka'))).toBe(false);
  expect(existsSync(join(home.services, 'registry'))).toBe(false);
  expect(await states()).toEqual(all('stopped'));
});
