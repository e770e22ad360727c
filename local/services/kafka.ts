/**
 * The Kafka brokers: one node in KRaft mode or three, each of them broker and controller, on the loopback address only. Jobs and handlers sign in at one of
 * their listeners as they do at MSK, and the deployed policies decide what they may; the plain one is for people's own tools.
 */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_MESSAGE_BYTES, KAFKA_PORT, MOST_MESSAGE_BYTES } from '../../lib/declaration/limits.ts';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { accessFile } from '../iam/access.ts';
import { kafkaCertificate, makeKafkaCertificate } from '../iam/kafka-certificate.ts';
import { loopback } from './ports.ts';
import { serviceEnvironment } from './process.ts';
import { DATA_ID, inProperties } from './service-files.ts';
import type { BrokerAddresses, BrokerName, Ports, ServiceContext, ServiceDefinition } from './types.ts';

type Settings = Readonly<Record<string, string | number | boolean>>;

const port = (ports: Ports, name: 'broker' | 'controller' | 'iam') => ports[name] ?? 0;

/** All that a home can have, in the order of their numbers. */
const names: readonly BrokerName[] = ['kafka', 'kafka-2', 'kafka-3'];

/** What a node is told of itself and of the others. */
export function nodeSettings(
  id: number,
  { ports, allPorts }: Pick<ServiceContext, 'ports' | 'allPorts'>,
  logFolder: string,
): Settings {
  const voters = names.flatMap((name, index) => {
    const its = allPorts[name];
    return its ? [`${index + 1}@${loopback}:${port(its, 'controller')}`] : [];
  });
  // As MSK has them: each record three times, and acknowledged when it is there twice.
  const copies = voters.length;
  const inSync = Math.ceil(copies / 2);
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': voters.join(),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: [
      `PLAIN://${loopback}:${port(ports, 'broker')}`,
      `IAM://${loopback}:${port(ports, 'iam')}`,
      `CONTROLLER://${loopback}:${port(ports, 'controller')}`,
    ].join(),
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,IAM:SASL_SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': logFolder,
    // Topics exist because they are declared: a misspelt name must fail here as it does on MSK Serverless.
    'auto.create.topics.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    // All stop at once: the last of three would wait for leave of a quorum that is gone.
    'controlled.shutdown.enable': copies === 1,
    // One user has few consumer groups: 50 partitions for their offsets would only slow the first consumer down.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    // The default of 128 MiB is a quarter of this heap.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    // What a topic takes that says nothing else, as on MSK; some say more.
    'message.max.bytes': DEFAULT_MESSAGE_BYTES,
    'replica.fetch.max.bytes': MOST_MESSAGE_BYTES,
  };
}

/** How clients sign in and who decides for them: the mechanisms of MSK, and classes of ours (`local/iam/kafka`). */
function iamSettings({ home }: ServiceContext): Settings {
  const { keystore, password } = kafkaCertificate(home);
  const signIn = 'millrace.iam.SignIn';
  const bearer = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
  const ofListener: Settings = {
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': inProperties(keystore),
    'ssl.keystore.password': password(),
    'sasl.enabled.mechanisms': 'AWS_MSK_IAM,OAUTHBEARER',
    'aws_msk_iam.sasl.jaas.config': 'millrace.iam.AwsMskIam required;',
    'aws_msk_iam.sasl.server.callback.handler.class': signIn,
    'oauthbearer.sasl.jaas.config': `${bearer} required;`,
    'oauthbearer.sasl.server.callback.handler.class': signIn,
  };
  return {
    ...Object.fromEntries(Object.entries(ofListener).map(([name, value]) => [`listener.name.iam.${name}`, value])),
    'authorizer.class.name': 'millrace.iam.IamAuthorizer',
    'millrace.iam.access.file': inProperties(accessFile(home)),
    'millrace.iam.service.file': inProperties(join(home.services, 'iam', 'service.json')),
    'millrace.iam.token.file': inProperties(join(home.iam, 'token')),
  };
}

/** Writes a properties file; the password of the key store may be in it. */
function writeProperties(path: string, settings: Settings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path, lines.join(''), { mode: 0o600 });
  chmodSync(path, 0o600);
}

const logFolder = (context: ServiceContext) => join(context.data, 'broker');
const propertiesFile = (context: ServiceContext) => join(context.folder, 'server.properties');
const classPath = ({ toolchain }: ServiceContext) =>
  [join(toolchain.kafkaJars, '*'), toolchain.kafkaIam].join(delimiter);

/** Formats an empty data folder, aside and then moved into place, so that an interruption leaves none of it. */
async function format(id: number, context: ServiceContext, signal: AbortSignal): Promise<void> {
  const draft = join(context.data, 'unfinished');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const draftProperties = join(context.folder, 'format.properties');
  writeProperties(draftProperties, nodeSettings(id, context, inProperties(draft)));
  const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath(context), 'kafka.tools.StorageTool'];
  const clusterId = clusterIdOf(readText(join(context.data, DATA_ID)) ?? '');
  const words = [...java, 'format', '--cluster-id', clusterId, '--config', draftProperties];
  try {
    await promisify(execFile)(context.toolchain.java17, words, { signal, env: serviceEnvironment(context.folder) });
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

/** Validating a topic takes the controller and as many brokers as it is to have copies, and leaves nothing behind. */
async function probe(ports: Ports): Promise<void> {
  // Loaded by who asks: most commands do not.
  const { Kafka, logLevel } = (await import('kafkajs')).default;
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
    const topics = [{ topic: 'millrace-probe', numPartitions: 1, replicationFactor: -1 }];
    await admin.createTopics({ topics, validateOnly: true, waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
}

/** Ports of one broker to those of the next. */
const apart = 100;

const broker = (id: number, name: BrokerName): ServiceDefinition => ({
  name,
  title: id === 1 ? 'the Kafka broker' : `Kafka broker ${id}`,
  memoryBytes: 500 * 1024 * 1024,
  ports: [
    { name: 'broker', preferred: 9092 + (id - 1) * apart },
    { name: 'controller', preferred: 9093 + (id - 1) * apart },
    { name: 'iam', preferred: KAFKA_PORT + (id - 1) * apart },
  ],
  ...(id === 1 && { portOption: '--kafka-port' }),
  // Three start at once; where all were stopped, the controller lets them in again when their old sessions are over.
  stopWithinMs: 30_000,
  async prepare(context, signal) {
    await Promise.all([
      existsSync(logFolder(context)) || format(id, context, signal),
      makeKafkaCertificate(context, context.toolchain.java17Home, signal),
    ]);
    const settings = nodeSettings(id, context, inProperties(logFolder(context)));
    writeProperties(propertiesFile(context), { ...settings, ...iamSettings(context) });
  },
  command: (context) => ({
    program: context.toolchain.java17,
    arguments: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      `-XX:SharedArchiveFile=${context.toolchain.kafkaClasses}`,
      // The optimizing compiler takes more than it wins back within some million records.
      '-XX:TieredStopAtLevel=1',
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
  address: (ports) => addressesOf([ports]),
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
});

/** The first one is the only one where there are not three. */
export const brokers: readonly ServiceDefinition[] = names.map((name, index) => broker(index + 1, name));
export const [kafka] = brokers as readonly [ServiceDefinition];

/** Where clients find brokers: any of them tells of the others. */
export function addressesOf(each: readonly Ports[]): BrokerAddresses {
  const all = (name: 'broker' | 'iam') => each.map((ports) => `${loopback}:${port(ports, name)}`).join();
  return { bootstrapServers: all('broker'), iamBootstrapServers: all('iam') };
}

/**
 * The id of a cluster, which all its brokers have: that of its data in Kafka's form, 16 bytes as URL-safe base64. Kafka's tools take one that begins with a
 * hyphen for an option.
 */
export const clusterIdOf = (dataId: string): string =>
  Buffer.from(dataId.replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A');
