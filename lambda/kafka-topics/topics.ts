/** Brings the topics of a cluster to what is declared. Keeps nothing between two calls: the cluster says what is left to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ConfigEntries, ITopicMetadata } from 'kafkajs';
import { Mistakes } from '../custom-resource/lifecycle.ts';
import type { Topic } from './declared.ts';
import { type ExistingTopic, type Goal, isSettled, type Steps, stepsTo } from './steps.ts';

/** The part of kafkajs' admin client that is used. */
export type TopicAdmin = Pick<
  Admin,
  'fetchTopicMetadata' | 'describeConfigs' | 'createTopics' | 'createPartitions' | 'alterConfigs' | 'deleteTopics'
>;

/** kafkajs names kinds of resources, sources of settings and unknown errors by the protocol's numbers. */
const topicResource = 2;
const setForTopic = 1;
const throttlingQuotaExceeded = 89;

/** What a broker says of topics that it finds wrong. Another refusal of a check is about the check, which not every cluster knows. */
const verdicts: ReadonlySet<string> = new Set([
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
]);

const requestTimeoutMs = 30_000;
const askAgainMs = 250;
/** How long brokers may disagree about which topics there are. */
const agreeMs = 30_000;

/** What is left to do; throws one error with everything that cannot be done. */
export const stepsFor = async (admin: TopicAdmin, goal: Goal): Promise<Steps> =>
  stepsTo(goal, await readTopics(admin, goal));

/** Has the broker check every step without taking it: what it would refuse half-way is refused before the first one. */
export async function checkSteps(admin: TopicAdmin, steps: Steps): Promise<void> {
  await create(admin, steps.create, true);
  await grow(admin, steps.grow, true);
  await alter(admin, steps.alter, true);
}

/** Takes the steps. False when the cluster's quota stopped some of them: they are left for a later call. */
export async function takeSteps(admin: TopicAdmin, steps: Steps): Promise<boolean> {
  const altered = await alter(admin, steps.alter, false);
  const created = await create(admin, steps.create, false);
  const grown = await grow(admin, steps.grow, false);
  const removed = await remove(admin, steps.remove);
  return altered && created && grown && removed;
}

/** Waits until every topic is as declared and has leaders; false when that takes longer than the limit. */
export async function waitUntilSettled(admin: TopicAdmin, goal: Goal, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const existing = await readTopics(admin, goal);
    const done = isSettled(stepsTo(goal, existing));
    if (done && goal.declared.every(({ name }) => existing.get(name)?.hasLeaders)) return true;
    if (performance.now() + askAgainMs > deadline) return false;
    await sleep(askAgainMs);
  }
}

/** Asks for all topics: a question for one that does not exist fails as a whole. */
async function readTopics(admin: TopicAdmin, { declared, before }: Goal): Promise<Map<string, ExistingTopic>> {
  const names = new Set([...declared, ...before].map(({ name }) => name));
  const deadline = performance.now() + agreeMs;
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata();
    const found = topics.filter(({ name }) => names.has(name));
    if (found.length === 0) return new Map();
    try {
      const { resources } = await admin.describeConfigs({
        resources: found.map(({ name }) => ({ type: topicResource, name })),
        includeSynonyms: false,
      });
      const settings = new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
      return new Map(found.map((topic) => [topic.name, asExisting(topic, settings.get(topic.name) ?? [])]));
    } catch (error) {
      // A topic that was just made or deleted is known to one broker and not yet, or still, to another.
      if (causeOf(error).type !== 'UNKNOWN_TOPIC_OR_PARTITION' || performance.now() > deadline) throw error;
      await sleep(askAgainMs);
    }
  }
}

function asExisting({ partitions }: ITopicMetadata, entries: readonly SetEntry[]): ExistingTopic {
  const values = (list: readonly SetEntry[]) =>
    Object.fromEntries(list.map(({ configName, configValue }) => [configName, configValue]));
  return {
    partitions: partitions.length,
    hasLeaders: partitions.every(({ leader, partitionErrorCode }) => leader >= 0 && partitionErrorCode === 0),
    effective: values(entries),
    overrides: values(entries.filter(({ configSource }) => configSource === setForTopic)),
  };
}

/** The typings leave out where a value comes from; the answer has it (protocol version 1 and later). */
type SetEntry = Pick<ConfigEntries, 'configName' | 'configValue'> & { readonly configSource?: number };

function create(admin: TopicAdmin, steps: Steps['create'], validateOnly: boolean): Promise<boolean> {
  const topics = steps.map(({ name, partitions, configuration }) => ({
    topic: name,
    numPartitions: partitions,
    // The cluster's own default: three on MSK Serverless, one on a single broker.
    replicationFactor: -1,
    configEntries: entriesOf(configuration),
  }));
  const request = { topics, validateOnly, waitForLeaders: false, timeout: requestTimeoutMs };
  const tell = (failure: Error): string => {
    const topic = steps.find(({ name }) => name === (failure as { topic?: string }).topic);
    return topic ? `topic ${topic.name} ${JSON.stringify(topic.configuration)}: ${failure.message}` : failure.message;
  };
  // One that exists meanwhile is compared with its declaration when the cluster is read again.
  const isHarmless = (type: string) => type === 'TOPIC_ALREADY_EXISTS' || isNoVerdict(validateOnly)(type);
  return attempt(steps, () => admin.createTopics(request), failed('create', validateOnly), tell, isHarmless);
}

function grow(admin: TopicAdmin, steps: Steps['grow'], validateOnly: boolean): Promise<boolean> {
  const topicPartitions = steps.map(({ name, to }) => ({ topic: name, count: to }));
  const request = { topicPartitions, validateOnly, timeout: requestTimeoutMs };
  const wanted = steps.map(({ name, to }) => `${name} to ${to}`).join(', ');
  const tell = ({ message }: Error) => `${wanted}: ${message}`;
  const words = failed('add partitions to', validateOnly);
  return attempt(steps, () => admin.createPartitions(request), words, tell, isNoVerdict(validateOnly));
}

function alter(admin: TopicAdmin, steps: Steps['alter'], validateOnly: boolean): Promise<boolean> {
  const resources = steps.map(({ name, configuration }) => ({
    type: topicResource,
    name,
    configEntries: entriesOf(configuration),
  }));
  const wanted = steps.map(({ name, configuration }) => `${name} ${JSON.stringify(configuration)}`).join(', ');
  const tell = ({ message }: Error) => `${message}: ${wanted}`;
  const request = { validateOnly, resources };
  const words = failed('change the settings of', validateOnly);
  return attempt(steps, () => admin.alterConfigs(request), words, tell, isNoVerdict(validateOnly));
}

function remove(admin: TopicAdmin, steps: Steps['remove']): Promise<boolean> {
  const topics = steps.map(({ name }) => name);
  const tell = ({ message }: Error) => `${topics.join(', ')}: ${message}`;
  const request = () => admin.deleteTopics({ topics, timeout: requestTimeoutMs });
  // Somebody else was faster with one of them; the others show when the cluster is read again.
  const isGone = (type: string) => type === 'UNKNOWN_TOPIC_OR_PARTITION';
  return attempt(steps, request, 'The cluster could not delete topics:', tell, isGone);
}

const entriesOf = (configuration: Topic['configuration']): { name: string; value: string }[] =>
  Object.entries(configuration).map(([name, value]) => ({ name, value }));

const failed = (what: string, validateOnly: boolean): string =>
  validateOnly
    ? `The cluster refuses to ${what} topics, and nothing was changed:`
    : `The cluster could not ${what} topics, although it had found nothing wrong before:`;

const isNoVerdict = (validateOnly: boolean) => (type: string) => validateOnly && !verdicts.has(type);

/** Asks for these steps; false when the cluster's quota stopped some of them. Harmless failures change nothing. */
async function attempt(
  steps: readonly unknown[],
  request: () => Promise<unknown>,
  failed: string,
  tell: (failure: Error) => string,
  isHarmless: (type: string) => boolean,
): Promise<boolean> {
  if (steps.length === 0) return true;
  try {
    await request();
    return true;
  } catch (error) {
    // The errors of the single topics where the client gives them together.
    const parts: Error[] = (error as { errors?: Error[] }).errors ?? [error as Error];
    const isFailure = (part: Error): boolean => {
      const { type } = causeOf(part);
      return !isQuotaExceeded(part) && (type === undefined || !isHarmless(type));
    };
    const failures = parts.filter(isFailure);
    if (failures.length > 0) throw new Mistakes(failed, failures.map(tell));
    return !parts.some(isQuotaExceeded);
  }
}

const causeOf = (error: unknown) =>
  ((error as Error).cause ?? error) as { readonly type?: string; readonly code?: number };
const isQuotaExceeded = (error: unknown): boolean => causeOf(error).code === throttlingQuotaExceeded;
