/** Apicurio Registry: the release that runs on ECS, its storage in a file, on the loopback address only. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loopback } from './ports.ts';
import type { Ports, ServiceContext, ServiceDefinition } from './types.ts';

const port = (ports: Ports, name: 'api' | 'management') => ports[name] ?? 0;

function settings(context: ServiceContext): Record<string, string | number | boolean> {
  return {
    'quarkus.http.host': loopback,
    'quarkus.http.port': port(context.ports, 'api'),
    // Listens on all addresses unless it is told otherwise.
    'quarkus.management.host': loopback,
    'quarkus.management.port': port(context.ports, 'management'),
    'quarkus.http.access-log.enabled': false,
    'apicurio.storage.sql.kind': 'h2',
    // Every commit reaches the file before it is answered: an id that a record carries must outlive this process.
    'apicurio.datasource.url': `jdbc:h2:file:${join(context.data, 'registry')};WRITE_DELAY=0`,
    'apicurio.datasource.jdbc.initial-size': 2,
    'apicurio.datasource.jdbc.min-size': 2,
    'apicurio.datasource.jdbc.max-size': 20,
    // Only a schema that its declaration marks for deletion is ever deleted; off, the registry would refuse that too.
    'apicurio.rest.deletion.artifact.enabled': true,
  };
}

/** A query of its storage through its own API. */
async function probe(ports: Ports): Promise<void> {
  const url = `http://${loopback}:${port(ports, 'api')}/apis/registry/v3/search/artifacts?limit=1`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await response.arrayBuffer();
}

export const registry: ServiceDefinition = {
  name: 'registry',
  title: 'the schema registry',
  memoryBytes: 450 * 1024 * 1024,
  ports: [
    { name: 'api', preferred: 8080 },
    { name: 'management', preferred: 9000 },
  ],
  portOption: '--registry-port',
  stopWithinMs: 20_000,
  prepare: async ({ data }) => void mkdirSync(data, { recursive: true }),
  command: (context) => ({
    program: context.toolchain.java21,
    arguments: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      `-XX:SharedArchiveFile=${context.toolchain.registryClasses}`,
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${context.scratch}`,
      // It answers a few requests an hour: what the optimizing compiler takes at the start would never be won back.
      '-XX:TieredStopAtLevel=1',
      ...Object.entries(settings(context)).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      join(context.toolchain.registryHome, 'quarkus-run.jar'),
    ],
  }),
  probe,
  address: (ports) => ({ url: `http://${loopback}:${port(ports, 'api')}` }),
  symptoms: [
    [
      /Database may be already in use|The file is locked/,
      'another process holds its data; end that process, or use another folder with MILLRACE_HOME',
    ],
    [
      /File corrupted|MVStoreException|Unsupported database file version/,
      'its data folder is damaged; "millrace down --purge" starts from empty data',
    ],
  ],
};
