/** `millrace doctor`: what on this machine would stop a run, and what to do about it. Starts nothing and changes nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { MillraceError } from '../../tools/errors.mjs';
import { homeFolder } from '../../tools/setup/folders.mjs';
import { type Check, checked, machineChecks, printChecks } from '../../tools/setup/machine.mjs';
import { readDeployment } from '../cloudformation/index.ts';
import { type Home, millraceHome } from '../home.ts';
import { availableMemory, requireMemory } from '../services/memory.ts';
import { isPortFree, nextFreePort, portHolder } from '../services/ports.ts';
import { homeDataId, needsOfStart, serviceStatuses } from '../services/services.ts';
import { type Context, environment } from './context.ts';

export async function doctor({ json, print }: Pick<Context, 'json' | 'print'>): Promise<number> {
  const { home, checks } = await homeChecks(homeFolder());
  return printChecks([...machineChecks(), ...checks, ...(await startChecks(home))], { json, print });
}

/** The home and its services; a home only where there is one that can be used. */
export async function homeChecks(
  folder: string,
): Promise<{ readonly home: Home | undefined; readonly checks: Check[] }> {
  let home: Home | undefined;
  const homeCheck = checked('home', () => {
    // An empty folder becomes a home by the first command that needs one.
    if (!existsSync(folder) || readdirSync(folder).length === 0) return `${folder} is made by the first run`;
    const found = millraceHome(folder);
    readDeployment(found, environment);
    homeDataId(found);
    // It reads what is remembered of each service, which may be damaged.
    needsOfStart(found);
    home = found;
    return folder;
  });
  return { home, checks: [homeCheck, ...(await serviceChecks(home))] };
}

async function serviceChecks(home: Home | undefined): Promise<Check[]> {
  if (!home) return [];
  const services = await serviceStatuses(home);
  return services.map(({ name, state, pid, log }): Check => {
    if (state !== 'dead')
      return { name, state: 'ok', finding: state === 'running' ? `runs, pid ${pid}` : 'does not run' };
    const finding = `it died, its log is ${log}`;
    return { name, state: 'stops', code: 'SERVICE_DIED', finding, remedy: 'Start it again: npx millrace up' };
  });
}

/** Memory and ports for a start of the services that do not run; of all of them where there is no home. */
export async function startChecks(home: Home | undefined, availableBytes = availableMemory()): Promise<Check[]> {
  const { memoryBytes, ports } = needsOfStart(home);
  const memory = checked('memory', () => {
    requireMemory(memoryBytes, 'Starting the services', availableBytes);
    return `${Math.floor(availableBytes / 1024 ** 2).toLocaleString('en')} MiB available`;
  });
  const taken = await Promise.all(ports.map(async (port) => ((await isPortFree(port.wanted)) ? [] : [port])));
  const portChecks = taken.flat().map(async ({ title, wanted }): Promise<Check> => {
    const holder = portHolder(wanted);
    const finding = `${wanted} of ${title} is taken${holder ? ` by ${holder}` : ''}`;
    try {
      const next = await nextFreePort(wanted, new Set());
      return {
        name: 'port',
        state: 'note',
        finding,
        remedy: `None is needed: a free one, such as ${next}, is taken instead.`,
      };
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      return { name: 'port', state: 'stops', finding: error.message, code: error.code };
    }
  });
  const wanted = ports.map((port) => port.wanted).join(', ');
  const free: Check = {
    name: 'ports',
    state: 'ok',
    finding: wanted ? `${wanted} are free` : 'the services have theirs',
  };
  return [memory, ...(portChecks.length > 0 ? await Promise.all(portChecks) : [free])];
}
