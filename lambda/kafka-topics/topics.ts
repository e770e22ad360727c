/**
 * Takes an admin client and what is declared, and brings the topics of a cluster there. The core of the handler beside
 * it: it knows no CloudFormation and keeps nothing between two calls, the cluster itself says what is left to do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { refusal } from '../custom-resource/lifecycle.ts';
import type { Topic } from './declared.ts';
import { type ClusterKind, type ExistingTopic, isEmpty, makePlan, type Plan } from './plan.ts';

/** The part of kafkajs' admin client that is used. */
export type TopicAdmin = Pick<
  Admin,
  'fetchTopicMetadata' | 'describeConfigs' | 'createTopics' | 'createPartitions' | 'alterConfigs' | 'deleteTopics'
>;

/** What is to be reached. */
export interface Order {
  readonly kind: ClusterKind;
  readonly declared: readonly Topic[];
  /** As it was declared before; empty for a first deployment. */
  readonly before: readonly Topic[];
}

/** kafkajs names kinds of resources, sources of settings and unknown errors by the protocol's numbers. */
const topicResource = 2;
const setForTopic = 1;
const throttlingQuotaExceeded = 89;

const requestTimeoutMs = 30_000;
const askAgainMs = 250;
/** How long brokers may disagree about which topics there are. */
const agreeMs = 30_000;

/** What is left to do; throws one error with everything that cannot be done. */
export async function planTopics(admin: TopicAdmin, { kind, declared, before }: Order): Promise<Plan> {
  const existing = await readTopics(admin, namesOf(declared, before));
  return makePlan({ kind, declared, before, existing });
}

/** Has the broker check every step without taking it: what it would refuse half-way is refused before the first one. */
export async function checkPlan(admin: TopicAdmin, plan: Plan): Promise<void> {
  await create(admin, plan.create, true);
  await grow(admin, plan.grow, true);
  await alter(admin, plan.alter, true);
}

/** Takes the steps. False when the cluster's quota stopped some of them: they are left for a later call. */
export async function takeSteps(admin: TopicAdmin, plan: Plan): Promise<boolean> {
  await alter(admin, plan.alter, false);
  const created = await create(admin, plan.create, false);
  const grown = await grow(admin, plan.grow, false);
  const removed = await remove(
    admin,
    plan.remove.map(({ name }) => name),
  );
  return created && grown && removed;
}

/** Waits until every topic is as declared and has leaders; false when that takes longer than the limit. */
export async function waitUntilSettled(admin: TopicAdmin, order: Order, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const existing = await readTopics(admin, namesOf(order.declared, order.before));
    const done = isEmpty(makePlan({ ...order, existing }));
    if (done && order.declared.every(({ name }) => existing.get(name)?.hasLeaders)) return true;
    if (Date.now() + askAgainMs > deadline) return false;
    await sleep(askAgainMs);
  }
}

const namesOf = (...lists: (readonly Topic[])[]): Set<string> => new Set(lists.flat().map(({ name }) => name));

/** Asks for all topics: a question for one that does not exist fails as a whole. */
async function readTopics(admin: TopicAdmin, names: ReadonlySet<string>): Promise<Map<string, ExistingTopic>> {
  const deadline = Date.now() + agreeMs;
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata();
    const found = topics.filter(({ name }) => names.has(name));
    if (found.length === 0) return new Map();
    try {
      const { resources } = await admin.describeConfigs({
        resources: found.map(({ name }) => ({ type: topicResource, name })),
        includeSynonyms: false,
      });
      const settings = new Map(resources.map((resource) => [resource.resourceName, resource.configEntries]));
      return new Map(
        found.map(({ name, partitions }) => {
          // The typings leave out where a value comes from; the answer has it (protocol version 1 and later).
          const entries = (settings.get(name) ?? []) as {
            configName: string;
            configValue: string;
            configSource?: number;
          }[];
          const own = entries.filter(({ configSource }) => configSource === setForTopic);
          const asRecord = (list: typeof entries) => Object.fromEntries(list.map((e) => [e.configName, e.configValue]));
          const hasLeaders = partitions.every(
            ({ leader, partitionErrorCode }) => leader >= 0 && partitionErrorCode === 0,
          );
          const topic = {
            partitions: partitions.length,
            hasLeaders,
            effective: asRecord(entries),
            overrides: asRecord(own),
          };
          return [name, topic] as const;
        }),
      );
    } catch (error) {
      // A topic that was just made or deleted is known to one broker and not yet, or still, to another.
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || Date.now() > deadline) throw error;
      await sleep(askAgainMs);
    }
  }
}

/** Like the other steps: false when the cluster's quota stopped it. */
async function create(admin: TopicAdmin, topics: readonly Topic[], validateOnly: boolean): Promise<boolean> {
  if (topics.length === 0) return true;
  const request = topics.map(({ name, partitions, configuration }) => ({
    topic: name,
    numPartitions: partitions,
    // The cluster's own default: three on MSK Serverless, one on a single broker.
    replicationFactor: -1,
    configEntries: Object.entries(configuration).map(([key, value]) => ({ name: key, value })),
  }));
  try {
    await admin.createTopics({ topics: request, validateOnly, waitForLeaders: false, timeout: requestTimeoutMs });
    return true;
  } catch (error) {
    // One that exists meanwhile is compared with its declaration when the cluster is read again.
    const failures = partsOf(error).filter((part) => typeOf(part) !== 'TOPIC_ALREADY_EXISTS' && !isQuotaExceeded(part));
    if (failures.length === 0) return !partsOf(error).some(isQuotaExceeded);
    const mistakes = failures.map((failure) => {
      const topic = topics.find(({ name }) => name === (failure as { topic?: string }).topic);
      return topic ? `topic ${topic.name} ${JSON.stringify(topic.configuration)}: ${failure.message}` : failure.message;
    });
    throw refusal(failed('create', validateOnly), mistakes);
  }
}

async function grow(admin: TopicAdmin, steps: Plan['grow'], validateOnly: boolean): Promise<boolean> {
  if (steps.length === 0) return true;
  const topicPartitions = steps.map(({ name, to }) => ({ topic: name, count: to }));
  try {
    await admin.createPartitions({ topicPartitions, validateOnly, timeout: requestTimeoutMs });
    return true;
  } catch (error) {
    if (isQuotaExceeded(error)) return false;
    const wanted = steps.map(({ name, to }) => `${name} to ${to}`).join(', ');
    throw refusal(failed('add partitions to', validateOnly), [`${wanted}: ${messageOf(error)}`]);
  }
}

async function alter(admin: TopicAdmin, steps: Plan['alter'], validateOnly: boolean): Promise<void> {
  if (steps.length === 0) return;
  const resources = steps.map(({ name, configuration }) => ({
    type: topicResource,
    name,
    configEntries: Object.entries(configuration).map(([key, value]) => ({ name: key, value })),
  }));
  try {
    await admin.alterConfigs({ validateOnly, resources });
  } catch (error) {
    const wanted = steps.map(({ name, configuration }) => `${name} ${JSON.stringify(configuration)}`).join(', ');
    throw refusal(failed('change the settings of', validateOnly), [`${messageOf(error)}: ${wanted}`]);
  }
}

async function remove(admin: TopicAdmin, names: string[]): Promise<boolean> {
  if (names.length === 0) return true;
  try {
    await admin.deleteTopics({ topics: names, timeout: requestTimeoutMs });
    return true;
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (isQuotaExceeded(cause)) return false;
    // Somebody else was faster with one of them; the others show when the cluster is read again.
    if (typeOf(cause) === 'UNKNOWN_TOPIC_OR_PARTITION') return true;
    throw refusal('The cluster could not delete topics:', [`${names.join(', ')}: ${messageOf(error)}`]);
  }
}

const failed = (what: string, validateOnly: boolean): string =>
  validateOnly
    ? `The cluster refuses to ${what} topics, and nothing was changed:`
    : `The cluster could not ${what} topics, although it had found nothing wrong before:`;

const typeOf = (error: unknown): string | undefined => (error as { type?: string } | undefined)?.type;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The errors of the single topics where the client gives them together. */
function partsOf(error: unknown): Error[] {
  const parts = (error as { errors?: Error[] } | undefined)?.errors;
  return parts ?? [error instanceof Error ? error : new Error(String(error))];
}

function isQuotaExceeded(error: unknown): boolean {
  return (error as { code?: number } | undefined)?.code === throttlingQuotaExceeded;
}
