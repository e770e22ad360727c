/** Archives of the classes that broker and registry load at their start: mapped from them, a start takes a quarter to half of the processor time less. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { cached, keyOf } from './cache.mjs';
import { run } from './run.mjs';
import { ARCHIVE } from './spark-classes.mjs';

/** The collector that archive and service share. */
const COLLECTOR = '-XX:+UseSerialGC';

/**
 * Starts a broker with nothing in it, ends it, and gives the folder of the cache with the classes that it has loaded.
 * @param {object} options
 * @param {string} options.cache
 * @param {{ path: string, home: string }} options.java
 * @param {string} options.kafkaJars folder whose name changes with its content
 * @param {string} options.kafkaIam archive in such a folder
 */
export function kafkaClasses({ cache, java, kafkaJars, kafkaIam }) {
  const release = readFileSync(join(java.home, 'release'), 'utf8');
  return cached(cache, `kafka-classes-${keyOf(release, kafkaJars, kafkaIam)}`, async (aside) => {
    const what = "archiving Kafka's classes";
    const [broker, controller] = await freePorts(2);
    const data = join(aside, 'data');
    const settings = [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      'controller.listener.names=CONTROLLER',
      `listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
      'log.dirs=data',
    ];
    writeFileSync(join(aside, 'settings'), settings.join('\n'));
    const classPath = ['-cp', `${join(kafkaJars, '*')}:${kafkaIam}`];
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', 'none', '--config', 'settings'];
    await run(java.path, [...classPath, ...format], { cwd: aside, what });
    const start = [
      COLLECTOR,
      `-XX:ArchiveClassesAtExit=${ARCHIVE}`,
      '-Xlog:disable',
      ...classPath,
      'kafka.Kafka',
      'settings',
    ];
    await run(java.path, start, { cwd: aside, what, endAt: 'Kafka Server started' });
    rmSync(data, { recursive: true });
    rmSync(join(aside, 'settings'));
    return [ARCHIVE];
  });
}

/**
 * The same for the registry. Its Java comes without an archive of Java's own classes, on which one of its classes could rest: this one holds both.
 * @param {object} options
 * @param {string} options.cache
 * @param {string} options.java21 program, in a folder whose name changes with its content
 * @param {string} options.registryHome folder whose name changes with its content
 */
export function registryClasses({ cache, java21, registryHome }) {
  return cached(cache, `registry-classes-${keyOf(java21, registryHome)}`, async (aside) => {
    const what = "archiving the registry's classes";
    const [port, management] = await freePorts(2);
    const program = join(registryHome, 'quarkus-run.jar');
    const settings = {
      'quarkus.http.host': '127.0.0.1',
      'quarkus.http.port': port,
      'quarkus.management.host': '127.0.0.1',
      'quarkus.management.port': management,
      'apicurio.storage.sql.kind': 'h2',
      'apicurio.datasource.url': `jdbc:h2:file:${join(aside, 'data', 'registry')}`,
    };
    const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
    const start = ['-XX:DumpLoadedClassList=list', '-XX:TieredStopAtLevel=1', ...properties, '-jar', program];
    await run(java21, start, { cwd: aside, what, endAt: 'Installed features' });
    const dump = ['-Xshare:dump', '-XX:SharedClassListFile=list', `-XX:SharedArchiveFile=${ARCHIVE}`];
    await run(java21, [COLLECTOR, ...dump, '-Xlog:disable', '-cp', program], { cwd: aside, what });
    rmSync(join(aside, 'data'), { recursive: true });
    rmSync(join(aside, 'list'));
    return [ARCHIVE];
  });
}

/**
 * Ports that nobody uses now.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      await new Promise((resolve) => server.close(resolve));
      return port;
    }),
  );
}
