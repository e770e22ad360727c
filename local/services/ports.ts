/** Free ports of the loopback address, and who listens on a port. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import { readText } from '../../tools/files.mjs';
import { ask } from '../../tools/processes.mjs';
import { commandName } from './process.ts';

/** The only address that the services listen on: nothing of the local run can be reached from another machine. */
export const loopback = '127.0.0.1';

const portsTried = 100;

/** The first free port from `wanted` upwards that is not in `reserved`. @throws MillraceError NO_FREE_PORT */
export async function nextFreePort(wanted: number, reserved: ReadonlySet<number>): Promise<number> {
  for (let port = wanted; port < wanted + portsTried && port <= 65_535; port += 1) {
    if (!reserved.has(port) && (await isPortFree(port))) return port;
  }
  throw new MillraceError(
    'NO_FREE_PORT',
    `None of the ports ${wanted} to ${wanted + portsTried - 1} on ${loopback} is free. Stop some of the programs that listen there, or choose a port elsewhere.`,
  );
}

/**
 * Refuses a port that a person asked for by name when it is taken: another one would not be what they asked for.
 *
 * @throws MillraceError PORT_IN_USE
 */
export async function requireFreePort(port: number, option: string): Promise<void> {
  if (await isPortFree(port)) return;
  const holder = portHolder(port);
  throw new MillraceError(
    'PORT_IN_USE',
    `Port ${port} is in use${holder ? ` by ${holder}` : ''}. Stop it, or give another port with ${option}, or leave ${option} out and the next free port is taken.`,
  );
}

/** Whether nobody listens on the port of the loopback address, be it on that address alone or on all of them. */
export async function isPortFree(port: number): Promise<boolean> {
  // Connecting comes first: some systems let a server bind the loopback address while another one listens on all.
  return !(await accepts(port)) && (await canListen(port));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: loopback, timeout: 1_000 });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a process listens on a port; `undefined` when it cannot be told. */
export function listens(pid: number, port: number): boolean | undefined {
  if (!hasProc) {
    const holder = askLsof(port);
    return holder === undefined ? undefined : holder === pid;
  }
  return holds(pid, listeningSockets(port));
}

/** Sockets that listen on a port, as links to them are called. */
function listeningSockets(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return (
    ['tcp', 'tcp6']
      .flatMap((table) => readText(`/proc/net/${table}`)?.split('\n') ?? [])
      .map((line) => line.trim().split(/\s+/))
      // The state 0A is LISTEN.
      .filter(([, address, , state]) => address?.endsWith(suffix) && state === '0A')
      .map((fields) => `socket:[${fields[9]}]`)
  );
}

function holds(pid: number, sockets: readonly string[]): boolean | undefined {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => sockets.includes(targetOf(join(folder, name))));
  } catch {
    return undefined; // It is another person's, or gone.
  }
}

const hasProc = existsSync('/proc/net/tcp');

/** What a link leads to; a file may be closed while the folder is read. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** "pid 812 (java)" of who listens on a port, when it can be told. */
export function portHolder(port: number): string | undefined {
  const pid = hasProc ? holderAmongProcesses(listeningSockets(port)) : askLsof(port);
  if (pid === undefined) return undefined;
  const name = commandName(pid);
  return name ? `pid ${pid} (${name})` : `pid ${pid}`;
}

function holderAmongProcesses(sockets: readonly string[]): number | undefined {
  if (sockets.length === 0) return undefined;
  return readdirSync('/proc')
    .map(Number)
    .find((pid) => pid > 0 && holds(pid, sockets));
}

function askLsof(port: number): number | undefined {
  const pid = /^p(\d+)/m.exec(ask('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp']) ?? '')?.[1];
  return pid === undefined ? undefined : Number(pid);
}
