/**
 * Takes wanted port numbers and gives free ones on the loopback address. Called when a service is about to start.
 */
import { execFileSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { MillraceError } from '../../tools/errors.ts';
import { commandName } from './process.ts';

/** The only address that the services listen on: nothing of the local run can be reached from another machine. */
export const loopback = '127.0.0.1';

/** How many ports after the wanted one are tried. */
const portsTried = 100;

/** The first free port from `wanted` upwards that is not in `reserved`. */
export async function nextFreePort(wanted: number, reserved: ReadonlySet<number>): Promise<number> {
  for (let port = wanted; port < wanted + portsTried && port <= 65_535; port += 1) {
    if (!reserved.has(port) && (await isPortFree(port))) return port;
  }
  throw new MillraceError(
    'NO_FREE_PORT',
    `None of the ports ${wanted} to ${wanted + portsTried - 1} on ${loopback} is free. Stop some of the programs that listen there, or choose a port elsewhere.`,
  );
}

/** Refuses a port that a person asked for by name when it is taken: another one would not be what they asked for. */
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
  // Connecting comes first: some systems let a server bind the loopback address although another one listens on all
  // addresses.
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

/** "pid 812 (java)" of who listens on a port, when one of the usual tools can tell. */
function portHolder(port: number): string | undefined {
  const pid = askLsof(port) ?? askSs(port);
  if (pid === undefined) return undefined;
  const name = commandName(pid);
  return name ? `pid ${pid} (${name})` : `pid ${pid}`;
}

function askLsof(port: number): number | undefined {
  return firstPid('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp'], /^p(\d+)/m);
}

function askSs(port: number): number | undefined {
  return firstPid('ss', ['-Hltnp', `sport = :${port}`], /pid=(\d+)/);
}

function firstPid(tool: string, tokens: string[], pattern: RegExp): number | undefined {
  try {
    const output = execFileSync(tool, tokens, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2_000,
    });
    const pid = pattern.exec(output)?.[1];
    return pid === undefined ? undefined : Number(pid);
  } catch {
    return undefined;
  }
}
