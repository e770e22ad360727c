/** The topics that the properties of a `Custom::KafkaTopics` resource declare. */
import { isObject } from '../../lib/declaration/json.ts';
import { EXPRESS_DIFFERENCES, NO_LIMIT, TOPIC_NAME, TOPIC_SETTINGS, wholeFrom } from '../../lib/declaration/limits.ts';
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

/** Of both kinds of clusters; which of them a topic has is said by the template. */
const SETTINGS: typeof TOPIC_SETTINGS = {
  ...TOPIC_SETTINGS,
  ...Object.fromEntries(EXPRESS_DIFFERENCES.map((name) => [name, wholeFrom(0, Number(NO_LIMIT))])),
};

const allowing =
  (values: Rule): Rule =>
  (value) => {
    const allowed = values(value);
    return allowed && `allowed are ${allowed}`;
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
    const values = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
    if (values) configuration[key] = setting(key, allowing(values));
    // A plain broker has more settings, but a topic that uses one of them would deploy on one machine and fail on AWS.
    else {
      const settings = Object.keys(TOPIC_SETTINGS).join(', ');
      mistakes.push(`${where}: MSK Serverless has no setting ${key}, it has ${settings}`);
    }
  }
  return {
    name: text('Name', topicName),
    partitions: Number(text('Partitions', allowing(wholeFrom(1)))),
    onRemoval: text('OnRemoval', onRemoval, 'retain') as OnRemoval,
    configuration,
  };
}

const topicName: Rule = (value) =>
  TOPIC_NAME.test(value) ? undefined : 'allowed are 1 to 249 letters, digits, dots, underscores and hyphens';
