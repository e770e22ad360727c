/** What is asked of a cluster, and when its topics can be used. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { begin, type Connect, goOn } from '../../../lambda/kafka-topics/handler.ts';
import type { Goal } from '../../../lambda/kafka-topics/steps.ts';
import {
  checkSteps,
  stepsFor,
  type TopicAdmin,
  takeSteps,
  waitUntilSettled,
} from '../../../lambda/kafka-topics/topics.ts';
import { ServerlessCluster } from '../../support/serverless-cluster.ts';

const topic = { name: 'a', partitions: 2, onRemoval: 'retain', configuration: {} } as const;
const goal: Goal = { kind: 'msk-serverless', declared: [topic], before: [] };
let admin: TopicAdmin;

beforeEach(() => {
  ({ admin } = new ServerlessCluster());
});

const take = async () => takeSteps(admin, await stepsFor(admin, goal));

test('the resource keeps its id through updates: another would have CloudFormation delete the topics of the old one', async () => {
  const ResourceProperties = { BootstrapServers: 'b:9098', Security: 'iam', Pipeline: 'readings', Topics: [] };
  const connect = (_: unknown, work: (client: TopicAdmin) => unknown) => work(admin);
  const begun = (more: object) => begin({ RequestType: 'Create', ResourceProperties, ...more }, connect as Connect);
  expect(await begun({})).toMatchObject({ PhysicalResourceId: 'kafka-topics/readings' });
  const update = { RequestType: 'Update', PhysicalResourceId: 'as-before' };
  expect(await begun(update)).toMatchObject({ PhysicalResourceId: 'as-before' });
});

describe('a topic', () => {
  test('is made with as many replicas as the cluster wants', async () => {
    const asked: unknown[] = [];
    const { createTopics } = admin;
    admin.createTopics = (request) => {
      asked.push(...request.topics.map(({ replicationFactor }) => [replicationFactor, request.timeout]));
      return createTopics(request);
    };
    expect(await take()).toBe(true);
    expect(asked).toEqual([[-1, 30_000]]);
  });

  test('that somebody else has made in between is no failure', async () => {
    const steps = await stepsFor(admin, goal);
    admin.createTopics = async () => {
      throw Object.assign(new Error('Topic exists'), { type: 'TOPIC_ALREADY_EXISTS' });
    };
    expect(await takeSteps(admin, steps)).toBe(true);
  });

  test('that somebody else has deleted in between is no failure', async () => {
    await take();
    const steps = await stepsFor(admin, { ...goal, declared: [], before: [{ ...topic, onRemoval: 'delete' }] });
    expect(steps.remove).toHaveLength(1);
    admin.deleteTopics = async () => {
      throw Object.assign(new Error('No such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    };
    expect(await takeSteps(admin, steps)).toBe(true);
  });

  test.each([{ type: 'TOPIC_AUTHORIZATION_FAILED' }, {}])(
    'that is not made for another reason fails, with %j',
    async (said) => {
      const steps = await stepsFor(admin, goal);
      admin.createTopics = async () => {
        throw Object.assign(new Error('Refused'), said);
      };
      await expect(takeSteps(admin, steps)).rejects.toThrow('The cluster could not create topics');
    },
  );

  test('is changed once the cluster has found nothing wrong with the change', async () => {
    await take();
    const steps = await stepsFor(admin, {
      ...goal,
      declared: [{ ...topic, configuration: { 'retention.ms': '60000' } }],
    });
    const asked: (boolean | undefined)[] = [];
    admin.alterConfigs = async ({ validateOnly }) => void asked.push(validateOnly);
    await checkSteps(admin, steps);
    await takeSteps(admin, steps);
    expect(asked).toEqual([true, false]);
  });

  test('that only some brokers know yet is asked for again', async () => {
    await take();
    const { describeConfigs } = admin;
    let asked = 0;
    admin.describeConfigs = async (request) => {
      asked += 1;
      if (asked === 1) throw Object.assign(new Error('Unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
      return describeConfigs(request);
    };
    expect((await stepsFor(admin, goal)).create).toEqual([]);
    expect(asked).toBe(2);
  });

  test('that has no leader yet is waited for ten seconds by each call', async () => {
    await take();
    const { fetchTopicMetadata } = admin;
    let asked = 0;
    admin.fetchTopicMetadata = async () => {
      asked += 1;
      const { topics } = await fetchTopicMetadata();
      for (const { partitions } of topics) for (const partition of partitions) partition.leader = -1;
      return { topics };
    };
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => void vi.restoreAllMocks());
    const connect = async (_: unknown, work: (client: TopicAdmin) => unknown) => work(admin);
    const { describeConfigs } = admin;
    admin.describeConfigs = (request) => {
      now += 4_000;
      return describeConfigs(request);
    };
    const ResourceProperties = {
      ...{ BootstrapServers: 'b:9098', Security: 'iam', Pipeline: 'readings' },
      Topics: [{ Name: 'a', Partitions: '2' }],
    };
    const event = { RequestType: 'Create', ResourceProperties, StartedAt: '0', PlannedPartitions: '2' } as const;
    expect(await goOn(event, connect as Connect)).toEqual({ IsComplete: false });
    // The first of these looks for what is left to do.
    expect(asked).toBe(4);
  });

  test('can be used once each partition has a leader', async () => {
    await take();
    expect(await waitUntilSettled(admin, goal, 0)).toBe(true);
    const { fetchTopicMetadata } = admin;
    admin.fetchTopicMetadata = async () => {
      const { topics } = await fetchTopicMetadata();
      const [{ partitions: [, second] = [] } = {}] = topics;
      if (second) second.leader = -1;
      return { topics };
    };
    expect(await waitUntilSettled(admin, goal, 0)).toBe(false);
  });
});
