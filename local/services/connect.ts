/**
 * A worker of Kafka Connect for the connectors of one pipeline: the release and the plugins that run on Fargate, told the same settings, signed in at the broker
 * with the pipeline's role. What it is told is in `worker.json`, which the deployment writes.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginName } from '../../lib/declaration/plugins.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readJson, readText, writeFileAtomically, writeJson } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import { credentialVariables } from '../iam/access.ts';
import { truststoreOptions } from '../iam/kafka-certificate.ts';
import { secretMissing } from './diagnosis.ts';
import { loopback } from './ports.ts';
import { passwordOf } from './postgres.ts';
import { inProperties, serviceFiles } from './service-files.ts';
import type { Ports, ServiceContext, ServiceDefinition, WorkerName } from './types.ts';

/** What the deployment says of a worker. */
export interface WorkerSettings {
  readonly properties: Readonly<Record<string, string>>;
  readonly role: string;
  readonly region: string;
  /** Files of secrets that it may read, by name: `shop.debezium.password`. */
  readonly secrets: readonly string[];
  /** The plugins of its connectors. */
  readonly plugins: readonly PluginName[];
}

const PREFIX = 'connect-';
const workerFile = (home: Home, name: WorkerName) => join(serviceFiles(home, name).folder, 'worker.json');

export const workerOf = (pipeline: string): WorkerName => `${PREFIX}${pipeline}`;

/** What a worker was told last; undefined where none is deployed. */
export const readWorker = (home: Home, name: WorkerName): WorkerSettings | undefined =>
  readJson(workerFile(home, name), 'Run "npx millrace down --purge" and start again.') as WorkerSettings | undefined;

export const writeWorker = (home: Home, name: WorkerName, settings: WorkerSettings): void =>
  writeJson(workerFile(home, name), settings);

/** Forgets a worker that does not run. */
export const forgetWorker = (home: Home, name: WorkerName): void =>
  rmSync(serviceFiles(home, name).folder, { recursive: true, force: true });

/** The workers that are deployed. */
export function workersIn(home: Home): ServiceDefinition[] {
  const names = readdirSync(home.services).filter((name): name is WorkerName => name.startsWith(PREFIX));
  return names.filter((name) => existsSync(workerFile(home, name))).map((name) => connect(home, name));
}

const port = (ports: Ports) => ports.rest ?? 0;

/** Whether a secret is the password of a role in the pipeline's own database: names of all others have a dot. */
export const isOwnRole = (secret: string): boolean => !secret.includes('.');

/** Lays the secrets of a worker beside it, each from the file in which a person put it, or as this machine makes passwords. */
function placeSecrets(home: Home, folder: string, names: readonly string[]): void {
  const target = join(folder, 'secrets');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { mode: 0o700 });
  for (const name of names) {
    const source = join(home.secrets, name);
    const value = isOwnRole(name) ? passwordOf(home, name) : readText(source)?.trimEnd();
    if (!value) throw secretMissing(`A connector needs the secret ${name}`, source);
    writeFileAtomically(join(target, name), value, 0o600);
  }
}

function placePlugins({ folder, toolchain }: ServiceContext, plugins: readonly PluginName[]): void {
  const target = join(folder, 'plugins');
  rmSync(target, { recursive: true, force: true });
  const homes: Record<PluginName, readonly string[]> = {
    'debezium-postgres': [toolchain.debeziumPostgresJars],
    'iceberg-sink': [toolchain.icebergSinkJars, toolchain.icebergSinkClasses],
  };
  for (const plugin of plugins) {
    mkdirSync(join(target, plugin), { recursive: true });
    for (const source of homes[plugin]) {
      for (const jar of readdirSync(source)) symlinkSync(join(source, jar), join(target, plugin, jar));
    }
  }
}

/** Plugins that write datasets. */
const writesDatasets = (plugins: readonly PluginName[]): boolean => plugins.includes('iceberg-sink');

/** Settings of connectors that only this machine has: its catalog knows tables by where they lie, and S3 is the server that asks the deployed policies. */
function datasetOptions({ allPorts }: ServiceContext, plugins: readonly PluginName[]): string[] {
  if (!writesDatasets(plugins)) return [];
  const settings = {
    'catalog.type': 'hadoop',
    'hadoop.fs.s3a.endpoint': `http://${loopback}:${allPorts.iam.s3}`,
    'hadoop.fs.s3a.path.style.access': 'true',
    'hadoop.fs.s3a.connection.ssl.enabled': 'false',
    // What a deployment put into the folder has no ETag.
    'hadoop.fs.s3a.change.detection.version.required': 'false',
  };
  return Object.entries(settings).map(([name, value]) => `-Diceberg.${name}=${value}`);
}

const toldOf = ({ home, folder }: ServiceContext): WorkerSettings => {
  const told = readWorker(home, folder.slice(folder.lastIndexOf(PREFIX)) as WorkerName);
  if (!told) throw new MillraceError('NOT_UP', `${folder} names no worker. Run "npx millrace up".`);
  return told;
};

/** An answer of its REST interface that takes all that it needs: it is in its group, and has read what its connectors are. */
async function probe(ports: Ports): Promise<void> {
  const response = await fetch(`http://${loopback}:${port(ports)}/health`, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(String(Object(JSON.parse(text)).message ?? response.status));
}

const connect = (home: Home, name: WorkerName): ServiceDefinition => ({
  name,
  title: `Kafka Connect of ${name.slice(PREFIX.length)}`,
  only: 'connectors',
  beside: writesDatasets(readWorker(home, name)?.plugins ?? []) ? ['s3'] : [],
  memoryBytes: 550 * 1024 * 1024,
  ports: [{ name: 'rest', preferred: 8083 }],
  stopWithinMs: 30_000,
  async prepare(context) {
    const { properties, secrets, plugins } = toldOf(context);
    const here = { listeners: `HTTP://${loopback}:${port(context.ports)}`, 'rest.advertised.host.name': loopback };
    const lines = Object.entries({ ...properties, ...here }).map(([key, value]) => `${key}=${inProperties(value)}\n`);
    writeFileAtomically(join(context.folder, 'worker.properties'), lines.join(''), 0o600);
    placeSecrets(context.home, context.folder, secrets);
    placePlugins(context, plugins);
  },
  environment: (context) => {
    const { role, region } = toldOf(context);
    return { AWS_REGION: region, AWS_EC2_METADATA_DISABLED: 'true', ...credentialVariables(context.home, role) };
  },
  command: (context) => ({
    program: context.toolchain.java17,
    arguments: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:TieredStopAtLevel=1',
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${context.scratch}`,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.connect.runtime=info',
      '-Dorg.slf4j.simpleLogger.log.io.debezium=info',
      '-Dorg.slf4j.simpleLogger.log.org.apache.iceberg.connect=info',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss',
      ...datasetOptions(context, toldOf(context).plugins),
      ...truststoreOptions(home),
      '-cp',
      join(context.toolchain.connectJars, '*'),
      'org.apache.kafka.connect.cli.ConnectDistributed',
      'worker.properties',
    ],
  }),
  probe,
  address: (ports) => ({ url: `http://${loopback}:${port(ports)}` }),
  symptoms: [
    [
      /AuthorizationException|Access denied/i,
      'its role may not do what it needs at the broker; "npx millrace access" says which request was denied',
    ],
    [
      /Timed out while (?:checking|waiting)|Failed to find brokers|TimeoutException: Timed out waiting for a node/,
      'it does not reach the broker; see "npx millrace doctor"',
    ],
  ],
});
