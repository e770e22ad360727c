/**
 * PostgreSQL: the databases of deployed pipelines, on the loopback address only. It refuses to run as root; where the command does, it runs as nobody, who
 * keeps of root's rights that of reaching files in folders of root.
 */
import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { readText, writeFileAtomically } from '../../tools/files.mjs';
import { askPs } from '../../tools/processes.mjs';
import type { Home } from '../home.ts';
import { loopback } from './ports.ts';
import { serviceEnvironment } from './process.ts';
import { readServiceFile, serviceFiles } from './service-files.ts';
import type { Ports, ServiceContext, ServiceDefinition } from './types.ts';

/** Who may do everything in it: this program, and nobody else. */
export const SUPERUSER = 'postgres';

/** How long a system may take to note that a process has ended. */
const NOTED_MS = 10_000;

const port = (ports: Ports) => ports.server ?? 0;
const cluster = ({ data }: Pick<ServiceContext, 'data'>) => join(data, 'cluster');
const secretFile = (home: Home) => join(serviceFiles(home, 'postgres').folder, 'secret');

/** Where it listens. */
export const postgresAddress = (home: Home) => ({
  host: loopback,
  port: port(readServiceFile(home, 'postgres').ports ?? {}),
});

/** The password of a role: made of what only this home knows, so that nobody has to keep it. */
export function passwordOf(home: Home, role: string): string {
  const secret = readText(secretFile(home));
  if (secret === undefined)
    throw new MillraceError('NOT_UP', 'PostgreSQL was not started yet. Run "npx millrace up" first.');
  return createHmac('sha256', secret).update(role).digest('hex');
}

function makeSecret(home: Home): void {
  if (!existsSync(secretFile(home))) writeFileAtomically(secretFile(home), randomBytes(32).toString('hex'), 0o600);
}

const isRoot = process.getuid?.() === 0;
/** `nobody`, on every Linux. */
const unprivileged = '65534';
const asNobody = [
  ...['--reuid', unprivileged, '--regid', unprivileged, '--clear-groups'],
  ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'],
];

/** One of its programs, as whom it may run; by a relative path, because it asks whether it may use itself, and nobody may not look into folders of root. */
function program(programs: string, name: string, words: readonly string[]) {
  const path = join('bin', name);
  return isRoot
    ? { program: 'env', arguments: ['--chdir', programs, 'setpriv', ...asNobody, path, ...words] }
    : { program: join(programs, path), arguments: [...words] };
}

/** The programs where nobody may look at them too: initdb asks whether it may run the server by its whole path. */
function placePrograms({ toolchain: { postgresHome } }: ServiceContext): { programs: string; remove: () => void } {
  if (!isRoot) return { programs: postgresHome, remove: () => {} };
  // Not where TMPDIR says: that may be a folder of root too.
  const programs = mkdtempSync('/tmp/millrace-initdb-');
  chmodSync(programs, 0o755);
  cpSync(join(postgresHome, 'bin'), join(programs, 'bin'), { recursive: true });
  for (const name of ['lib', 'share']) symlinkSync(join(postgresHome, name), join(programs, name));
  return { programs, remove: () => rmSync(programs, { recursive: true, force: true }) };
}

/** Makes empty data, aside and then moved into place, so that an interruption leaves none of it. */
async function initialize(context: ServiceContext, signal: AbortSignal): Promise<void> {
  const draft = join(context.data, 'unfinished');
  const password = join(context.scratch, 'password');
  rmSync(draft, { recursive: true, force: true });
  writeFileAtomically(password, passwordOf(context.home, SUPERUSER), 0o600);
  const words = [
    ...['--pgdata', draft, '--username', SUPERUSER, '--pwfile', password, '--auth', 'scram-sha-256'],
    // Its own order of letters, which no operating system has to have.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    '--no-instructions',
  ];
  const { programs, remove } = placePrograms(context);
  const { program: path, arguments: tokens } = program(programs, 'initdb', words);
  try {
    await promisify(execFile)(path, tokens, { signal, env: serviceEnvironment(context.folder) });
  } catch (error) {
    signal.throwIfAborted();
    const output = (error as { stderr?: string }).stderr?.trim() || messageOf(error);
    const remedy = isRoot ? 'Run the command as another user than root, which PostgreSQL refuses, or see' : 'See';
    throw new MillraceError(
      'SERVICE_NOT_PREPARED',
      `PostgreSQL's data folder ${context.data} could not be prepared. ${remedy} what its tool said below.`,
      { details: output.split('\n').slice(-10), cause: error },
    );
  } finally {
    rmSync(password, { force: true });
    remove();
  }
  renameSync(draft, cluster(context));
}

/** A server that was killed stands in the table of processes until the system has taken note of it, and PostgreSQL would take it for one that runs. */
async function waitForTheDead(context: ServiceContext, signal: AbortSignal): Promise<void> {
  const file = join(cluster(context), 'postmaster.pid');
  const pid = Number.parseInt(readText(file) ?? '', 10);
  const isDead = () => pid > 0 && askPs('stat=', pid)?.startsWith('Z') === true;
  for (const until = performance.now() + NOTED_MS; isDead() && performance.now() < until; ) {
    await sleep(50, undefined, { signal });
  }
}

const settings = ({ ports }: ServiceContext) => ({
  listen_addresses: loopback,
  port: port(ports),
  // No way in but the one on which passwords are asked for.
  unix_socket_directories: '',
  max_connections: 100,
  timezone: 'UTC',
  // What a database of RDS has where it is asked for, one by one; here one server is for all.
  wal_level: 'logical',
  max_slot_wal_keep_size: '1GB',
});

/** It asks for a password before it looks anybody up: an answer is enough. */
async function probe(ports: Ports): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: loopback,
    port: port(ports),
    user: SUPERUSER,
    password: 'none',
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  try {
    await client.connect();
  } catch (error) {
    // Invalid password: it works.
    if (Object(error).code !== '28P01') throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

export const postgres: ServiceDefinition = {
  name: 'postgres',
  title: 'PostgreSQL',
  only: 'databases',
  memoryBytes: 150 * 1024 * 1024,
  ports: [{ name: 'server', preferred: 5432 }],
  portOption: '--postgres-port',
  stopWithinMs: 20_000,
  // At SIGTERM it would wait until everybody has left.
  stopSignal: 'SIGINT',
  async prepare(context, signal) {
    makeSecret(context.home);
    mkdirSync(context.data, { recursive: true });
    if (existsSync(cluster(context))) await waitForTheDead(context, signal);
    else await initialize(context, signal);
  },
  command: (context) =>
    program(context.toolchain.postgresHome, 'postgres', [
      ...['-D', cluster(context)],
      ...Object.entries(settings(context)).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]),
  probe,
  address: (ports) => ({ url: `postgresql://${loopback}:${port(ports)}` }),
  symptoms: [
    [
      /lock file "postmaster\.pid" already exists/,
      'another one uses its data; end that process, or use another folder with MILLRACE_HOME',
    ],
    [
      /setpriv: /,
      'root may not become another user here; run the command as another user than root, which PostgreSQL refuses',
    ],
    [
      /database files are incompatible|could not locate a valid checkpoint record|invalid page in block|is not a database cluster directory/,
      'its data folder is damaged; "millrace down --purge" starts from empty data',
    ],
  ],
};
