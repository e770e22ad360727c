/** Makes the connectors of a worker those that are declared, by its REST interface, and says what is wrong with one that does not run. Asks what is there, so that repeating a call changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject } from '../../lib/declaration/json.ts';
import { PASSED_ON } from '../../lib/declaration/plugins.ts';
import { Mistakes } from '../custom-resource/lifecycle.ts';
import { refuse } from '../custom-resource/properties.ts';
import type { Answer, Rest } from '../custom-resource/rest.ts';
import type { DeclaredConnector } from './declared.ts';

/** How long tasks may take until they run, how often they are looked at, and how often in a row they have to be seen running. */
export interface Patience {
  readonly withinMs: number;
  readonly everyMs: number;
  readonly inRow: number;
}

export const patience: Patience = { withinMs: 120_000, everyMs: 1_500, inRow: 3 };

/**
 * Validates all, then brings all, and waits until their tasks run.
 *
 * @throws Mistakes when Kafka Connect would not take one: nothing was changed then; or when a task does not run
 */
export async function bringConnectors(
  rest: Rest,
  declared: readonly DeclaredConnector[],
  wait: Patience = patience,
): Promise<void> {
  const mistakes = await Promise.all(declared.map((connector) => mistakesOf(rest, connector)));
  refuse('connectors', mistakes.flat());
  const names = new Set(declared.map(({ name }) => name));
  for (const name of await namesIn(rest)) {
    if (!names.has(name)) await removeConnector(rest, name);
  }
  for (const { name, config } of declared) {
    const path = pathOf(name);
    const had = await stateOf(rest, name);
    const answer = await rest('PUT', `${path}/config`, config);
    if (answer.status >= 300) throw new Error(`Kafka Connect refused connector ${name}: ${wordsOf(answer)}`);
    // The same configuration as before starts nothing anew that failed.
    if (had?.failed) await rest('POST', `${path}/restart?includeTasks=true&onlyFailed=true`);
  }
  await waitUntilRunning(rest, [...names], wait);
}

/** Removes them all; what a worker does not have is gone already. */
export async function removeConnectors(rest: Rest): Promise<void> {
  for (const name of await namesIn(rest)) await removeConnector(rest, name);
}

const pathOf = (name: string) => `/connectors/${encodeURIComponent(name)}`;

async function namesIn(rest: Rest): Promise<string[]> {
  const { body } = await rest('GET', '/connectors');
  return Array.isArray(body) ? body.map(String) : [];
}

async function removeConnector(rest: Rest, name: string): Promise<void> {
  const answer = await rest('DELETE', pathOf(name));
  if (answer.status < 300 || answer.status === 404) return;
  throw new Error(`Kafka Connect did not delete connector ${name}: ${wordsOf(answer)}`);
}

interface Validated {
  readonly definition: { readonly name: string };
  readonly value: { readonly errors: readonly string[] };
}

/** What the plugin's own definition says of a configuration, and settings that it does not know, which Kafka Connect would pass over in silence. */
async function mistakesOf(rest: Rest, { name, config }: DeclaredConnector): Promise<string[]> {
  const plugin = String(config['connector.class']).split('.').at(-1) ?? '';
  const path = `/connector-plugins/${encodeURIComponent(plugin)}/config/validate`;
  const answer = await rest('PUT', path, { ...config, name });
  const { configs } = Object(answer.body) as { configs?: readonly Validated[] };
  if (answer.status !== 200 || !configs) return [`connector ${name}: its plugin cannot be asked: ${wordsOf(answer)}`];
  const known = configs.map(({ definition }) => definition.name);
  const unknown = Object.keys(config).filter((setting) => !known.includes(setting) && !PASSED_ON.test(setting));
  return [
    ...unknown.map(
      (setting) => `connector ${name}: ${setting} is no setting of its plugin${suggestion(setting, known)}`,
    ),
    ...configs.flatMap(({ definition, value }) =>
      [...new Set(value.errors)].map((error) => `connector ${name}: ${definition.name}: ${error}`),
    ),
  ];
}

function suggestion(setting: string, known: readonly string[]): string {
  const [best] = known
    .map((name) => ({ name, distance: distanceOf(setting, name) }))
    .sort((one, other) => one.distance - other.distance);
  return best && best.distance <= 3 ? `; did you mean ${best.name}?` : '';
}

/** How many letters differ (Levenshtein's distance). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, expected] of [...other].entries()) {
      const changed = (row[column] ?? 0) + (letter === expected ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

interface State {
  /** Whether it and all of its tasks run, or a person has paused them. */
  readonly runs: boolean;
  /** Which part of it failed, and why. */
  readonly failed: string | undefined;
  /** What else to say of it. */
  readonly told: string;
}

interface Part {
  readonly id?: number;
  readonly state: string;
  readonly trace?: string;
}

/** How a connector is; undefined for one that is not there. */
async function stateOf(rest: Rest, name: string): Promise<State | undefined> {
  const { status, body } = await rest('GET', `${pathOf(name)}/status`);
  if (status !== 200 || !isObject(body)) return undefined;
  const { connector, tasks } = body as unknown as { readonly connector: Part; readonly tasks: readonly Part[] };
  const all = [connector, ...tasks];
  const failed = all.find(({ state }) => state === 'FAILED');
  const goes = ({ state }: Part) => state === 'RUNNING' || state === 'PAUSED';
  return {
    runs: tasks.length > 0 && all.every(goes),
    failed: failed && `${failed.id === undefined ? '' : `task ${failed.id} `}failed: ${reasonIn(failed.trace ?? '')}`,
    told: tasks.length === 0 ? 'it has no task yet' : `its tasks are ${tasks.map(({ state }) => state).join(', ')}`,
  };
}

/** The first error of a trace with the one beneath all others, which says more. */
function reasonIn(trace: string): string {
  const said = (line: string) => line.replace(/^Caused by: /, '').replace(/^(?:[\w$]+\.)+([\w$]+)/, '$1');
  const [first = '', ...others] = trace.split('\n');
  const last = others.findLast((line) => line.startsWith('Caused by: '));
  return [said(first), ...(last && said(last) !== said(first) ? [said(last)] : [])].join(', because of ');
}

async function waitUntilRunning(rest: Rest, names: readonly string[], wait: Patience): Promise<void> {
  const deadline = performance.now() + wait.withinMs;
  for (let inRow = 0; inRow < wait.inRow; ) {
    await sleep(wait.everyMs);
    const states = await Promise.all(names.map(async (name) => [name, await stateOf(rest, name)] as const));
    const failed = states.flatMap(([name, state]) => (state?.failed ? [`connector ${name}: ${state.failed}`] : []));
    if (failed.length > 0) throw new Mistakes('Connectors do not run:', failed);
    const waiting = states.filter(([, state]) => !state?.runs);
    inRow = waiting.length === 0 ? inRow + 1 : 0;
    if (waiting.length === 0 || performance.now() < deadline) continue;
    const told = waiting.map(([name, state]) => `connector ${name}: ${state?.told ?? 'it is not there yet'}`);
    throw new Mistakes(`Connectors did not run within ${Math.round(wait.withinMs / 1000)} s:`, told);
  }
}

function wordsOf({ status, body }: Answer): string {
  const { message } = Object(body) as { message?: string };
  return message ?? `HTTP ${status}`;
}
