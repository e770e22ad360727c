/** The S3 server: S3Proxy over the folder of the buckets. Only the front that decides what a role may do knows its path. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readText, writeFileAtomically } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import { loopback } from './ports.ts';
import { inProperties, readServiceFile, serviceFiles } from './service-files.ts';
import type { Ports, ServiceDefinition } from './types.ts';

const port = (ports: Ports) => ports.server ?? 0;

const settingsFile = (home: Home): string => join(serviceFiles(home, 's3').folder, 's3proxy.properties');

/** Where the server is: its port, and the path without which it knows nothing. */
export function s3ServerOf(home: Home): { readonly port: number; readonly path: string } {
  const [, path = ''] = /^s3proxy\.service-path=(.*)$/m.exec(readText(settingsFile(home)) ?? '') ?? [];
  return { port: port(readServiceFile(home, 's3').ports ?? {}), path };
}

/** Outside of its path it finds nothing. */
async function probe(ports: Ports): Promise<void> {
  const url = `http://${loopback}:${port(ports)}/`;
  const { status } = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (status !== 404) throw new Error(`${url} answered ${status}`);
}

export const s3: ServiceDefinition = {
  name: 's3',
  title: 'the S3 server',
  only: 'strict',
  memoryBytes: 200 * 1024 * 1024,
  ports: [{ name: 'server', preferred: 9710 }],
  stopWithinMs: 5_000,
  prepare: async ({ home, ports }) => {
    const settings = {
      's3proxy.endpoint': `http://${loopback}:${port(ports)}`,
      // With signatures it would still give everybody what everybody may read on this machine.
      's3proxy.authorization': 'none',
      's3proxy.service-path': `/${randomBytes(24).toString('hex')}`,
      'jclouds.provider': 'filesystem-nio2',
      // Asked for and not used by a folder.
      'jclouds.identity': 'none',
      'jclouds.credential': 'none',
      'jclouds.filesystem.basedir': inProperties(home.buckets),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileAtomically(settingsFile(home), lines.join(''), 0o600);
  },
  command: ({ home, toolchain }) => ({
    program: toolchain.java17,
    arguments: [
      '-Xmx192m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:TieredStopAtLevel=1',
      // It hands what is written to stderr to its logger, which would hand it back.
      '-Dorg.slf4j.simpleLogger.cacheOutputStream=true',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      [toolchain.s3Jars, toolchain.s3aJars].map((folder) => join(folder, '*')).join(':'),
      'org.gaul.s3proxy.Main',
      '--properties',
      settingsFile(home),
    ],
  }),
  probe,
  address: (ports) => ({ url: `http://${loopback}:${port(ports)}` }),
  symptoms: [],
};
