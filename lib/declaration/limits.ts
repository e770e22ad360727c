/** What the services allow and say, where more than one part has to know it, each with where it comes from. */

/** EMR Serverless: default quota of concurrent vCPU in an account and Region. */
export const ACCOUNT_VCPU = 16;

/** EMR Serverless: sizes of workers, GB of memory from and to, Spark's overhead included, by vCPU. */
export const WORKER_GIGABYTES: Readonly<Record<number, readonly [number, number]>> = {
  1: [2, 8],
  2: [4, 16],
  4: [8, 30],
  8: [16, 60],
  16: [32, 120],
};

/** The largest heap in GiB of a worker of so many vCPU: less a tenth of overhead. Undefined where there is no such worker. */
export const mostHeap = (cores: number): number | undefined => {
  const [, most] = (Object.hasOwn(WORKER_GIGABYTES, cores) && WORKER_GIGABYTES[cores]) || [];
  return most && Math.floor(most * 0.9);
};

/** MSK: the port of brokers that ask for IAM. */
export const KAFKA_PORT = 9098;

/**
 * MSK Express: brokers of an environment that has them, and what each is sized for: MB a second in and out, and partitions with their copies
 * (developer guide, best practices for Express brokers and quotas).
 */
export const EXPRESS_BROKER = {
  kafkaVersion: '3.9.x',
  size: 'express.m7g.large',
  count: 3,
  megabytesIn: 15.6,
  megabytesOut: 31.2,
  partitions: 1_000,
} as const;

/** MSK Express: copies of each partition. */
export const EXPRESS_COPIES = 3;

/** Lambda: MiB of each function. */
export const FUNCTION_MIB = 256;

/** Fargate: units and MiB of a worker of Kafka Connect, of which some connectors take half. */
export const WORKER_SIZE = { cpu: 512, memoryMiB: 1024 } as const;

/** Kafka Connect: the port of its REST interface. */
export const CONNECT_PORT = 8083;

/** The values that are allowed, in words; undefined when this is one of them. */
type Values = (value: string) => string | undefined;

const oneOf =
  (...words: string[]): Values =>
  (value) =>
    words.includes(value) ? undefined : words.join(', ');

/** Whole numbers, written as text. */
export const wholeFrom =
  (least: number, most = Number.MAX_SAFE_INTEGER): Values =>
  (value) => {
    if (/^-?\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return undefined;
    return `whole numbers from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`;
  };

/** MSK Serverless: the largest `max.message.bytes`. */
export const MOST_MESSAGE_BYTES = 8_388_608;

/** MSK Serverless: the topic settings that can be set, with their values; nothing else is accepted. */
export const TOPIC_SETTINGS: Readonly<Record<string, Values>> = {
  'cleanup.policy': oneOf('delete', 'compact', 'compact,delete', 'delete,compact'),
  'compression.type': oneOf('producer', 'uncompressed', 'gzip', 'lz4', 'snappy', 'zstd'),
  'max.message.bytes': wholeFrom(0, MOST_MESSAGE_BYTES),
  'message.timestamp.difference.max.ms': wholeFrom(0),
  'message.timestamp.type': oneOf('CreateTime', 'LogAppendTime'),
  'retention.bytes': wholeFrom(-1),
  'retention.ms': wholeFrom(-1),
};

/**
 * MSK Express: what a topic says instead of `message.timestamp.difference.max.ms`, which its brokers do not take. They allow a day unless told
 * otherwise, MSK Serverless any difference.
 */
export const EXPRESS_DIFFERENCES = ['message.timestamp.before.max.ms', 'message.timestamp.after.max.ms'] as const;

/** Kafka: the largest number of a setting, which stands for no limit. */
export const NO_LIMIT = '9223372036854775807';

/** Topic settings that have a word of their own in a declaration. */
export const DECLARED_SETTINGS: readonly string[] = ['cleanup.policy', 'retention.ms', 'message.timestamp.type'];

/** Kafka: `max.message.bytes` of a topic that does not say it. */
export const DEFAULT_MESSAGE_BYTES = 1_048_588;

/** What a dead letter may be larger than its record; the headers are far smaller. */
export const DEAD_LETTER_BYTES = 65_536;

/** MSK Serverless: leader partitions of compacted topics in one cluster. */
export const COMPACTED_PARTITIONS = 120;

/** MSK Serverless: leader partitions of one cluster. */
export const CLUSTER_PARTITIONS = 2_400;

/** Kafka: characters and length of a topic's name (org.apache.kafka.common.internals.Topic). */
export const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;

/** EMR Serverless: characters of one argument of an entry point (StartJobRun, EntryPointArgument). */
export const LONGEST_ARGUMENT = 10_280;

/** EMR Serverless: states of a job run that has not ended (JobRunState). */
export const ALIVE_STATES = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'CANCELLING'] as const;

/** Step Functions: bytes of a state's input or output. */
export const STATE_BYTES = 262_144;

/** Batches that a stream's checkpoint remembers, as `millrace.job.session` sets it. */
export const KEPT_BATCHES = 20;
