/** The topics that the properties of a `Custom::KafkaTopics` resource declare. */
import { isObject } from '../../lib/declaration/json.ts';
import { MOST_MESSAGE_BYTES, TOPIC_NAME } from '../../lib/declaration/limits.ts';
import { type LifecycleEvent, shown } from '../custom-resource/lifecycle.ts';
import { type OnRemoval, oneOf, onRemoval, type Rule, refuse, textsOf, twice } from '../custom-resource/properties.ts';

export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly onRemoval: OnRemoval;
  readonly configuration: Readonly<Record<string, string>>;
}

/** One resource: the topics of a pipeline and how their cluster is reached. */
export interface DeclaredTopics {
  readonly pipeline: string;
  readonly bootstrapServers: string;
  readonly security: 'iam' | 'none';
  readonly topics: readonly Topic[];
}

const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER): Rule =>
  (value) => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return undefined;
    return `allowed is a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`;
  };

/**
 * What can be set for a topic of MSK Serverless. A plain broker has more settings, but a topic that uses one of them
 * would deploy on one machine and fail on AWS.
 */
const settings: Readonly<Record<string, Rule>> = {
  'cleanup.policy': oneOf('delete', 'compact', 'compact,delete', 'delete,compact'),
  'compression.type': oneOf('producer', 'uncompressed', 'gzip', 'lz4', 'snappy', 'zstd'),
  'max.message.bytes': wholeNumber(0, MOST_MESSAGE_BYTES),
  'message.timestamp.difference.max.ms': wholeNumber(0),
  'message.timestamp.type': oneOf('CreateTime', 'LogAppendTime'),
  'retention.bytes': wholeNumber(-1),
  'retention.ms': wholeNumber(-1),
};

export function readDeclaredTopics(properties: LifecycleEvent['ResourceProperties']): DeclaredTopics {
  const mistakes: string[] = [];
  const text = textsOf(properties, mistakes);
  const pipeline = text('Pipeline');
  const bootstrapServers = text('BootstrapServers');
  const security = text('Security', oneOf('iam', 'none')) === 'iam' ? 'iam' : 'none';
  const { Topics: list } = properties;
  if (!Array.isArray(list)) mistakes.push(`Topics: ${shown(list)} was given, a list is needed`);
  const topics = (Array.isArray(list) ? list : []).map((item, index) => readTopic(item, index, mistakes));
  for (const name of twice(topics.map((topic) => topic.name))) mistakes.push(`topic ${name} is declared twice`);
  refuse('topics', mistakes);
  return { pipeline, bootstrapServers, security, topics };
}

function readTopic(item: unknown, index: number, mistakes: string[]): Topic {
  const given = isObject(item) ? item : {};
  const where = given.Name ? `topic ${given.Name}` : `Topics[${index}]`;
  const text = textsOf(given, mistakes, where);
  const configured = isObject(given.Configuration) ? given.Configuration : {};
  const setting = textsOf(configured, mistakes, where);
  const configuration: Record<string, string> = {};
  for (const key of Object.keys(configured)) {
    const rule = settings[key];
    if (rule) configuration[key] = setting(key, rule);
    else mistakes.push(`${where}: MSK Serverless has no setting ${key}, it has ${Object.keys(settings).join(', ')}`);
  }
  return {
    name: text('Name', topicName),
    partitions: Number(text('Partitions', wholeNumber(1))),
    onRemoval: text('OnRemoval', onRemoval, 'retain') as OnRemoval,
    configuration,
  };
}

const topicName: Rule = (value) =>
  TOPIC_NAME.test(value) ? undefined : 'allowed are 1 to 249 letters, digits, dots, underscores and hyphens';
