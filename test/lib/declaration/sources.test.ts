/** Sources of a pipeline: what follows from them, and what is refused. */
import { describe, expect, test } from 'vitest';
import { ownTopicsOf, sourcesOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { avro, connector, integer, secret, source, stream, text, topic } from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { refusalOf } from './tiny-pipeline.ts';

const calls = topic('tiny.calls', { partitions: 1 });
const counts = topic('tiny.counts', { partitions: 1 });

/** The invented pipeline's folders with one source, and a job that reads what it writes. */
function withSource(change: object = {}, alias = 'calls', more: Partial<Pipeline> = {}): Pipeline {
  const props = { code: 'source/calls.ts', writes: { calls }, ...change };
  return {
    ...{ name: 'clients', description: 'x', folders: clients.folders },
    sources: { [alias]: source('calls', props as never) },
    jobs: { count: stream('count.py', { reads: { calls }, writes: { counts } }) },
    topics: {},
    ...more,
  };
}

test('its topics are topics of the pipeline, and it has one more in which it keeps how far it has come', () => {
  expect(topicsOf(clients)).toHaveProperty('calls');
  expect(Object.keys(sourcesOf(clients))).toEqual(['listenToCalls']);
  expect(ownTopicsOf(clients).map(({ name, cleanup, props }) => [name, cleanup, props.partitions])).toEqual([
    ['millrace.clients.heartbeat.clientChanges', 'compact', 1],
    ['millrace.clients.control.keepVisits', 'delete', 1],
    ['millrace.clients.source.listenToCalls.cursors', 'compact', 1],
  ]);
});

test('who writes it is known, so that a job may follow its topic, and it needs no job itself', () => {
  expect(refusalOf(withSource())).toEqual([]);
});

describe('refused is', () => {
  const all = (change: object, ...lines: string[]) => expect(refusalOf(withSource(change))).toEqual(lines);

  test('code that is not there', () => {
    all(
      { code: 'source/none.ts' },
      `clients.sources.calls.code: does not exist; got "${clients.folders.declaration}/source/none.ts"; allowed: a file in ${clients.folders.declaration}`,
    );
  });
  test('what plays the outside and is not there', () => {
    all(
      { standIn: 'none.ts' },
      `clients.sources.calls.standIn: does not exist; got "${clients.folders.declaration}/none.ts"; allowed: a file in ${clients.folders.declaration}`,
    );
  });
  test.each(['../calls.ts', '/calls.ts', 'source/../calls.ts', './calls.ts', ''])('a path elsewhere: %s', (code) => {
    const allowed = 'names of folders and a file with slashes between them, such as source/posts.ts';
    all(
      { code },
      `clients.sources.calls.code: is no path below the folder of the declaration; got "${code}"; allowed: ${allowed}`,
    );
  });
  test('a source without topics', () => {
    const lines = refusalOf(withSource({ writes: {} }, 'calls', { jobs: clients.jobs }));
    expect(lines).toContain('clients.sources.calls.writes: are none; got "no topic"; allowed: at least one');
  });
  test('a topic with a schema that it does not write', () => {
    const framed = topic('tiny.framed', { partitions: 1, value: avro('client.avsc') });
    const jobs = { count: stream('count.py', { reads: { framed }, writes: { counts } }) };
    const lines = refusalOf(withSource({ writes: { framed } }, 'calls', { jobs }));
    expect(lines.join()).toContain('clients.sources.calls.writes.framed: has a schema that sources do not write');
  });
  test('a word that is none', () => {
    all(
      { reads: {} },
      'clients.sources.calls.reads: is not a word for it; got "reads"; allowed: name, code, writes, secrets, parameters, standIn, quietMinutes',
    );
  });
  test('a secret as a text', () => {
    all(
      { secrets: { exchange: 'hush' } },
      'clients.sources.calls.secrets.exchange: is no secret; got "hush"; allowed: secret(name, key)',
    );
  });
  test('a parameter that does not allow its own default', () => {
    const rate = integer({ default: 9, minimum: 1, maximum: 5, unit: 'calls', description: 'x' });
    all(
      { parameters: { rate } },
      'clients.sources.calls.parameters.rate.default: is not a value of its own parameter; got 9; allowed: whole numbers from 1 to 5 (calls)',
    );
  });
  test('a parameter that was not made by its function', () => {
    all(
      { parameters: { rate: { ...text({ pattern: '.', unit: 'x', description: 'x' }), least: 1 } } },
      'clients.sources.calls.parameters.rate: is no parameter; got {"kind":"text","default":"","pattern":".","unit":"x","description":"x","least":1}; allowed: integer(...), decimal(...), text(...) or instant(...), as they are written',
    );
  });
  test('a silence that no alarm can tell', () => {
    all(
      { quietMinutes: 1 },
      'clients.sources.calls.quietMinutes: is out of range; got 1; allowed: whole numbers from 5 to 1440 minutes',
    );
  });
  test('what is no source', () => {
    const given = connector('debezium-postgres', { writes: {}, tables: {}, config: {} });
    const lines = refusalOf(withSource({}, 'calls', { sources: { calls: given } as never }));
    expect(lines[0]).toBe(
      'clients.sources.calls: does not belong here; got "connector debezium-postgres"; allowed: a source made by source(...)',
    );
  });
  test('two sources of one name', () => {
    const again = source('calls', { code: 'source/calls.ts', writes: { calls } });
    const sources = { calls: source('calls', { code: 'source/calls.ts', writes: { calls } }), again };
    expect(refusalOf(withSource({}, 'calls', { sources })).join()).toContain(
      'is the name of clients.sources.calls too',
    );
  });
});

test('the secrets of a source are names, whatever shows them', () => {
  expect(JSON.stringify(secret('shop/exchange', 'token'))).toBe('"secret shop/exchange, token"');
});
