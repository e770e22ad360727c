/** The bundled handler of `Custom::KafkaTopics`, driven with CloudFormation's events against a real broker. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { bundledHandler } from '../../support/bundle.ts';
import { describeTopic, setForTopic, withTestAdmin } from '../../support/kafka.ts';
import { type Handlers, longestMessage, Resource } from '../../support/lifecycle.ts';

const bootstrapServers = inject('bootstrapServers');
const handlers = await bundledHandler<Handlers>('kafka-topics');

interface TopicProperties {
  Name: string;
  Partitions?: string;
  OnRemoval?: string;
  Configuration?: Record<string, string>;
}

const properties = (...topics: TopicProperties[]) => ({
  BootstrapServers: bootstrapServers,
  Security: 'none',
  Pipeline: 'test',
  Topics: topics.map((topic) => ({ Partitions: '2', OnRemoval: 'retain', Configuration: {}, ...topic })),
});

const describeNow = (name: string) => describeTopic(bootstrapServers, name);

const messageOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('it was expected to be refused');
  expect(Buffer.byteLength(error.message)).toBeLessThan(longestMessage);
  return error.message;
};

let resource: Resource;
let prefix: string;
const name = (suffix: string) => `${prefix}.${suffix}`;

beforeEach(() => {
  resource = new Resource(handlers, 'Custom::KafkaTopics');
  prefix = `t-${randomUUID()}`;
});

describe('creating', () => {
  test('makes the topics with their partitions and settings, and answers a stable id', async () => {
    const retained = {
      'cleanup.policy': 'delete',
      'retention.ms': '604800000',
      'message.timestamp.type': 'LogAppendTime',
    };
    await resource.create(
      properties(
        { Name: name('readings'), Partitions: '4', Configuration: retained },
        { Name: name('summary'), Configuration: { 'cleanup.policy': 'compact' } },
      ),
    );
    expect(resource.physicalId).toBe('kafka-topics/test');
    expect(resource.attributes).toEqual({ Count: '2' });
    expect(await describeNow(name('readings'))).toEqual({ partitions: 4, settings: retained });
    expect(await describeNow(name('summary'))).toEqual({ partitions: 2, settings: { 'cleanup.policy': 'compact' } });
  });

  test('is complete only when the topics can be written', async () => {
    await resource.create(properties({ Name: name('readings') }));
    const leaders = await withTestAdmin(bootstrapServers, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name('readings')] });
      return topics[0]?.partitions.map(({ leader }) => leader);
    });
    expect(leaders).toEqual([1, 1]);
    expect(resource.asked).toBe(1);
  });

  test('makes 100 topics with 3 partitions each in one call', async () => {
    const topics = Array.from({ length: 100 }, (_, index) => ({
      Name: name(String(index)),
      Partitions: '3',
      OnRemoval: 'delete',
    }));
    const before = performance.now();
    await resource.create(properties(...topics));
    expect(performance.now() - before).toBeLessThan(60_000);
    expect(resource.attributes).toEqual({ Count: '100' });
    expect(await describeNow(name('99'))).toEqual({ partitions: 3, settings: {} });
    await resource.delete();
    const left = await withTestAdmin(bootstrapServers, (admin) => admin.listTopics());
    expect(left.filter((topic) => topic.startsWith(prefix))).toEqual([]);
  });

  test('changes nothing when the same event comes twice', async () => {
    await resource.create(properties({ Name: name('readings'), Configuration: { 'retention.ms': '1000' } }));
    const { physicalId } = resource;
    await resource.replay();
    expect(resource.physicalId).toBe(physicalId);
    expect(await describeNow(name('readings'))).toEqual({ partitions: 2, settings: { 'retention.ms': '1000' } });
  });

  test('takes over a topic that exists as declared, and gives it the declared settings', async () => {
    await resource.create(properties({ Name: name('readings'), Configuration: { 'retention.ms': '1000' } }));
    const second = new Resource(handlers, 'Custom::KafkaTopics');
    await second.create(properties({ Name: name('readings'), Configuration: { 'retention.ms': '2000' } }));
    expect(await describeNow(name('readings'))).toEqual({ partitions: 2, settings: { 'retention.ms': '2000' } });
  });

  test('refuses a topic that exists with another number of partitions or another cleanup policy', async () => {
    await resource.create(
      properties({ Name: name('a') }, { Name: name('b'), Configuration: { 'cleanup.policy': 'compact' } }),
    );
    const second = new Resource(handlers, 'Custom::KafkaTopics');
    const message = await messageOf(
      second.create(properties({ Name: name('a'), Partitions: '3' }, { Name: name('b') }, { Name: name('c') })),
    );
    expect(message).toContain(`topic ${name('a')} exists with 2 partitions`);
    expect(message).toContain(`topic ${name('b')} has cleanup.policy compact and delete is declared`);
    expect(await describeNow(name('c'))).toBeUndefined();
  });
});

describe('updating', () => {
  test('adds partitions', async () => {
    await resource.create(properties({ Name: name('readings') }));
    await resource.update(properties({ Name: name('readings'), Partitions: '5' }));
    expect(await describeNow(name('readings'))).toEqual({ partitions: 5, settings: {} });
    await resource.replay();
    expect(await describeNow(name('readings'))).toEqual({ partitions: 5, settings: {} });
  });

  test('keeps cleanup.policy=compact through a changed retention', async () => {
    const compacted = { 'cleanup.policy': 'compact' };
    await resource.create(
      properties({ Name: name('summary'), Configuration: { ...compacted, 'retention.ms': '1000' } }),
    );
    await resource.update(
      properties({ Name: name('summary'), Configuration: { ...compacted, 'retention.ms': '2000' } }),
    );
    expect(await describeNow(name('summary'))).toEqual({
      partitions: 2,
      settings: { ...compacted, 'retention.ms': '2000' },
    });
  });

  test('keeps what somebody else set, and takes back what is no longer declared', async () => {
    await resource.create(
      properties({ Name: name('a'), Configuration: { 'retention.ms': '1000', 'max.message.bytes': '5000' } }),
    );
    await setForTopic(bootstrapServers, name('a'), {
      'retention.ms': '1000',
      'max.message.bytes': '5000',
      'segment.ms': '60000',
    });
    await resource.update(properties({ Name: name('a'), Configuration: { 'retention.ms': '2000' } }));
    expect(await describeNow(name('a'))).toEqual({
      partitions: 2,
      settings: { 'retention.ms': '2000', 'segment.ms': '60000' },
    });
  });

  test('makes a topic again that somebody deleted', async () => {
    await resource.create(properties({ Name: name('a') }));
    await withTestAdmin(bootstrapServers, (admin) => admin.deleteTopics({ topics: [name('a')] }));
    await resource.update(properties({ Name: name('a'), Configuration: { 'retention.ms': '7000' } }));
    expect(await describeNow(name('a'))).toEqual({ partitions: 2, settings: { 'retention.ms': '7000' } });
  });

  const refused: [string, TopicProperties, TopicProperties, string][] = [
    [
      'fewer partitions',
      { Name: '', Partitions: '3' },
      { Name: '', Partitions: '2' },
      'has 3 partitions and 2 are declared',
    ],
    [
      'more partitions of a compacted topic',
      { Name: '', Configuration: { 'cleanup.policy': 'compact' } },
      { Name: '', Partitions: '3', Configuration: { 'cleanup.policy': 'compact' } },
      'is compacted and has 2 partitions, 3 are declared',
    ],
    [
      'another cleanup policy',
      { Name: '', Configuration: { 'cleanup.policy': 'compact' } },
      { Name: '', Configuration: { 'cleanup.policy': 'delete' } },
      'has cleanup.policy compact and delete is declared',
    ],
    [
      'a cleanup policy that is no longer declared',
      { Name: '', Configuration: { 'cleanup.policy': 'compact' } },
      { Name: '' },
      'has cleanup.policy compact and delete is declared',
    ],
    [
      'a setting that MSK Serverless does not have',
      { Name: '' },
      { Name: '', Configuration: { 'segment.ms': '1' } },
      'has no setting segment.ms',
    ],
    [
      'a setting with a bad value',
      { Name: '' },
      { Name: '', Configuration: { 'retention.ms': 'long' } },
      'retention.ms is "long"',
    ],
    [
      // Valid for MSK Serverless, unknown to Kafka 4: what only the broker can tell.
      'a setting that this broker does not know',
      { Name: '' },
      { Name: '', Configuration: { 'message.timestamp.difference.max.ms': '5' } },
      'and nothing was changed',
    ],
  ];
  test.each(refused)('refuses %s, and leaves every other topic untouched', async (_, before, after, expected) => {
    const others = [{ Name: name('grows') }, { Name: name('altered') }, { Name: name('removed'), OnRemoval: 'delete' }];
    await resource.create(properties({ ...before, Name: name('x') }, ...others));
    const found = await describeNow(name('x'));
    const message = await messageOf(
      resource.update(
        properties(
          { Name: name('new') },
          { Name: name('grows'), Partitions: '7' },
          { Name: name('altered'), Configuration: { 'retention.ms': '1000' } },
          { ...after, Name: name('x') },
        ),
      ),
    );
    expect(message).toContain(expected);
    expect(message).toContain(name('x'));
    expect(await describeNow(name('x'))).toEqual(found);
    expect(await describeNow(name('new'))).toBeUndefined();
    expect(await describeNow(name('grows'))).toEqual({ partitions: 2, settings: {} });
    expect(await describeNow(name('altered'))).toEqual({ partitions: 2, settings: {} });
    expect(await describeNow(name('removed'))).toEqual({ partitions: 2, settings: {} });
  });

  test('a refused update can be rolled back', async () => {
    const first = properties({ Name: name('a') });
    await resource.create(first);
    await messageOf(resource.update(properties({ Name: name('a'), Partitions: '1' }, { Name: name('b') })));
    await resource.update(first);
    expect(await describeNow(name('a'))).toEqual({ partitions: 2, settings: {} });
  });

  test('treats a topic that is no longer declared as it said', async () => {
    await resource.create(
      properties({ Name: name('stays') }, { Name: name('goes'), OnRemoval: 'delete' }, { Name: name('c') }),
    );
    await resource.update(properties({ Name: name('c') }));
    expect(await describeNow(name('stays'))).toBeDefined();
    expect(await describeNow(name('goes'))).toBeUndefined();
    await resource.replay();
    expect(resource.attributes).toEqual({ Count: '1' });
  });

  test('keeps the id of the resource when the pipeline is renamed, or its topics would be deleted with the old id', async () => {
    await resource.create(properties({ Name: name('a') }));
    await resource.update({ ...properties({ Name: name('a') }), Pipeline: 'renamed' });
    expect(resource.physicalId).toBe('kafka-topics/test');
  });
});

describe('deleting', () => {
  test('retains topics, and deletes those that are to be deleted; twice is once', async () => {
    await resource.create(properties({ Name: name('stays') }, { Name: name('goes'), OnRemoval: 'delete' }));
    await resource.delete();
    expect(await describeNow(name('stays'))).toBeDefined();
    expect(await describeNow(name('goes'))).toBeUndefined();
    await resource.replay();
    expect(resource.physicalId).toBe('kafka-topics/test');
  });

  test('tolerates a topic that is gone', async () => {
    await resource.create(properties({ Name: name('a'), OnRemoval: 'delete' }));
    await withTestAdmin(bootstrapServers, (admin) => admin.deleteTopics({ topics: [name('a')] }));
    await resource.delete();
  });

  test('needs no cluster when everything is retained: a stack can be deleted after its cluster is gone', async () => {
    await resource.create(properties({ Name: name('a') }));
    await resource.update(properties({ Name: name('a') }));
    const unreachable = { ...properties({ Name: name('a') }), BootstrapServers: '127.0.0.1:1' };
    const gone = { RequestType: 'Delete', PhysicalResourceId: 'kafka-topics/test', ResourceProperties: unreachable };
    const answer = await handlers.onEvent(gone as never);
    expect(answer).toEqual({ PhysicalResourceId: 'kafka-topics/test', Data: { Count: '0' } });
    expect(await handlers.isComplete?.({ ...gone, ...answer } as never)).toEqual({ IsComplete: true });
  });
});

test('says which cluster cannot be reached, and how it was tried', async () => {
  const event = {
    RequestType: 'Create',
    ResourceProperties: { ...properties({ Name: name('a') }), BootstrapServers: '127.0.0.1:1' },
  };
  const message = await messageOf(handlers.onEvent(event as never));
  expect(message).toMatch(/^Kafka at 127\.0\.0\.1:1 cannot be reached with security "none": .*ECONNREFUSED/);
}, 60_000);
