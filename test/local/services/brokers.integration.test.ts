/** Three brokers: what they keep for each other, and what is left when one or two of them are killed. Uses services of its own; the tests build on each other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Kafka,
  type KafkaJSNumberOfRetriesExceeded,
  type KafkaJSProtocolError,
  logLevel,
  type Producer,
} from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import { type Home, millraceHome } from '../../../local/home.ts';
import {
  brokersOf,
  endpointsOf,
  type StartOptions,
  serviceStatus,
  serviceStatuses,
  startServices,
  stopServices,
  watchServices,
} from '../../../local/services/services.ts';
import type { BrokerName } from '../../../local/services/types.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';
import { withTestAdmin } from '../../support/kafka.ts';
import { kill } from '../../support/kill.ts';

// Longer than three brokers may take to start.
vi.setConfig({ testTimeout: 300_000 });

const topic = 'held';
const names: readonly BrokerName[] = ['kafka', 'kafka-2', 'kafka-3'];
/** Below the ports that the system gives to outgoing connections, and not those of the same test in another checkout. */
const first = 12_000 + Math.floor(Math.random() * 3_000);
const firstPorts = {
  kafka: first,
  'kafka-2': first + 10,
  'kafka-3': first + 20,
  iam: first + 30,
  registry: first + 40,
};

let home: Home;
const told: string[] = [];
const gone: string[] = [];
let endWatch = () => {};

const start = (options: StartOptions = {}) =>
  startServices(home, readToolchain(), () => {}, undefined, { firstPorts, ...options });
const states = () => names.map((name) => serviceStatus(home, name).state);
const client = (bootstrapServers: string) =>
  new Kafka({
    clientId: 'millrace-test',
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  });
const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await sleep(50);
};
/** Of each partition, the leader and who is in step with it. */
const partitions = (of = topic) =>
  withTestAdmin(brokersOf(home).bootstrapServers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [of] });
    return topics.flatMap((one) => one.partitions);
  });
const inStep = async () => (await partitions()).map(({ isr }) => isr.length);

/** What was acknowledged, in order. */
const taken: string[] = [];
let next = 0;

/** Sends the next record until it is acknowledged, with as many tries as that takes; each try is a record of its own. */
async function sendUntilTaken(producer: Producer): Promise<void> {
  for (;;) {
    const value = String(next);
    next += 1;
    try {
      await producer.send({ topic, acks: -1, timeout: 2_000, messages: [{ key: value, value }] });
      taken.push(value);
      return;
    } catch {
      await sleep(100);
    }
  }
}

async function withProducer(
  work: (producer: Producer) => Promise<void>,
  bootstrapServers = brokersOf(home).bootstrapServers,
): Promise<void> {
  const producer = client(bootstrapServers).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await work(producer);
  } finally {
    await producer.disconnect();
  }
}

async function held(): Promise<Set<string>> {
  const reader = new KafkaReader(brokersOf(home).bootstrapServers);
  await reader.connect();
  const values = new Set<string>();
  try {
    await reader.read(topic, await reader.range(topic), ({ value }) => void values.add(String(value)));
  } finally {
    await reader.close();
  }
  return values;
}

beforeAll(() => {
  home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-brokers-')));
});
afterAll(async () => {
  endWatch();
  await stopServices(home, { purge: true });
  rmSync(home.root, { recursive: true, force: true });
});

test('three are started where three are wanted, one cluster with three copies of everything and two of what is acknowledged', async () => {
  const { started, brokers } = await start({ brokers: 3 });
  expect(started).toEqual(['iam', ...names, 'registry']);
  expect(brokers.bootstrapServers.split(',')).toHaveLength(3);
  expect(new Set(brokers.iamBootstrapServers.split(',')).size).toBe(3);
  await withTestAdmin(brokers.bootstrapServers, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 6, replicationFactor: -1 }] });
    expect((await admin.describeCluster()).brokers).toHaveLength(3);
    const { resources } = await admin.describeConfigs({
      resources: [{ type: 2, name: topic, configNames: ['min.insync.replicas'] }],
      includeSynonyms: false,
    });
    expect(resources[0]?.configEntries[0]?.configValue).toBe('2');
  });
  await until(async () => (await inStep()).every((count) => count === 3));
  expect((await partitions()).map(({ replicas }) => replicas.length)).toEqual([3, 3, 3, 3, 3, 3]);
  // Their leaders are not all the same, so that a reader has to ask each.
  expect(new Set((await partitions()).map(({ leader }) => leader)).size).toBeGreaterThan(1);
  await withProducer(async (producer) => {
    for (let count = 0; count < 60; count += 1) await sendUntilTaken(producer);
  });
  expect([...(await held())].sort()).toEqual([...taken].sort());
  // Kafka's own topics, of which the reader has made one.
  const offsets = await partitions('__consumer_offsets');
  expect(offsets.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3, 3]);
});

test('their number stays, and another is refused', async () => {
  await expect(start({ brokers: 1 })).rejects.toMatchObject({
    code: 'OTHER_BROKERS',
    message: expect.stringMatching(/^--brokers 1 was given, but the data in .* are of three brokers.*down --purge/),
  });
  expect((await start()).started).toEqual([]);
});

test('one that is killed is told, and the others go on', async () => {
  endWatch = watchServices(
    home,
    (error) => gone.push(error.message),
    (line) => told.push(line),
  );
  const victim = (await partitions())[0]?.leader ?? 0;
  const name = names[victim - 1] ?? 'kafka';
  await withProducer(async (producer) => {
    await sendUntilTaken(producer);
    kill(serviceStatus(home, name).pid);
    const killedAt = performance.now();
    // Each partition gets some, those of the victim among them.
    for (let count = 0; count < 30; count += 1) await sendUntilTaken(producer);
    console.log(
      `one of three killed: ${((performance.now() - killedAt) / 1000).toFixed(1)} s until 30 more were taken`,
    );
  });
  await until(() => told.length > 0);
  expect(told).toEqual([
    expect.stringMatching(/^Two of three brokers go on; "npx millrace up" starts the third again\./),
  ]);
  expect(gone).toEqual([]);
  expect(endpointsOf(home)).toBeDefined();
  expect((await inStep()).every((count) => count === 2)).toBe(true);
});

test('with two killed nothing is acknowledged, and what runs is told to end', async () => {
  const [another] = names.filter((name) => serviceStatus(home, name).state === 'running');
  kill(serviceStatus(home, another ?? 'kafka').pid);
  await until(() => gone.length > 0);
  expect(gone).toEqual([expect.stringMatching(/ended while a pipeline ran/)]);
  expect(endpointsOf(home)).toBeUndefined();
  const survivor = names.findIndex((name) => serviceStatus(home, name).state === 'running');
  const { bootstrapServers = '' } = serviceStatus(home, names[survivor] ?? 'kafka');
  const led = await withTestAdmin(bootstrapServers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.flatMap((one) => one.partitions).filter(({ leader }) => leader === survivor + 1);
  });
  expect(led.length).toBeGreaterThan(0);
  const refused: string[] = [];
  await withProducer(async (producer) => {
    for (const { partitionId: partition } of led) {
      const messages = [{ partition, key: 'lost', value: 'lost' }];
      await producer.send({ topic, acks: -1, timeout: 1_000, messages }).then(
        () => taken.push('lost'),
        ({ cause }: KafkaJSNumberOfRetriesExceeded) => refused.push(String((cause as KafkaJSProtocolError).type)),
      );
    }
  }, bootstrapServers);
  expect(taken).not.toContain('lost');
  // The quorum that would take the dead out of step is gone too, so that the leader waits for them.
  expect(new Set(refused)).toEqual(new Set(['REQUEST_TIMED_OUT']));
});

test('started again they have all that was acknowledged', async () => {
  const before = performance.now();
  const { started } = await start();
  expect(started).toHaveLength(2);
  console.log(`two of three started again in ${((performance.now() - before) / 1000).toFixed(1)} s`);
  await until(async () => (await inStep()).every((count) => count === 3));
  const values = await held();
  expect(taken.filter((value) => !values.has(value))).toEqual([]);
});

test('a stop ends all, and the next start has three again', async () => {
  const before = performance.now();
  await stopServices(home, { purge: false });
  console.log(`stopped in ${((performance.now() - before) / 1000).toFixed(1)} s`);
  expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
  expect((await start()).started).toEqual(['iam', ...names, 'registry']);
  const values = await held();
  expect(taken.filter((value) => !values.has(value))).toEqual([]);
  await stopServices(home, { purge: true });
  expect((await serviceStatuses(home)).map(({ name }) => name)).not.toContain('kafka-2');
});
