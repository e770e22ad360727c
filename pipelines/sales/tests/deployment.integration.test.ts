/**
 * The real assembly, deployed through the real bundled handlers to a real broker and registry: what a changed declaration does to them, and that a
 * refused one does nothing.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { isObject } from '../../../lib/declaration/json.ts';
import { deploy, ParameterStore, synthesize } from '../../../local/cloudformation/index.ts';
import type { Template } from '../../../local/cloudformation/template.ts';
import { millraceHome } from '../../../local/home.ts';
import { temporaryFolder } from '../../../test/local/cloudformation/support.ts';
import { describeTopic } from '../../../test/support/kafka.ts';
import { filesBelow } from '../../../tools/files.mjs';

interface Topic {
  Name: string;
  Partitions: string;
  readonly Configuration: Record<string, string>;
}

interface Declared {
  /** Topic by name. */
  topic(name: string): Topic;
  /** Adds a field to a schema. */
  addField(artifact: string, field: unknown): void;
}

const salesTopic = 'pagila.sales.avro';
const deadLetters = 'pagila.sales.dead-letters';
const summaries = 'pagila.sales.summary.avro';

let assembly = '';

beforeAll(async () => {
  ({ assembly } = await synthesize({ progress: () => {} }));
});

/** The assembly, as it would be if the declaration were changed. */
function changed(change: (declared: Declared) => void): string {
  const folder = temporaryFolder();
  cpSync(assembly, folder, { recursive: true });
  const nested = join(folder, 'assembly-dev');
  const file = readdirSync(nested).find((name) => /sales.*\.template\.json$/.test(name)) ?? '';
  const template = JSON.parse(readFileSync(join(nested, file), 'utf8')) as Template;
  const resources = Object.values(template.Resources);
  const propertiesOf = (type: string) =>
    resources.filter((each) => each.Type === type).map((each) => each.Properties ?? {});
  change({
    topic: (name) => {
      const topics = propertiesOf('Custom::KafkaTopics').flatMap((each) => each.Topics as Topic[]);
      return topics.find((each) => each.Name === name) ?? expect.fail(`no topic ${name}`);
    },
    addField: (artifact, field) => {
      const artifacts = propertiesOf('Custom::RegistryArtifacts').flatMap(
        (each) => each.Artifacts as Record<string, unknown>[],
      );
      const properties = artifacts.find((each) => each.ArtifactId === artifact);
      const content = JSON.parse(String(properties?.Content)) as { fields: unknown[] };
      content.fields.push(field);
      if (isObject(properties)) properties.Content = JSON.stringify(content);
    },
  });
  writeFileSync(join(nested, file), JSON.stringify(template));
  return folder;
}

const target = () => {
  const home = millraceHome(inject('home'));
  const endpoints = { bootstrapServers: inject('iamBootstrapServers'), registryUrl: inject('registryUrl') };
  const common = { home, environment: 'dev', pipelines: ['sales'], endpoints, progress: () => {} };
  const run = (folder: string) => deploy({ ...common, assembly: folder });
  return { home, run };
};

/** What the broker has. */
const inBroker = (topic: string) => describeTopic(inject('bootstrapServers'), topic);

async function versionsOf(artifact: string): Promise<number> {
  const answer = await fetch(`${inject('registryUrl')}/apis/registry/v3/groups/default/artifacts/${artifact}/versions`);
  return ((await answer.json()) as { count: number }).count;
}

describe('the sales pipeline', () => {
  test('is deployed, changed and, when a change is refused, left as it was', async () => {
    const { home, run } = target();
    const first = await run(assembly);
    expect(first.changes).toMatchObject({ updated: 0, deleted: 0, unchanged: 0 });
    expect((await run(assembly)).changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    const told = filesBelow(home.state)
      .concat(filesBelow(home.parameters))
      .map((file) => readFileSync(file, 'utf8'));
    expect(told.join(), 'the address where jobs and handlers sign in').toContain(inject('iamBootstrapServers'));
    expect(told.join(), 'the plain address').not.toContain(inject('bootstrapServers'));
    const original = await inBroker(salesTopic);
    const compacted = await inBroker(summaries);
    expect(compacted?.settings).toMatchObject({ 'cleanup.policy': 'compact' });
    const narrowed = { ...original, settings: { ...original?.settings, 'retention.ms': '86400000' } };
    const schemas = () =>
      (JSON.parse(new ParameterStore(home).get('/millrace/dev/pipelines/sales')?.value ?? '') as { schemas: unknown })
        .schemas;
    const ids = schemas();

    // One optional field, one partition, another retention: an Update of what changed and of what holds the new ids.
    await run(
      changed((declared) => {
        declared.topic(salesTopic).Configuration['retention.ms'] = '86400000';
        declared.topic(deadLetters).Partitions = String(Number(declared.topic(deadLetters).Partitions) + 1);
        declared.addField(`${summaries}-value`, { name: 'note', type: ['null', 'string'], default: null });
      }),
    );
    expect(await inBroker(salesTopic), 'a setting that was not changed went').toEqual(narrowed);
    expect(await inBroker(deadLetters)).toMatchObject({ partitions: 2 });
    expect(await inBroker(summaries)).toEqual(compacted);
    expect(await versionsOf(`${summaries}-value`)).toBe(2);
    expect(schemas()).not.toEqual(ids);

    const wider = (declared: Declared) => {
      declared.topic(deadLetters).Partitions = '2';
      declared.topic(salesTopic).Configuration['retention.ms'] = '77000000';
    };
    const refused: [RegExp, (declared: Declared) => void][] = [
      [/partitions cannot be taken away/, (declared) => Object.assign(declared.topic(salesTopic), { Partitions: '1' })],
      [/is compacted/, (declared) => Object.assign(declared.topic(summaries), { Partitions: '9' })],
      [
        /fields\/\d+: required/,
        (declared) => declared.addField(`${salesTopic}-value`, { name: 'required', type: 'string' }),
      ],
    ];
    for (const [reason, change] of refused) {
      const folder = changed((declared) => {
        wider(declared);
        change(declared);
      });
      await expect(run(folder)).rejects.toThrow(reason);
      expect(await inBroker(salesTopic)).toEqual(narrowed);
      expect(await inBroker(summaries)).toEqual(compacted);
      expect(await versionsOf(`${salesTopic}-value`)).toBe(1);
      rmSync(folder, { recursive: true });
    }
  });
});
