/** The bundled handler of `Custom::RegistryArtifacts`, driven with CloudFormation's events against a real registry. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { bundledHandler } from '../../support/bundle.ts';
import { type Handlers, longestMessage, Resource } from '../../support/lifecycle.ts';

const registryUrl = inject('registryUrl');
const handlers = await bundledHandler<Handlers>('registry-artifacts');

const field = (name: string, type: unknown, rest: object = {}) => ({ name, type, ...rest });
const record = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'Sale', namespace: 'test', fields });

const first = record(field('id', 'int'));
const second = record(field('id', 'int'), field('city', ['null', 'string'], { default: null }));
const incompatible = record(field('id', 'string'));

let artifactId: string;
let resource: Resource;

/** One schema of a resource. */
const artifact = (Content: string, more: Record<string, string> = {}) => ({
  Key: 'value',
  Group: 'default',
  ArtifactId: artifactId,
  ArtifactType: 'AVRO',
  Content,
  Compatibility: 'FULL_TRANSITIVE',
  Immutable: 'false',
  OnRemoval: 'retain',
  ...more,
});

const resourceOf = (...Artifacts: object[]) => ({ RegistryUrl: registryUrl, Pipeline: 'test', Artifacts });

/** A resource with one schema. */
const properties = (content: string, { RegistryUrl = registryUrl, ...more }: Record<string, string> = {}) => ({
  ...resourceOf(artifact(content, more)),
  RegistryUrl,
});

async function ask(path: string, options: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${registryUrl}/apis/registry/v3${path}`, { headers, ...options });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const artifactPath = () => `/groups/default/artifacts/${artifactId}`;
const versions = async () => ((await ask(`${artifactPath()}/versions`)).body as { count: number }).count;
const rule = async (type: string) => ((await ask(`${artifactPath()}/rules/${type}`)).body as { config: string }).config;

const messageOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('it was expected to be refused');
  expect(Buffer.byteLength(error.message)).toBeLessThan(longestMessage);
  return error.message;
};

beforeEach(() => {
  artifactId = `s-${randomUUID()}`;
  resource = new Resource(handlers, 'Custom::RegistryArtifacts');
});

describe('creating', () => {
  test('registers the schema and answers its id, by which Confluent clients find it', async () => {
    await resource.create(properties(first));
    expect(resource.physicalId).toBe('registry-artifacts/test');
    const confluent = await fetch(`${registryUrl}/apis/ccompat/v7/schemas/ids/${resource.attributes.value}`);
    expect(JSON.parse(((await confluent.json()) as { schema: string }).schema)).toEqual(JSON.parse(first));
    const byContentId = await ask(`/ids/contentIds/${resource.attributes.value}`);
    expect(byContentId.body).toEqual(JSON.parse(first));
  });

  test('puts the rules in force', async () => {
    await resource.create(properties(first));
    expect(await rule('COMPATIBILITY')).toBe('FULL_TRANSITIVE');
    expect(await rule('VALIDITY')).toBe('FULL');
  });

  test('has the validity rule in force for the very first version, and leaves nothing of a refused one', async () => {
    const message = await messageOf(resource.create(properties(record(field('id', 'nothing')))));
    expect(message).toContain(`Schema ${artifactId} (group default) was refused by the registry`);
    expect(message).toContain('Syntax violation for Avro artifact');
    expect((await ask(artifactPath())).status).toBe(404);
  });

  test('changes nothing when the same event comes twice', async () => {
    await resource.create(properties(first));
    const { attributes } = resource;
    await resource.replay();
    expect(resource.attributes).toEqual(attributes);
    expect(await versions()).toBe(1);
  });

  test('takes over an artifact that exists, with its versions', async () => {
    await resource.create(properties(first));
    const other = new Resource(handlers, 'Custom::RegistryArtifacts');
    await other.create(properties(first));
    expect(other.attributes).toEqual(resource.attributes);
  });

  test('refuses an artifact of another type', async () => {
    await resource.create(properties(first));
    const other = new Resource(handlers, 'Custom::RegistryArtifacts');
    const message = await messageOf(other.create(properties('{"type":"object"}', { ArtifactType: 'JSON' })));
    expect(message).toContain('exists with type AVRO and JSON is declared');
  });

  test('refuses all mistakes in its properties at once', async () => {
    const message = await messageOf(
      resource.create(
        properties('', { RegistryUrl: 'registry', Compatibility: 'SOME', Immutable: 'maybe', OnRemoval: 'keep' }),
      ),
    );
    for (const name of ['RegistryUrl', 'Content', 'Compatibility', 'Immutable', 'OnRemoval'])
      expect(message).toContain(name);
  });
});

describe('several schemas', () => {
  const another = (content: string, more: Record<string, string> = {}) =>
    artifact(content, { Key: 'key', ArtifactId: `${artifactId}-key`, ...more });
  const statusOf = async (id: string) => (await ask(`/groups/default/artifacts/${id}`)).status;

  test('are registered by one resource, each answered by its key', async () => {
    await resource.create(resourceOf(artifact(first), another('"int"', { Immutable: 'true' })));
    expect(Object.keys(resource.attributes).sort()).toEqual(['key', 'value']);
    expect((await ask(`/ids/contentIds/${resource.attributes.key}`)).body).toBe('int');
  });

  test('are all tried, and all that is wrong is told', async () => {
    await resource.create(resourceOf(artifact(first), another('"int"', { Immutable: 'true' })));
    const update = resource.update(resourceOf(artifact(incompatible), another('"long"', { Immutable: 'true' })));
    const message = await messageOf(update);
    expect(message).toContain('2 schemas could not be registered');
    expect(message).toContain('/fields/0/type: reader type: STRING not compatible');
    expect(message).toContain(`Schema ${artifactId}-key (group default) cannot be changed`);
  });

  test('that leave the resource stay or go as they say', async () => {
    const third = { Key: 'third', ArtifactId: `${artifactId}-third` };
    await resource.create(
      resourceOf(artifact(first), another('"int"'), artifact('"int"', { ...third, OnRemoval: 'delete' })),
    );
    await resource.update(resourceOf(artifact(first)));
    expect(await statusOf(`${artifactId}-key`)).toBe(200);
    expect(await statusOf(`${artifactId}-third`)).toBe(404);
    expect(await versions()).toBe(1);
  });

  test('need a key each', async () => {
    const message = await messageOf(resource.create(resourceOf(artifact(first), another(first, { Key: 'value' }))));
    expect(message).toContain('Key "value" was given twice');
  });
});

describe('updating', () => {
  test('registers a compatible schema as the next version', async () => {
    await resource.create(properties(first));
    const before = resource.attributes;
    await resource.update(properties(second));
    expect(await versions()).toBe(2);
    expect(resource.attributes.value).not.toBe(before.value);
    expect(resource.physicalId).toBe('registry-artifacts/test');
    await resource.replay();
    expect(await versions()).toBe(2);
  });

  test('goes back to an earlier version without making a new one', async () => {
    await resource.create(properties(first));
    const before = resource.attributes;
    await resource.update(properties(second));
    await resource.update(properties(first));
    expect(resource.attributes).toEqual(before);
    expect(await versions()).toBe(2);
  });

  test('makes no version of other blanks and line ends', async () => {
    await resource.create(properties(first));
    await resource.update(properties(JSON.stringify(JSON.parse(first), undefined, 4)));
    expect(await versions()).toBe(1);
  });

  test('makes a version of a new alias, which readers need', async () => {
    await resource.create(properties(first));
    await resource.update(properties(record(field('id', 'int', { aliases: ['number'] }))));
    expect(await versions()).toBe(2);
  });

  test("passes the registry's refusal on, with the path of the field", async () => {
    await resource.create(properties(first));
    const message = await messageOf(resource.update(properties(incompatible)));
    expect(message).toContain('- /fields/0/type: reader type: STRING not compatible with writer type: INT');
    expect(message).toContain('FULL_TRANSITIVE');
    expect(await versions()).toBe(1);
  });

  test('compares with every version so far, not with the last one alone', async () => {
    await resource.create(properties(first));
    await resource.update(properties(second));
    const message = await messageOf(
      resource.update(properties(record(field('id', 'int'), field('city', 'string', { default: '' })))),
    );
    expect(message).toContain('/fields/1');
    expect(await versions()).toBe(2);
  });

  test('a refused schema leaves the compatibility rule as it was', async () => {
    await resource.create(properties(first));
    await messageOf(resource.update(properties(incompatible, { Compatibility: 'BACKWARD' })));
    expect(await rule('COMPATIBILITY')).toBe('FULL_TRANSITIVE');
    await resource.update(properties(second, { Compatibility: 'BACKWARD' }));
    expect(await rule('COMPATIBILITY')).toBe('BACKWARD');
  });

  test('refuses other content of an immutable schema, be it compatible, and also when it is taken over', async () => {
    await resource.create(properties(first, { Immutable: 'true' }));
    const { attributes } = resource;
    const message = await messageOf(resource.update(properties(second, { Immutable: 'true' })));
    expect(message).toContain('cannot be changed: it describes keys');
    const other = new Resource(handlers, 'Custom::RegistryArtifacts');
    await messageOf(other.create(properties(second, { Immutable: 'true' })));
    expect(await versions()).toBe(1);
    await resource.update(properties(first, { Immutable: 'true' }));
    expect(resource.attributes).toEqual(attributes);
  });

  test('an immutable schema written in another order of keys keeps its id', async () => {
    await resource.create(properties(first, { Immutable: 'true' }));
    const { attributes } = resource;
    const { type, name, namespace, fields } = JSON.parse(first) as Record<string, unknown>;
    await resource.update(properties(JSON.stringify({ fields, namespace, name, type }), { Immutable: 'true' }));
    expect(resource.attributes).toEqual(attributes);
    expect(await versions()).toBe(1);
  });
});

describe('deleting', () => {
  const deletion = 'apicurio.rest.deletion.artifact.enabled';
  const allow = (value: string) =>
    ask(`/admin/config/properties/${deletion}`, { method: 'PUT', body: JSON.stringify({ value }) });

  afterAll(() => allow('true'));

  test('retains the schema', async () => {
    await resource.create(properties(first));
    await resource.delete();
    expect(await versions()).toBe(1);
  });

  test('deletes it when that is declared; twice is once', async () => {
    await resource.create(properties(first, { OnRemoval: 'delete' }));
    await resource.delete();
    expect((await ask(artifactPath())).status).toBe(404);
    await resource.replay();
  });

  test('says what to do when the registry does not allow it', async () => {
    await resource.create(properties(first, { OnRemoval: 'delete' }));
    expect((await allow('false')).status).toBe(204);
    const message = await messageOf(resource.delete());
    await allow('true');
    expect(message).toContain('does not allow artifacts to be deleted');
    expect(message).toContain('APICURIO_REST_DELETION_ARTIFACT_ENABLED=true');
  });

  test('changes nothing and does not fail when the properties cannot be read, as those of an earlier release', async () => {
    const ResourceProperties = { RegistryUrl: 'http://127.0.0.1:1', ArtifactId: artifactId, OnRemoval: 'retain' };
    const event = { RequestType: 'Delete', PhysicalResourceId: 'registry-artifact/default/x', ResourceProperties };
    expect(await handlers.onEvent(event as never)).toEqual({ PhysicalResourceId: event.PhysicalResourceId });
  });

  test('needs no registry when the schema is retained', async () => {
    const answer = await handlers.onEvent({
      RequestType: 'Delete',
      PhysicalResourceId: 'registry-artifacts/x',
      ResourceProperties: properties(first, { RegistryUrl: 'http://127.0.0.1:1' }),
    } as never);
    expect(answer).toEqual({ PhysicalResourceId: 'registry-artifacts/x' });
  });
});

test('waits for a registry that is still starting: first nobody listens, then there is a gateway without a target', async () => {
  let requests = 0;
  const gateway = createServer(async (request, response) => {
    requests += 1;
    if (requests <= 2) {
      response.writeHead(503).end('starting');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${registryUrl}${request.url}`, { method: request.method ?? 'GET', headers, ...body });
    response.writeHead(answer.status).end(await answer.text());
  });
  const listen = (port: number) => new Promise<void>((resolve) => gateway.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = gateway.address() as AddressInfo;
  await new Promise((resolve) => gateway.close(resolve));
  const registered = resource.create(properties(first, { RegistryUrl: `http://127.0.0.1:${port}` }));
  await new Promise((resolve) => setTimeout(resolve, 600));
  await listen(port);
  try {
    await registered;
    expect(requests).toBeGreaterThan(2);
    expect(await versions()).toBe(1);
  } finally {
    await new Promise((resolve) => gateway.close(resolve));
  }
});
