/**
 * Takes the properties of a `Custom::KafkaTopics` resource, in which every scalar is text, and gives the topics that it
 * declares, or refuses all of its mistakes at once. Called by the handler before anything is asked of a broker.
 */
import { refusal } from '../custom-resource/lifecycle.ts';

/** A topic as its pipeline declares it. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** What becomes of the topic and its records when it is no longer declared. */
  readonly onRemoval: 'retain' | 'delete';
  readonly configuration: Readonly<Record<string, string>>;
}

/** One resource: the topics of a pipeline and how their cluster is reached. */
export interface DeclaredTopics {
  readonly pipeline: string;
  readonly bootstrapServers: string;
  readonly security: 'iam' | 'none';
  readonly topics: readonly Topic[];
}

/** Says what is wrong with a value; `undefined` when nothing is. */
type Check = (value: string) => string | undefined;

const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(value) ? undefined : `allowed are ${allowed.join(', ')}`;

const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (value) => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return undefined;
    return most === Number.MAX_SAFE_INTEGER
      ? `allowed is a whole number from ${least}`
      : `allowed is a whole number from ${least} to ${most}`;
  };

/**
 * What can be set for a topic of MSK Serverless. A plain broker has more settings, but a topic that uses one of them
 * would deploy on one machine and fail on AWS.
 */
const settings: Readonly<Record<string, Check>> = {
  'cleanup.policy': oneOf('delete', 'compact', 'compact,delete', 'delete,compact'),
  'compression.type': oneOf('producer', 'uncompressed', 'gzip', 'lz4', 'snappy', 'zstd'),
  'max.message.bytes': wholeNumber(0, 8_388_608),
  'message.timestamp.difference.max.ms': wholeNumber(0),
  'message.timestamp.type': oneOf('CreateTime', 'LogAppendTime'),
  'retention.bytes': wholeNumber(-1),
  'retention.ms': wholeNumber(-1),
};

/** Reads and checks the properties; throws one error with every mistake. */
export function readDeclaredTopics(properties: Readonly<Record<string, unknown>>): DeclaredTopics {
  const mistakes: string[] = [];
  const text = (name: string): string => {
    const value = properties[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    mistakes.push(`${name}: ${shown(value)} was given, a text is needed`);
    return '';
  };
  const pipeline = text('Pipeline');
  const bootstrapServers = text('BootstrapServers');
  const security = text('Security');
  if (security && security !== 'iam' && security !== 'none') {
    mistakes.push(`Security: ${shown(security)} was given, allowed are iam, none`);
  }
  const list = properties.Topics;
  if (!Array.isArray(list)) mistakes.push(`Topics: ${shown(list)} was given, a list is needed`);
  const topics = (Array.isArray(list) ? list : []).map((item, index) => readTopic(item, index, mistakes));
  const seen = new Set<string>();
  for (const { name } of topics) {
    if (seen.has(name)) mistakes.push(`topic ${name} is declared twice`);
    seen.add(name);
  }
  if (mistakes.length > 0) throw refusal('The topics were refused and nothing was changed:', mistakes);
  return { pipeline, bootstrapServers, security: security === 'iam' ? 'iam' : 'none', topics };
}

function readTopic(item: unknown, index: number, mistakes: string[]): Topic {
  const given = (isRecord(item) ? item : {}) as Record<string, unknown>;
  const name = typeof given.Name === 'string' ? given.Name : '';
  const where = name === '' ? `Topics[${index}]` : `topic ${name}`;
  const check = (property: string, value: unknown, problem: Check, otherwise: string): string => {
    const used = value === undefined ? otherwise : String(value);
    const wrong = problem(used);
    if (wrong) mistakes.push(`${where}: ${property} is ${shown(value)}, ${wrong}`);
    return used;
  };
  check('Name', given.Name, topicName, '');
  const partitions = check('Partitions', given.Partitions, wholeNumber(1), '');
  const onRemoval = check('OnRemoval', given.OnRemoval, oneOf('retain', 'delete'), 'retain');
  const configuration: Record<string, string> = {};
  for (const [key, value] of Object.entries(isRecord(given.Configuration) ? given.Configuration : {})) {
    const problem = settings[key];
    if (problem) configuration[key] = check(key, value, problem, '');
    else mistakes.push(`${where}: MSK Serverless has no setting ${key}, it has ${Object.keys(settings).join(', ')}`);
  }
  return {
    name,
    partitions: Number(partitions),
    onRemoval: onRemoval === 'delete' ? 'delete' : 'retain',
    configuration,
  };
}

const topicName: Check = (value) =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(value) && value !== '.' && value !== '..'
    ? undefined
    : 'allowed are 1 to 249 letters, digits, dots, underscores and hyphens';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
