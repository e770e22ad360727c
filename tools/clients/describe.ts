/**
 * Takes a pipeline, an environment and the broker of this machine and gives, for each external topic, everything that an application needs to write or
 * read it. Called by `millrace clients`, which prints it.
 */
import {
  isJsonSchema,
  type Pipeline,
  type SchemaReference,
  type TopicDeclaration,
} from '../../lib/declaration/model.ts';
import { artifactOf, externalPolicy, externalWays, stackNameOf } from '../../lib/declaration/plan.ts';
import {
  AWS_SERVERS,
  type Brokers,
  javaSettings,
  kafkaToolCommand,
  kcatCommand,
  librdkafkaSettings,
  pythonLines,
  type Settings,
  type Use,
  type Way,
  WHY_NO_KCAT,
} from './settings.ts';

/** The client of one application, by the language or tool that it is made with. */
export interface Client {
  readonly java: Settings;
  readonly python: { readonly settings: Settings; readonly lines: readonly string[] };
  /** For a shell: kcat, or, where it cannot, Kafka's own tool and why. */
  readonly shell: { readonly tool: 'kcat' | 'kafka'; readonly command: string; readonly why?: string };
}

/** What an application does with a topic, and how. */
export interface Access {
  readonly way: Way;
  /** Output of the pipeline's stack that names the policy. */
  readonly policyOutput: string;
  /** Prints the policy's ARN. */
  readonly policyCommand: string;
  readonly aws: Client;
  readonly local: Client;
}

export interface TopicClients {
  readonly role: string;
  readonly topic: string;
  readonly partitions: number;
  /** What keys and values are, in words. */
  readonly key: string;
  readonly value: string;
  readonly access: readonly Access[];
}

/** Where the broker of this machine is, or would be. */
export interface LocalBroker {
  readonly bootstrapServers: string;
  readonly running: boolean;
}

/** The clients of all external topics. */
export function describeClients(pipeline: Pipeline, environment: string, local: LocalBroker): TopicClients[] {
  return Object.entries(pipeline.topics)
    .filter(([, topic]) => topic.external !== undefined)
    .map(([role, topic]) => ({
      role,
      topic: topic.name,
      partitions: topic.partitions,
      key: contentOf(pipeline, role, topic.key, 'key'),
      value: contentOf(pipeline, role, topic.value, 'value'),
      access: externalWays(topic).map((way) => accessOf(pipeline, environment, role, topic, way, local)),
    }));
}

function accessOf(
  pipeline: Pipeline,
  environment: string,
  role: string,
  topic: TopicDeclaration,
  kind: 'Writer' | 'Reader',
  local: LocalBroker,
): Access {
  const way: Way = kind === 'Writer' ? 'write' : 'read';
  const use: Use = { pipeline: pipeline.name, topic: topic.name, way };
  const policyOutput = externalPolicy(role, kind);
  const aws: Brokers = { bootstrapServers: AWS_SERVERS, security: 'iam' };
  const here: Brokers = { bootstrapServers: local.bootstrapServers, security: 'none' };
  return {
    way,
    policyOutput,
    policyCommand:
      `aws cloudformation describe-stacks --stack-name ${stackNameOf(environment, pipeline.name)} ` +
      `--query "Stacks[0].Outputs[?OutputKey=='${policyOutput}'].OutputValue" --output text`,
    aws: { ...clientOf(aws, use), shell: { tool: 'kafka', command: kafkaToolCommand(aws, use), why: WHY_NO_KCAT } },
    local: { ...clientOf(here, use), shell: { tool: 'kcat', command: kcatCommand(here, use) } },
  };
}

function clientOf(brokers: Brokers, use: Use): Pick<Client, 'java' | 'python'> {
  const python = { settings: librdkafkaSettings(brokers, use), lines: pythonLines(brokers, use) };
  return { java: javaSettings(brokers, use), python };
}

function contentOf(
  pipeline: Pipeline,
  role: string,
  schema: SchemaReference | undefined,
  part: 'key' | 'value',
): string {
  if (!schema) return 'bytes without a schema';
  if (isJsonSchema(schema)) return `JSON, pipelines/${pipeline.name}/schemas/${schema.file}`;
  return `Avro in Confluent's framing, artifact ${artifactOf(pipeline, role, part)} of the registry (/apis/ccompat/v7)`;
}
