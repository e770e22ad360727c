/** The Kafka broker: one node in KRaft mode that is broker and controller, on the loopback address only. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { loopback } from './ports.ts';
import { serviceEnvironment } from './process.ts';
import type { Ports, ServiceContext, ServiceDefinition } from './types.ts';

const port = (ports: Ports, name: 'broker' | 'controller') => ports[name] ?? 0;

function properties(ports: Ports, logFolder: string): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${loopback}:${port(ports, 'controller')}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENTS',
    listeners: `CLIENTS://${loopback}:${port(ports, 'broker')},CONTROLLER://${loopback}:${port(ports, 'controller')}`,
    'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logFolder,
    // Topics exist because they are declared: a misspelt name must fail here as it does on MSK Serverless.
    'auto.create.topics.enable': false,
    // One node holds every replica; the internal topics' defaults ask for three.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // One user has few consumer groups: 50 partitions for their offsets would only slow the first consumer down.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    // The default of 128 MiB is a quarter of this heap.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'message.max.bytes': 8 * 1024 * 1024,
    'replica.fetch.max.bytes': 8 * 1024 * 1024,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Java reads a properties file as Latin-1, in which a backslash starts an escape. */
const escaped = (path: string) =>
  path
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

const logFolder = (context: ServiceContext) => join(context.data, 'broker');
const propertiesFile = (context: ServiceContext) => join(context.folder, 'server.properties');
const classPath = (context: ServiceContext) => join(context.toolchain.kafkaJars, '*');

/** Formats an empty data folder, aside and then moved into place, so that an interruption leaves none of it. */
async function format(context: ServiceContext, signal: AbortSignal): Promise<void> {
  const draft = join(context.data, 'unfinished');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const draftProperties = join(context.folder, 'format.properties');
  writeFileSync(draftProperties, properties(context.ports, escaped(draft)));
  const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath(context), 'kafka.tools.StorageTool'];
  const words = [...java, 'format', '--cluster-id', newClusterId(), '--config', draftProperties];
  try {
    await promisify(execFile)(context.toolchain.java17, words, { signal, env: serviceEnvironment() });
  } catch (error) {
    signal.throwIfAborted();
    const output = (error as { stderr?: string; stdout?: string }).stderr?.trim() || messageOf(error);
    throw new MillraceError(
      'SERVICE_NOT_PREPARED',
      `The Kafka broker's data folder ${context.data} could not be prepared with ${context.toolchain.java17}. See what its tool said below; "millrace down --purge" starts from empty data.`,
      { details: output.split('\n').slice(-10), cause: error },
    );
  }
  renameSync(draft, logFolder(context));
  rmSync(draftProperties);
}

/** Validating a topic takes the controller and a registered broker, and leaves nothing behind. */
async function probe(ports: Ports): Promise<void> {
  const client = new Kafka({
    clientId: 'millrace-probe',
    brokers: [`${loopback}:${port(ports, 'broker')}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const topics = [{ topic: 'millrace-probe', numPartitions: 1, replicationFactor: 1 }];
    await admin.createTopics({ topics, validateOnly: true, waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
}

export const kafka: ServiceDefinition = {
  name: 'kafka',
  title: 'the Kafka broker',
  memoryBytes: 500 * 1024 * 1024,
  ports: [
    { name: 'broker', preferred: 9092 },
    { name: 'controller', preferred: 9093 },
  ],
  portOption: '--kafka-port',
  readyWithinMs: 60_000,
  stopWithinMs: 30_000,
  async prepare(context, signal) {
    if (!existsSync(logFolder(context))) await format(context, signal);
    writeFileSync(propertiesFile(context), properties(context.ports, escaped(logFolder(context))));
  },
  command: (context) => ({
    program: context.toolchain.java17,
    arguments: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${context.scratch}`,
      // What the broker says of itself; the rest would be a line for every partition that is made.
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.BrokerServer=info',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss',
      '-cp',
      classPath(context),
      'kafka.Kafka',
      propertiesFile(context),
    ],
  }),
  probe,
  address: (ports) => ({ bootstrapServers: `${loopback}:${port(ports, 'broker')}` }),
  symptoms: [
    [
      /Failed to acquire lock on file/,
      'another broker uses its data; end that process, or use another folder with MILLRACE_HOME',
    ],
    [
      /meta\.properties|Inconsistent ?Cluster ?Id|CorruptRecordException|Found a corrupted index/i,
      'its data folder is damaged; "millrace down --purge" starts from empty data',
    ],
  ],
};

/**
 * A new id in Kafka's form, 16 random bytes as URL-safe base64. One in 64 begins with a hyphen, which Kafka's tools
 * take for an option; like Kafka itself, take another then.
 */
export function newClusterId(random: () => string = randomUUID): string {
  for (;;) {
    const id = Buffer.from(random().replaceAll('-', ''), 'hex').toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
