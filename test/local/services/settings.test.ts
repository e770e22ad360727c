/** What services are told, and how long they are waited for, by value. */
import { expect, test } from 'vitest';
import { connectTopics } from '../../../lib/declaration/names.ts';
import { jvmPatienceMs } from '../../../local/cli/down.ts';
import * as replay from '../../../local/cli/replay.ts';
import * as deployment from '../../../local/cloudformation/deploy.ts';
import { defaultMemoryMegabytes, defaultTimeoutSeconds } from '../../../local/cloudformation/invoke.ts';
import { millraceHome } from '../../../local/home.ts';
import { days } from '../../../local/iam/kafka-certificate.ts';
import { workersIn, writeWorker } from '../../../local/services/connect.ts';
import { dynamodb } from '../../../local/services/dynamodb.ts';
import { iam } from '../../../local/services/iam.ts';
import { brokers, type kafka, nodeSettings } from '../../../local/services/kafka.ts';
import { postgres } from '../../../local/services/postgres.ts';
import { registry } from '../../../local/services/registry.ts';
import { s3 } from '../../../local/services/s3.ts';
import * as services from '../../../local/services/services.ts';
import { sourcesIn, writeSource } from '../../../local/services/sources.ts';
import { READY_WITHIN_MS, type ServiceContext } from '../../../local/services/types.ts';
import { temporaryFolder } from '../../tools/setup/temporary.ts';

const ports = { broker: 9092, controller: 9093, iam: 9098 };
const told = (id: number, names: readonly string[]) =>
  nodeSettings(id, { ports, allPorts: Object.fromEntries(names.map((name) => [name, ports])) as never }, '/logs');

test('each record is where as many brokers as there are keep it, and is there once most of them have it', () => {
  const copies = (names: readonly string[]) => {
    const settings = told(1, names);
    return ['default', 'offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']
      .map((of) => settings[`${of}.replication.factor`])
      .concat(['min.insync.replicas', 'transaction.state.log.min.isr'].map((name) => settings[name]));
  };
  expect(copies(['kafka'])).toEqual([1, 1, 1, 1, 1, 1]);
  expect(copies(['kafka', 'kafka-2', 'kafka-3'])).toEqual([3, 3, 3, 3, 2, 2]);
});

test('a broker makes no topic by itself, takes what MSK takes, and leaves the others at once', () => {
  expect(told(2, ['kafka', 'kafka-2', 'kafka-3'])).toMatchObject({
    'node.id': 2,
    'auto.create.topics.enable': false,
    'message.max.bytes': 1_048_588,
    'replica.fetch.max.bytes': 8_388_608,
    'controlled.shutdown.enable': false,
    'offsets.topic.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'controller.quorum.voters': '1@127.0.0.1:9093,2@127.0.0.1:9093,3@127.0.0.1:9093',
    listeners: 'PLAIN://127.0.0.1:9092,IAM://127.0.0.1:9098,CONTROLLER://127.0.0.1:9093',
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,IAM:SASL_SSL,CONTROLLER:PLAINTEXT',
  });
  expect(told(1, ['kafka'])['controlled.shutdown.enable']).toBe(true);
});

const context = {
  data: '/data',
  scratch: '/scratch',
  ports: { api: 8080, management: 9000, server: 5432 },
  toolchain: { java21: 'java', registryHome: '/registry', registryClasses: '/classes', postgresHome: '/postgres' },
} as unknown as ServiceContext;

test('the registry answers this machine alone, and loses nothing that it has answered', () => {
  const { arguments: words } = registry.command(context);
  expect(words).toEqual(
    expect.arrayContaining([
      '-Dquarkus.http.host=127.0.0.1',
      '-Dquarkus.management.host=127.0.0.1',
      '-Dapicurio.datasource.url=jdbc:h2:file:/data/registry;WRITE_DELAY=0',
    ]),
  );
});

test('PostgreSQL answers this machine alone, in UTC, and keeps a gigabyte for a reader that is away', () => {
  const words = postgres.command(context).arguments;
  const settings = words.filter((_, index) => words[index - 1] === '-c');
  expect(settings).toEqual([
    'listen_addresses=127.0.0.1',
    'port=5432',
    'unix_socket_directories=',
    'max_connections=100',
    'timezone=UTC',
    'wal_level=logical',
    'max_slot_wal_keep_size=1GB',
  ]);
});

test('each has its time to start and to end, its memory and its ports', () => {
  const of = ({
    name,
    readyWithinMs = READY_WITHIN_MS,
    stopWithinMs,
    memoryBytes,
    stopSignal = 'SIGTERM',
    ports,
  }: typeof kafka) =>
    `${name}: ${readyWithinMs / 1_000} s, ${stopWithinMs / 1_000} s by ${stopSignal}, ${memoryBytes / 2 ** 20} MiB, ${ports.map(({ preferred }) => preferred)}`;
  const home = millraceHome(temporaryFolder());
  writeWorker(home, 'connect-shop', { properties: {}, role: '', region: '', secrets: [], plugins: [] });
  writeSource(home, 'source-shop-calls', { listens: '', turnMs: 0, standIn: 'stand-in.ts' } as never);
  const others = [...workersIn(home), ...sourcesIn(home)];
  expect([...brokers, registry, postgres, iam, s3, dynamodb, ...others].map(of)).toEqual([
    'kafka: 180 s, 30 s by SIGTERM, 500 MiB, 9092,9093,9098',
    'kafka-2: 180 s, 30 s by SIGTERM, 500 MiB, 9192,9193,9198',
    'kafka-3: 180 s, 30 s by SIGTERM, 500 MiB, 9292,9293,9298',
    'registry: 180 s, 20 s by SIGTERM, 450 MiB, 8080,9000',
    'postgres: 180 s, 20 s by SIGINT, 150 MiB, 5432',
    'iam: 180 s, 5 s by SIGTERM, 100 MiB, 9700,9701,9702',
    's3: 180 s, 5 s by SIGTERM, 200 MiB, 9710',
    'dynamodb: 180 s, 5 s by SIGTERM, 300 MiB, 8000',
    'connect-shop: 180 s, 30 s by SIGTERM, 550 MiB, 8083',
    'stand-in-shop-calls: 180 s, 5 s by SIGTERM, 150 MiB, 9750',
    'source-shop-calls: 180 s, 5 s by SIGTERM, 200 MiB, 9730',
  ]);
});

test('workers of two pipelines keep what they know apart', () => {
  expect(connectTopics('one')).toEqual({
    configs: 'millrace.one.connect-configs',
    offsets: 'millrace.one.connect-offsets',
    status: 'millrace.one.connect-status',
  });
});

test('a command waits two minutes for one that deploys or starts services, and ten seconds for one that sends dead letters again', () => {
  expect([deployment.lockWaitMs, services.lockWaitMs, replay.lockWaitMs]).toEqual([120_000, 120_000, 10_000]);
});

test('a service that has ended is noticed within the next second', () => expect(services.watchEveryMs).toBe(1_000));

test('brokers are known by their certificate for ten years: nobody renews it', () => expect(days).toBe(3_650));

test('a function that asks for nothing gets what Lambda gives: three seconds and 128 MB', () => {
  expect([defaultTimeoutSeconds, defaultMemoryMegabytes]).toEqual([3, 128]);
});

test('a JVM whose job was ended a moment ago has ten seconds to let go of it', () => {
  expect(jvmPatienceMs).toBe(10_000);
});
