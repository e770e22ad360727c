/** Connectors are brought as they are declared, or not at all; played against a worker in memory, whose answers are those of a real one. */
import { beforeEach, describe, expect, test } from 'vitest';
import { bringConnectors, patience, removeConnectors } from '../../../lambda/connectors/connectors.ts';
import { readDeclared } from '../../../lambda/connectors/declared.ts';
import type { Rest } from '../../../lambda/custom-resource/rest.ts';

/** Settings that the plugin of the worker knows, with what is wrong with a value. */
const known: Readonly<Record<string, (value: string) => string[]>> = {
  'connector.class': () => [],
  'tasks.max': () => [],
  'batch.size': (value) => (/^\d+$/.test(value) ? [] : [`Invalid value ${value}: Not a number`]),
  name: () => [],
};

interface Kept {
  config: Record<string, string>;
  tasks: { id: number; state: string; trace?: string }[];
}

let worker: Map<string, Kept>;
let requests: string[];
/** What becomes of tasks that are started. */
let started: Kept['tasks'];

const rest: Rest = async (method, path, body) => {
  if (method !== 'GET') requests.push(`${method} ${path}`);
  const [, kind, name = '', rest = ''] = /^\/([\w-]+)(?:\/([^/]+))?(?:\/(.*))?$/.exec(path) ?? [];
  const kept = worker.get(name);
  if (kind === 'connector-plugins') {
    const given = body as Record<string, string>;
    const configs = Object.entries(known).map(([setting, errorsOf]) => ({
      definition: { name: setting },
      value: { errors: setting in given ? errorsOf(given[setting] ?? '') : [] },
    }));
    return name === 'Plugin'
      ? { status: 200, body: { configs } }
      : { status: 404, body: { message: 'No such plugin' } };
  }
  if (name === '') return { status: 200, body: [...worker.keys()] };
  if (rest === 'config') worker.set(name, { config: body as never, tasks: kept?.tasks ?? structuredClone(started) });
  else if (!kept) return { status: 404, body: { message: 'No status found' } };
  else if (rest === 'status') return { status: 200, body: { connector: { state: 'RUNNING' }, tasks: kept.tasks } };
  else if (rest.startsWith('restart')) kept.tasks = structuredClone(started);
  else if (method === 'DELETE') worker.delete(name);
  return { status: 200, body: undefined };
};

const wait = { withinMs: 60, everyMs: 1, inRow: 2 };
const declared = (name: string, config: Record<string, string> = {}) => ({
  name,
  config: { 'connector.class': 'org.example.Plugin', ...config },
});
const bring = (...connectors: ReturnType<typeof declared>[]) => bringConnectors(rest, connectors, wait);

beforeEach(() => {
  worker = new Map();
  requests = [];
  started = [{ id: 0, state: 'RUNNING' }];
});

describe('connectors', () => {
  test('are validated, then made', async () => {
    await bring(declared('one'), declared('two'));
    expect([...worker.keys()]).toEqual(['one', 'two']);
    expect(requests.slice(0, 2).every((request) => request.endsWith('/Plugin/config/validate'))).toBe(true);
  });

  test('that are no longer declared go', async () => {
    await bring(declared('one'), declared('two'));
    await bring(declared('two'));
    expect([...worker.keys()]).toEqual(['two']);
  });

  test('are all refused when one has a mistake, each mistake told, and nothing is changed', async () => {
    await bring(declared('old'));
    const refused = bring(
      declared('one', { 'batch.sise': '1', 'driver.any': 'x' }),
      declared('two', { 'batch.size': 'many' }),
    );
    await expect(refused).rejects.toThrow(
      [
        'The connectors were refused and nothing was changed:',
        '- connector one: batch.sise is no setting of its plugin; did you mean batch.size?',
        '- connector two: batch.size: Invalid value many: Not a number',
      ].join('\n'),
    );
    expect([...worker.keys()]).toEqual(['old']);
  });

  test('get no suggestion where nothing is near', async () => {
    await expect(bring(declared('one', { elsewhere: '1' }))).rejects.toThrow(
      /one: elsewhere is no setting of its plugin$/,
    );
  });

  test('of a plugin that is not there are refused', async () => {
    await expect(bring(declared('one', { 'connector.class': 'org.example.Other' }))).rejects.toThrow(
      'connector one: its plugin cannot be asked: No such plugin',
    );
  });

  test('whose task fails are told with the first error and what is beneath all others', async () => {
    const trace =
      'org.example.ConnectException: it failed\n\tat x\nCaused by: java.io.Outer: between\nCaused by: java.io.Inner: the reason\n\tat y';
    started = [{ id: 0, state: 'FAILED', trace }];
    await expect(bring(declared('one'))).rejects.toThrow(
      'Connectors do not run:\n- connector one: task 0 failed: ConnectException: it failed, because of Inner: the reason',
    );
  });

  test('that failed before are started anew, those that run are not', async () => {
    worker.set('failed', { config: {}, tasks: [{ id: 0, state: 'FAILED', trace: 'x' }] });
    worker.set('fine', { config: {}, tasks: [{ id: 0, state: 'RUNNING' }] });
    await bring(declared('failed'), declared('fine'));
    expect(requests.filter((request) => request.includes('restart'))).toEqual([
      'POST /connectors/failed/restart?includeTasks=true&onlyFailed=true',
    ]);
  });

  test('that a person has paused are left so', async () => {
    worker.set('one', { config: {}, tasks: [{ id: 0, state: 'PAUSED' }] });
    await bring(declared('one'));
  });

  test.each([
    [[], 'it has no task yet'],
    [
      [
        { id: 0, state: 'RUNNING' },
        { id: 1, state: 'UNASSIGNED' },
      ],
      'its tasks are RUNNING, UNASSIGNED',
    ],
  ])('whose tasks do not come are not waited for without end', async (tasks, told) => {
    started = tasks;
    await expect(bring(declared('one'))).rejects.toThrow(
      `Connectors did not run within 0 s:\n- connector one: ${told}`,
    );
  });

  test('have two minutes, and are seen running three times in a row', () => {
    expect(patience).toEqual({ withinMs: 120_000, everyMs: 1_500, inRow: 3 });
  });

  test('all go when the resource does', async () => {
    await bring(declared('one'), declared('two'));
    await removeConnectors(rest);
    expect([...worker.keys()]).toEqual([]);
  });
});

describe('properties', () => {
  const properties = {
    Pipeline: 'p',
    Url: 'http://worker:8083',
    Connectors: [{ Name: 'one', Config: { 'connector.class': 'X' } }],
  };
  test.each([
    [{ Url: 'worker:8083' }, 'Url: "worker:8083" was given, an address is needed'],
    [{ Connectors: undefined }, 'Connectors: nothing was given, a list is needed'],
    [{ Connectors: [{ Name: 'one', Config: {} }] }, 'connector one: Config names no connector.class'],
    [{ Connectors: [...properties.Connectors, ...properties.Connectors] }, 'connector one is declared twice'],
  ])('are refused as %j', (change, told) => {
    expect(() => readDeclared({ ...properties, ...change })).toThrow(told);
  });
});
