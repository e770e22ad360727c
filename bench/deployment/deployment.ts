/** How long a deployment takes on one machine: handlers with a hundred topics and a hundred schemas, and `up` where nothing has changed. */
import { randomUUID } from 'node:crypto';
import { Stack } from '../../test/faults/stack.ts';
import { bundledHandler } from '../../test/support/bundle.ts';
import { withTestAdmin } from '../../test/support/kafka.ts';
import { type Handlers, Resource } from '../../test/support/lifecycle.ts';
import type { Conditions } from '../benchmarks.ts';
import type { Row } from '../rows.ts';

const COUNT = 100;
const PARTITIONS = 3;

/** Seconds that work takes. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

async function deployed(atEnd: Conditions['atEnd']): Promise<Stack> {
  const stack = new Stack();
  atEnd(() => stack.remove());
  await stack.up();
  return stack;
}

const names = () => {
  const prefix = `bench-${randomUUID()}`;
  return Array.from({ length: COUNT }, (_, index) => `${prefix}.${index}`);
};

const schema = JSON.stringify({ type: 'record', name: 'Reading', fields: [{ name: 'id', type: 'long' }] });

/** Makes them as a client does that asks the broker once for all, and waits for none. */
const rawTopics = ({ bootstrapServers }: Stack, topics: readonly string[]): Promise<unknown> =>
  withTestAdmin(bootstrapServers, (admin) =>
    admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: PARTITIONS })), waitForLeaders: true }),
  );

/** Registers them as a client does that sends ten at once. */
async function rawSchemas({ registryUrl }: Stack, artifacts: readonly string[]): Promise<void> {
  const left = [...artifacts];
  const register = async () => {
    for (let artifactId = left.pop(); artifactId !== undefined; artifactId = left.pop()) {
      const answer = await fetch(`${registryUrl}/apis/registry/v3/groups/default/artifacts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          artifactId,
          artifactType: 'AVRO',
          firstVersion: { content: { content: schema, contentType: 'application/json' } },
        }),
      });
      if (!answer.ok) throw new Error(`the registry does not take a schema: ${await answer.text()}`);
      await answer.text();
    }
  };
  await Promise.all(Array.from({ length: 10 }, register));
}

/** A hundred topics and a hundred schemas through the bundled handlers, then the same properties once more, each beside raw calls. */
export async function contracts({ quick, atEnd }: Conditions): Promise<Row[]> {
  const stack = await deployed(atEnd);
  const kinds = [
    {
      what: 'topics',
      handlers: await bundledHandler<Handlers>('kafka-topics'),
      type: 'Custom::KafkaTopics',
      properties: (all: readonly string[]) => ({
        BootstrapServers: stack.bootstrapServers,
        Security: 'none',
        Pipeline: 'bench',
        Topics: all.map((Name) => ({
          Name,
          Partitions: String(PARTITIONS),
          OnRemoval: 'delete',
          Configuration: { 'retention.ms': '604800000' },
        })),
      }),
      raw: rawTopics,
    },
    {
      what: 'schemas',
      handlers: await bundledHandler<Handlers>('registry-artifacts'),
      type: 'Custom::RegistryArtifacts',
      properties: (all: readonly string[]) => ({
        RegistryUrl: stack.registryUrl,
        Pipeline: 'bench',
        Artifacts: all.map((ArtifactId, index) => ({
          Key: `schema${index}`,
          Group: 'default',
          ArtifactId,
          ArtifactType: 'AVRO',
          Content: schema,
          Compatibility: 'FULL_TRANSITIVE',
          Immutable: 'false',
          OnRemoval: 'delete',
        })),
      }),
      raw: rawSchemas,
    },
  ];
  const rows: Row[] = [];
  for (const { what, handlers, type, properties, raw } of kinds) {
    const [first, again, beside]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < (quick ? 2 : 5); round += 1) {
      const [resource, given] = [new Resource(handlers, type), properties(names())];
      first.push(await seconds(() => resource.create(given)));
      again.push(await seconds(() => resource.update(given)));
      const made = names();
      beside.push(await seconds(() => raw(stack, made)));
      await resource.delete();
      if (what === 'topics') {
        await withTestAdmin(stack.bootstrapServers, (admin) => admin.deleteTopics({ topics: made }));
      }
    }
    const named = { name: 'raw calls', values: beside };
    rows.push(
      {
        metric: `${COUNT} ${what} through the handler`,
        unit: 's',
        ours: first,
        beside: named,
        goal: { of: 'ratio', atMost: 1.3 },
      },
      { metric: 'the same once more', unit: 's', ours: again, beside: named, goal: { of: 'ratio', atMost: 0.3 } },
    );
  }
  return rows;
}

/** `up` where everything stands as it is declared. */
export async function unchanged({ quick, atEnd }: Conditions): Promise<Row[]> {
  const stack = await deployed(atEnd);
  const ours: number[] = [];
  for (let round = 0; round < (quick ? 3 : 7); round += 1) ours.push(await seconds(() => stack.json('up')));
  return [{ metric: 'up, where nothing has changed', unit: 's', ours, goal: { of: 'ours', atMost: 1 } }];
}
