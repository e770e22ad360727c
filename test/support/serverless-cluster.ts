/**
 * A cluster in memory with the limits of MSK Serverless that no local broker has: 250 partitions in five minutes, and
 * settings that must not be in an alteration. Stands in for kafkajs' admin client in the tests of the topics handler;
 * what a real broker can show is tested with a real broker.
 */
import type { TopicAdmin } from '../../lambda/kafka-topics/topics.ts';

interface State {
  partitions: number;
  settings: Record<string, string>;
}

const defaults: Readonly<Record<string, string>> = { 'cleanup.policy': 'delete', 'retention.ms': '604800000' };
const alterable = [
  'compression.type',
  'max.message.bytes',
  'message.timestamp.type',
  'retention.bytes',
  'retention.ms',
];
const quota = 250;
const windowMs = 5 * 60_000;

/** The client and the cluster behind it. */
export class ServerlessCluster {
  readonly topics = new Map<string, State>();
  /** Alterations as they came in. */
  readonly alterations: Record<string, string>[] = [];
  /** Whether a request went over the quota, and was refused. */
  exceeded = false;
  /** Says that it does not know checks, and tells half of the settings of a topic: what is not known of MSK Serverless. */
  readonly isTerse: boolean;
  private readonly made: { at: number; partitions: number }[] = [];

  constructor({ isTerse = false } = {}) {
    this.isTerse = isTerse;
  }

  readonly admin: TopicAdmin = {
    fetchTopicMetadata: async () => ({
      topics: [...this.topics].map(([name, { partitions }]) => ({
        name,
        partitions: Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 1,
          replicas: [1, 2, 3],
          isr: [1, 2, 3],
        })),
      })),
    }),
    describeConfigs: async ({ resources }) => ({
      throttleTime: 0,
      resources: resources.map(({ name }) => ({
        errorCode: 0,
        errorMessage: '',
        resourceType: 2,
        resourceName: name,
        configEntries: Object.entries({ ...defaults, ...this.topics.get(name)?.settings })
          .filter(([configName]) => !this.isTerse || configName === 'max.message.bytes')
          .map(([configName, configValue]) => ({
            configName,
            configValue,
            configSource: configName in (this.topics.get(name)?.settings ?? {}) ? 1 : 5,
            isDefault: false,
            isSensitive: false,
            readOnly: false,
            configSynonyms: [],
          })),
      })),
    }),
    createTopics: async ({ topics, validateOnly }) => {
      if (validateOnly) return this.check();
      const errors = topics.flatMap(({ topic, numPartitions = 1, configEntries = [] }) => {
        if (!this.spend(numPartitions)) return [Object.assign(quotaError(), { topic })];
        const settings = Object.fromEntries(configEntries.map(({ name, value }) => [name, value]));
        this.topics.set(topic, { partitions: numPartitions, settings });
        return [];
      });
      if (errors.length > 0) throw Object.assign(new Error('Topic creation errors'), { errors });
      return true;
    },
    createPartitions: async ({ topicPartitions, validateOnly }) => {
      if (validateOnly) return this.check();
      for (const { topic, count } of topicPartitions) {
        const state = this.topics.get(topic);
        if (!state || !this.spend(count - state.partitions)) throw quotaError();
        state.partitions = count;
      }
      return true;
    },
    alterConfigs: async ({ resources, validateOnly }) => {
      for (const { name, configEntries = [] } of resources) {
        const settings = Object.fromEntries(configEntries.map((entry) => [entry.name, entry.value]));
        const wrong = Object.keys(settings).find((key) => !alterable.includes(key));
        if (wrong) throw new Error(`the topic configuration ${wrong} cannot be altered`);
        if (validateOnly && this.check()) continue;
        this.alterations.push(settings);
        const state = this.topics.get(name);
        const policy = state?.settings['cleanup.policy'];
        if (state) state.settings = { ...settings, ...(policy ? { 'cleanup.policy': policy } : {}) };
      }
    },
    deleteTopics: async ({ topics }) => {
      for (const name of topics) {
        if (!this.spend(this.topics.get(name)?.partitions ?? 0)) throw quotaError();
        this.topics.delete(name);
      }
    },
  };

  private check(): true {
    if (!this.isTerse) return true;
    throw Object.assign(new Error('This most likely occurs because of a request being malformed by the client'), {
      type: 'INVALID_REQUEST',
    });
  }

  private spend(partitions: number): boolean {
    const since = Date.now() - windowMs;
    const recent = this.made.filter(({ at }) => at > since).reduce((sum, made) => sum + made.partitions, 0);
    if (recent + partitions > quota) {
      this.exceeded = true;
      return false;
    }
    this.made.push({ at: Date.now(), partitions });
    return true;
  }
}

const quotaError = () => Object.assign(new Error('The throttling quota has been exceeded.'), { code: 89 });
