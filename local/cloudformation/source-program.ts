/**
 * Calls the function of a source as its schedule on AWS would: one call after the other, each of which takes over from the one before; and at once where none is
 * left. Its words are the folder of the home, the name of the service, and the port on which it says whether the source listens.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectIn } from '../../lib/declaration/json.ts';
import { messageOf } from '../../tools/errors.mjs';
import { millraceHome } from '../home.ts';
import { loopback } from '../services/ports.ts';
import { readServiceFile } from '../services/service-files.ts';
import { readSource, type SourceSettings, standInOf } from '../services/sources.ts';
import type { SourceName } from '../services/types.ts';
import { invokeFunction } from './invoke.ts';
import type { DeployedResource } from './model.ts';

/** Before a function that has ended is called again, where nobody has taken over. */
const AGAIN_MS = 1_000;

const [root, name, port] = process.argv.slice(2);
const home = millraceHome(root);
const source = name as SourceName;
const { listens, turnMs, standIn } = readSource(home, source) as SourceSettings;

let opened = false;
let lastWords = 'it has not begun to listen';

/** Where what plays the outside answers; its port is known once it was started, beside this. */
async function outside(): Promise<{ readonly standIn?: string }> {
  if (standIn === undefined) return {};
  for (;;) {
    const { ports, process } = readServiceFile(home, standInOf(source));
    if (process && ports) return { standIn: `http://${loopback}:${ports.outside}` };
    await sleep(100);
  }
}

/** One call, to its end. */
async function call(): Promise<void> {
  const log = new PassThrough();
  createInterface({ input: log }).on('line', (line) => {
    console.log(`${new Date().toISOString()} ${line}`);
    const { event, message } = objectIn(line) ?? {};
    if (event === 'opened') opened = true;
    if (event === 'broken') lastWords = String(message);
  });
  const { decisions } = readServiceFile(home, 'iam').ports ?? {};
  try {
    const environment = { AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${loopback}:${decisions}` };
    const options = { environment, log, reachesOutside: standIn === undefined };
    await invokeFunction(home, listens as DeployedResource, await outside(), options);
  } catch (error) {
    lastWords = messageOf(error);
    console.log(`${new Date().toISOString()} ${lastWords}`);
  }
}

let calls = 0;
async function turn(): Promise<void> {
  calls += 1;
  const mine = calls;
  await call();
  await sleep(AGAIN_MS);
  // Nobody has taken over.
  if (calls === mine) void turn();
}

createServer((_request, response) => {
  response.writeHead(opened ? 200 : 503, { 'content-type': 'text/plain' }).end(opened ? 'it listens\n' : lastWords);
})
  .on('error', (error) => {
    console.error(error);
    process.exit(1);
  })
  .listen(Number(port), loopback);
process.once('SIGTERM', () => process.exit(0));
setInterval(() => void turn(), turnMs);
void turn();
