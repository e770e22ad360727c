/** The lifecycle of topics under the limits of MSK Serverless, which no local broker has. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { begin, type Connect, goOn } from '../../../lambda/kafka-topics/handler.ts';
import { ServerlessCluster } from '../../support/serverless-cluster.ts';

const minute = 60_000;

let cluster: ServerlessCluster;
let connections: number;
const connect: Connect = (_, work) => {
  connections += 1;
  return work(cluster.admin);
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  cluster = new ServerlessCluster();
  connections = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

type Topic = Record<string, unknown>;

const event = (RequestType: 'Create' | 'Update' | 'Delete', topics: Topic[], before?: Topic[]) => {
  const properties = (list: Topic[]) => ({
    BootstrapServers: 'boot-1.c2.kafka-serverless.eu-central-1.amazonaws.com:9098',
    Security: 'iam',
    Pipeline: 'readings',
    Topics: list.map((topic) => ({ Partitions: '2', OnRemoval: 'retain', Configuration: {}, ...topic })),
  });
  return {
    RequestType,
    ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'kafka-topics/readings' }),
    ResourceProperties: properties(topics),
    ...(before ? { OldResourceProperties: properties(before) } : {}),
  };
};

/** Asks as the framework's state machine does: at once, then every 20 seconds. Gives the minutes that it took. */
async function drive(sent: ReturnType<typeof event>): Promise<number> {
  const start = Date.now();
  const whole = { ...sent, ...(await begin(sent, connect)) };
  while (!(await goOn(whole, connect)).IsComplete) {
    vi.setSystemTime(Date.now() + 20_000);
    if (Date.now() - start > 60 * minute) throw new Error('not complete within an hour');
  }
  return (Date.now() - start) / minute;
}

const hundred = Array.from({ length: 100 }, (_, index) => ({
  Name: `t${index}`,
  Partitions: '12',
  OnRemoval: 'delete',
}));

describe('the quota of 250 partitions in five minutes', () => {
  test('a small set is made at once', async () => {
    expect(await drive(event('Create', [{ Name: 'a' }, { Name: 'b' }]))).toBe(0);
    expect([...cluster.topics.keys()]).toEqual(['a', 'b']);
  });

  test('100 topics with 12 partitions are made in portions that stay under it, within half an hour', async () => {
    const minutes = await drive(event('Create', hundred));
    expect(cluster.exceeded).toBe(false);
    expect(cluster.topics.size).toBe(100);
    expect(minutes).toBeGreaterThan(20);
    expect(minutes).toBeLessThan(30);
  });

  test('a portion ends before it is full when the next topic would not fit', async () => {
    const large = ['a', 'b', 'c', 'd', 'e'].map((Name) => ({ Name, Partitions: '100' }));
    const minutes = await drive(event('Create', large));
    expect(cluster.exceeded).toBe(false);
    expect(minutes).toBeGreaterThan(5);
    expect(minutes).toBeLessThan(16);
  });

  test('deleting counts as well', async () => {
    for (const { Name, Partitions } of hundred)
      cluster.topics.set(Name, { partitions: Number(Partitions), settings: {} });
    expect(await drive(event('Delete', hundred))).toBeGreaterThan(20);
    expect(cluster.exceeded).toBe(false);
    expect(cluster.topics.size).toBe(0);
  });

  test('what somebody else used of it delays the rest, and fails nothing', async () => {
    await cluster.admin.createTopics({ topics: [{ topic: 'elsewhere', numPartitions: 200 }] });
    await drive(event('Create', hundred.slice(0, 20)));
    expect(cluster.exceeded).toBe(true);
    expect(cluster.topics.size).toBe(21);
  });

  test('however late it is asked again, no call makes more than a portion', async () => {
    const sent = event('Create', hundred);
    const whole = { ...sent, ...(await begin(sent, connect)) };
    vi.setSystemTime(Date.now() + 30 * minute);
    await goOn(whole, connect);
    expect(cluster.exceeded).toBe(false);
    expect(cluster.topics.size).toBe(40);
  });

  test.each([
    ['a broker on this machine', '127.0.0.1:9098'],
    ['MSK Express', 'b-1.millrace-dev.abc123.c2.kafka.eu-central-1.amazonaws.com:9098'],
  ])('is not that of %s: it is asked for all at once', async (_, BootstrapServers) => {
    const { ResourceProperties, ...sent } = event('Create', hundred);
    const asked: number[] = [];
    cluster.admin.createTopics = async ({ topics, validateOnly }) => {
      if (validateOnly) return true;
      asked.push(topics.length);
      throw new Error('enough');
    };
    const plain = { ...ResourceProperties, BootstrapServers };
    await expect(begin({ ...sent, ResourceProperties: plain }, connect)).rejects.toThrow('enough');
    expect(asked).toEqual([100]);
  });

  test('one topic that is larger than a portion is made on its own', async () => {
    expect(await drive(event('Create', [{ Name: 'large', Partitions: '245' }]))).toBe(0);
    expect(cluster.topics.get('large')?.partitions).toBe(245);
  });
});

describe('alterations', () => {
  const compacted = (retention: string) => ({
    Name: 'summary',
    Configuration: { 'cleanup.policy': 'compact', 'retention.ms': retention },
  });

  test('leave out cleanup.policy, which the cluster keeps by itself and refuses to be given', async () => {
    await drive(event('Create', [compacted('1000')]));
    await drive(event('Update', [compacted('2000')], [compacted('1000')]));
    expect(cluster.alterations).toEqual([{ 'retention.ms': '2000' }]);
    expect(cluster.topics.get('summary')?.settings).toEqual({ 'cleanup.policy': 'compact', 'retention.ms': '2000' });
  });

  test('are not sent when nothing differs', async () => {
    await drive(event('Create', [compacted('1000')]));
    await drive(event('Update', [compacted('1000')], [compacted('1000')]));
    expect(cluster.alterations).toEqual([]);
  });
});

describe('a cluster that knows no checks and tells half of a topic', () => {
  const settings = (retention: string, cleanup = 'delete') => ({
    'cleanup.policy': cleanup,
    'max.message.bytes': '2000000',
    'retention.ms': retention,
  });
  const topic = (retention: string) => ({ Name: 'a', Configuration: settings(retention) });
  const summary = (Partitions: string) => ({ Name: 'b', Partitions, Configuration: settings('1000', 'compact') });

  beforeEach(() => {
    cluster = new ServerlessCluster({ isTerse: true });
  });

  test('gets its topics, and is not waited for to tell what it does not', async () => {
    expect(await drive(event('Create', [topic('1000'), summary('2')]))).toBe(0);
    expect([...cluster.topics.keys()]).toEqual(['a', 'b']);
  });

  test('is sent what was changed, and nothing when nothing was', async () => {
    await drive(event('Create', [topic('1000')]));
    expect(await drive(event('Update', [topic('2000')], [topic('1000')]))).toBe(0);
    expect(cluster.topics.get('a')?.settings).toMatchObject({ 'retention.ms': '2000' });
    const sent = cluster.alterations.length;
    await drive(event('Update', [topic('2000')], [topic('2000')]));
    expect(cluster.alterations).toHaveLength(sent);
  });

  test('keeps the cleanup policy that was declared, whose partitions stay as they are', async () => {
    await drive(event('Create', [summary('2')]));
    await expect(drive(event('Update', [summary('4')], [summary('2')]))).rejects.toThrow(/topic b is compacted/);
  });

  test('is believed when it finds a topic wrong', async () => {
    cluster.admin.createTopics = async () => {
      throw Object.assign(new Error('Configuration is invalid'), { type: 'INVALID_CONFIG' });
    };
    const created = drive(event('Create', [topic('1000')]));
    await expect(created).rejects.toThrow('The cluster refuses to create topics, and nothing was changed');
  });
});

test('nothing is connected for a deletion that retains every topic', async () => {
  const sent = event('Delete', [{ Name: 'a' }]);
  const answer = await begin(sent, connect);
  expect(await goOn({ ...sent, ...answer }, connect)).toEqual({ IsComplete: true });
  expect(connections).toBe(0);
});

test('a deletion whose properties a stricter rule refuses by now retains every topic, so that the stack can go', async () => {
  const sent = event('Delete', [{ Name: 'a', OnRemoval: 'delete', Configuration: { 'segment.bytes': '1' } }]);
  const answer = await begin(sent, connect);
  expect(answer.PhysicalResourceId).toBe('kafka-topics/readings');
  expect(await goOn({ ...sent, ...answer }, connect)).toEqual({ IsComplete: true });
  expect(connections).toBe(0);
});
