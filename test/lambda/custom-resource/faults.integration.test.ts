/**
 * The bundled handlers of topics and schemas under what CloudFormation and Lambda may do to them, against a real broker and registry: each event twice, in
 * disorder, the function killed at each answer of the service, an update rolled back. In the end there is what is declared.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { projectRoot } from '../../../local/home.ts';
import { bundledHandler } from '../../support/bundle.ts';
import { describeTopic } from '../../support/kafka.ts';
import type { Event, Handlers } from '../../support/lifecycle.ts';

const [bootstrapServers, registryUrl] = [inject('bootstrapServers'), inject('registryUrl')];
/** A run of faults looks at each answer, `npm test` at some of them. */
const step = process.env.MILLRACE_FAULTS_SEED === undefined ? 6 : 1;
const killed = fileURLToPath(new URL('killed-handler.cjs', import.meta.url));

type Properties = Record<string, unknown>;

const event = (RequestType: Event['RequestType'], properties: Properties, before?: Properties): Event => ({
  RequestType,
  ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'the-resource' }),
  ResourceProperties: properties,
  ...(before && { OldResourceProperties: before }),
});

/** A handler, what can be declared for it by a prefix, and what the service holds of that. */
interface Subject {
  readonly folder: string;
  /** Three declarations, each after the one before. */
  readonly declared: (prefix: string) => readonly [Properties, Properties, Properties];
  /** What the service holds, and what it has to hold for one of the declarations. */
  readonly found: (prefix: string) => Promise<unknown>;
  readonly wanted: readonly [unknown, unknown, unknown];
  /** What stays when the resource is deleted. */
  readonly retained: unknown;
}

const topic = (Name: string, Partitions: string, more: Properties = {}) => ({
  Name,
  Partitions,
  OnRemoval: 'delete',
  Configuration: {},
  ...more,
});
const topics: Subject = {
  folder: 'kafka-topics',
  declared: (prefix) => {
    const of = (...Topics: Properties[]) => ({
      BootstrapServers: bootstrapServers,
      Security: 'none',
      Pipeline: 'test',
      Topics,
    });
    const kept = topic(`${prefix}.kept`, '2', { OnRemoval: 'retain' });
    return [
      of(kept, topic(`${prefix}.goes`, '1')),
      of({ ...kept, Configuration: { 'retention.ms': '1000' } }, topic(`${prefix}.comes`, '3')),
      of({ ...kept, Configuration: { 'max.message.bytes': '5000' } }, topic(`${prefix}.comes`, '4')),
    ];
  },
  found: (prefix) =>
    Promise.all(['kept', 'goes', 'comes'].map((name) => describeTopic(bootstrapServers, `${prefix}.${name}`))),
  wanted: [
    [{ partitions: 2, settings: {} }, { partitions: 1, settings: {} }, undefined],
    [{ partitions: 2, settings: { 'retention.ms': '1000' } }, undefined, { partitions: 3, settings: {} }],
    [{ partitions: 2, settings: { 'max.message.bytes': '5000' } }, undefined, { partitions: 4, settings: {} }],
  ],
  retained: [{ partitions: 2, settings: { 'max.message.bytes': '5000' } }, undefined, undefined],
};

const record = (...names: string[]) =>
  JSON.stringify({
    type: 'record',
    name: 'Sale',
    namespace: 'test',
    fields: names.map((name) => ({ name, type: ['null', 'string'], default: null })),
  });

async function ask(path: string): Promise<unknown> {
  const response = await fetch(`${registryUrl}/apis/registry/v3/groups/default/artifacts/${path}`);
  return response.status === 200 ? response.json() : undefined;
}

const schemas: Subject = {
  folder: 'registry-artifacts',
  declared: (prefix) => {
    const artifact = (Key: string, Content: string, OnRemoval: string, Compatibility = 'FULL_TRANSITIVE') => ({
      Key,
      Group: 'default',
      ArtifactId: `${prefix}-${Key}`,
      ArtifactType: 'AVRO',
      Content,
      Compatibility,
      Immutable: 'false',
      OnRemoval,
    });
    const of = (...Artifacts: Properties[]) => ({ RegistryUrl: registryUrl, Pipeline: 'test', Artifacts });
    return [
      of(artifact('kept', record('a'), 'retain'), artifact('goes', '"int"', 'delete')),
      of(artifact('kept', record('a', 'b'), 'retain'), artifact('comes', '"int"', 'delete')),
      of(artifact('kept', record('a', 'b', 'c'), 'retain', 'BACKWARD'), artifact('comes', '"int"', 'delete')),
    ];
  },
  found: (prefix) =>
    Promise.all(
      ['kept', 'goes', 'comes'].map(async (key) => {
        const versions = (await ask(`${prefix}-${key}/versions`)) as { count: number } | undefined;
        const rule = (await ask(`${prefix}-${key}/rules/COMPATIBILITY`)) as { config: string } | undefined;
        return versions && [versions.count, rule?.config];
      }),
    ),
  wanted: [
    [[1, 'FULL_TRANSITIVE'], [1, 'FULL_TRANSITIVE'], undefined],
    [[2, 'FULL_TRANSITIVE'], undefined, [1, 'FULL_TRANSITIVE']],
    [[3, 'BACKWARD'], undefined, [1, 'FULL_TRANSITIVE']],
  ],
  retained: [[3, 'BACKWARD'], undefined, undefined],
};

describe.each([topics, schemas])('$folder', ({ folder, declared, found, wanted, retained }) => {
  let handlers: Handlers;
  let bundle: string;

  beforeAll(async () => {
    handlers = await bundledHandler<Handlers>(folder);
    bundle = join(mkdtempSync(join(tmpdir(), 'millrace-killed-')), 'index.cjs');
    const entryPoints = [join(projectRoot, 'lambda', folder, 'handler.ts')];
    await build({ entryPoints, outfile: bundle, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
  });

  /** Delivers an event, as often as it is not complete. */
  async function deliver(sent: Event): Promise<void> {
    const answer = (await handlers.onEvent(sent as never)) ?? {};
    while (handlers.isComplete && !(await handlers.isComplete({ ...sent, ...answer } as never)).IsComplete);
  }

  /** Delivers an event to a process that is killed at an answer; whether there were so many. */
  function deliverKilled(sent: Event, at: number): boolean {
    const { status, signal, stderr } = spawnSync(process.execPath, [killed, bundle, String(at)], {
      input: JSON.stringify(sent),
      encoding: 'utf8',
    });
    if (status !== 0 && signal !== 'SIGKILL') throw new Error(`The handler ended with ${status}: ${stderr}`);
    return signal === 'SIGKILL';
  }

  const fresh = () => `f-${randomUUID()}`;

  test('each event twice, one after the other and both at once', async () => {
    const prefix = fresh();
    const [first, second, third] = declared(prefix);
    const events = [event('Create', first), event('Update', second, first), event('Update', third, second)];
    for (const [index, sent] of events.entries()) {
      await deliver(sent);
      await deliver(sent);
      expect(await found(prefix)).toEqual(wanted[index]);
    }
    const gone = event('Delete', third);
    await Promise.all([deliver(gone), deliver(gone)]);
    expect(await found(prefix)).toEqual(retained);
  });

  test('an event that comes again behind the one after it, before that one comes again too', async () => {
    const prefix = fresh();
    const [first, second] = declared(prefix);
    const [create, update] = [event('Create', first), event('Update', second, first)];
    for (const sent of [create, update, create, update]) await deliver(sent);
    expect(await found(prefix)).toEqual(wanted[1]);
  });

  test('a function that is killed at any answer of its service, and called again', async () => {
    let kills = 0;
    for (const kind of ['Create', 'Update', 'Delete'] as const) {
      for (let at = 1, wasKilled = true; wasKilled; at += step) {
        const prefix = fresh();
        const [first, second, third] = declared(prefix);
        if (kind !== 'Create') await deliver(event('Create', first));
        if (kind === 'Delete')
          for (const [now, then] of [
            [second, first],
            [third, second],
          ] as const)
            await deliver(event('Update', now, then));
        const sent = {
          Create: event('Create', first),
          Update: event('Update', second, first),
          Delete: event('Delete', third),
        }[kind];
        wasKilled = deliverKilled(sent, at);
        if (wasKilled) kills += 1;
        await deliver(sent);
        const expected = { Create: wanted[0], Update: wanted[1], Delete: retained }[kind];
        expect(await found(prefix), `${kind}, killed at answer ${at}`).toEqual(expected);
      }
    }
    expect(kills).toBeGreaterThan(3);
  });

  test('an update that was killed half-way, and is rolled back', async () => {
    for (let at = 1, wasKilled = true; wasKilled; at += step) {
      const prefix = fresh();
      const [first, second] = declared(prefix);
      await deliver(event('Create', first));
      wasKilled = deliverKilled(event('Update', second, first), at);
      await deliver(event('Update', first, second));
      // A version of a schema that was registered stays, and the one before it counts again.
      const [kept, goes, comes] = (await found(prefix)) as unknown[];
      const before = (wanted[0] as unknown[])[0];
      const after = (wanted[1] as unknown[])[0];
      expect(folder === 'kafka-topics' ? [before] : [before, after], `killed at answer ${at}`).toContainEqual(kept);
      expect([goes, comes]).toEqual((wanted[0] as unknown[]).slice(1));
    }
  });
});
