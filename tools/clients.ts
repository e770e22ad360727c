/** What an application needs to write or read an external topic, on AWS and here: settings for Java and Python, and commands for a shell. */
import { topicsOf } from '../lib/declaration/flow.ts';
import type { Topic } from '../lib/declaration/kinds/topic.ts';
import { externalGroupPrefix, externalPolicy, schemaKey, stackNameOf } from '../lib/declaration/names.ts';
import type { Pipeline } from '../lib/declaration/pipeline.ts';

interface Use {
  readonly pipeline: string;
  readonly topic: string;
  readonly way: 'write' | 'read';
}

/** Where the brokers are, and how an application proves who it is: by its AWS role, or, on this machine, not at all. */
interface Brokers {
  readonly bootstrapServers: string;
  readonly security: 'iam' | 'none';
}

/** Settings by Kafka's or librdkafka's own names. */
type Settings = Readonly<Record<string, string>>;

export type TopicClients = ReturnType<typeof describeClients>[number];
export type Client = ReturnType<typeof clientOf>;

/** The clients of all external topics; `bootstrapServers` are those of this machine's broker. */
export function describeClients(pipeline: Pipeline, environment: string, bootstrapServers: string) {
  const stack = stackNameOf(environment, pipeline.name);
  const external = Object.entries(topicsOf(pipeline)).filter(([, topic]) => topic.externalWays.length > 0);
  return external.map(([alias, topic]) => ({
    alias,
    topic: topic.name,
    partitions: topic.props.partitions,
    key: contentOf(pipeline, topic, alias, 'key'),
    value: contentOf(pipeline, topic, alias, 'value'),
    access: topic.externalWays.map((kind) => {
      const policyOutput = externalPolicy(alias, kind);
      const use: Use = { pipeline: pipeline.name, topic: topic.name, way: kind === 'Writer' ? 'write' : 'read' };
      return {
        way: use.way,
        policyOutput,
        policyCommand:
          `aws cloudformation describe-stacks --stack-name ${stack} ` +
          `--query "Stacks[0].Outputs[?OutputKey=='${policyOutput}'].OutputValue" --output text`,
        // What is in brackets is the answer of an AWS command.
        aws: clientOf({ bootstrapServers: '<bootstrap servers>', security: 'iam' }, use),
        local: clientOf({ bootstrapServers, security: 'none' }, use),
      };
    }),
  }));
}

function contentOf(pipeline: Pipeline, topic: Topic, alias: string, part: 'key' | 'value'): string {
  const found = topic.schemas(alias).find(({ key }) => key === schemaKey(alias, part));
  if (!found) return 'bytes without a schema';
  if (found.schema.format === 'json') return `JSON, pipelines/${pipeline.name}/schemas/${found.schema.file}`;
  return `Avro in Confluent's framing, artifact ${found.artifact} of the registry (/apis/ccompat/v7)`;
}

/** The client of one application, by the language or tool that it is made with. */
function clientOf(brokers: Brokers, use: Use) {
  const settings = librdkafkaSettings(brokers, use);
  return {
    java: javaSettings(brokers, use),
    python: { settings, lines: pythonLines(settings, brokers, use) },
    shell: brokers.security === 'iam' ? kafkaTool(brokers, use) : kcat(brokers, use),
  };
}

/** What is the same for Java and librdkafka. Consumer groups may only begin like this: the policy grants the prefix and a hyphen behind it. */
const commonSettings = ({ pipeline, way }: Use): Settings =>
  way === 'write'
    ? { acks: 'all' }
    : { 'group.id': `${externalGroupPrefix(pipeline)}-<application>`, 'auto.offset.reset': 'earliest' };

/** The properties of a producer or consumer; with IAM it needs the library software.amazon.msk:aws-msk-iam-auth. */
const javaSettings = ({ bootstrapServers, security }: Brokers, use: Use): Settings => ({
  'bootstrap.servers': bootstrapServers,
  ...(security === 'iam' && {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'AWS_MSK_IAM',
    'sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
    'sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
    // MSK Serverless takes few connection attempts a second.
    'reconnect.backoff.ms': '1000',
  }),
  ...commonSettings(use),
});

/** Python, and everything else over librdkafka; with IAM an application also sets the callback that makes tokens. */
const librdkafkaSettings = ({ bootstrapServers, security }: Brokers, use: Use): Settings => ({
  'bootstrap.servers': bootstrapServers,
  ...(security === 'iam' && {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanisms': 'OAUTHBEARER',
    'reconnect.backoff.ms': '1000',
  }),
  ...commonSettings(use),
  // Java's default: one key is in one partition, whoever writes it. librdkafka's own default is another.
  ...(use.way === 'write' && { partitioner: 'murmur2_random' }),
});

function pythonLines(settings: Settings, { security }: Brokers, { way }: Use): string[] {
  const kind = way === 'write' ? 'Producer' : 'Consumer';
  const iam = (...lines: string[]) => (security === 'iam' ? lines : []);
  return [
    ...iam('import os', 'from aws_msk_iam_sasl_signer import MSKAuthTokenProvider'),
    `from confluent_kafka import ${kind}`,
    ...iam(
      'def token(_):',
      '    value, expires_ms = MSKAuthTokenProvider.generate_auth_token(os.environ["AWS_REGION"])',
      '    return value, expires_ms / 1000',
    ),
    `client = ${kind}({`,
    ...Object.entries(settings).map(([name, value]) => `    "${name}": "${value}",`),
    ...iam('    "oauth_cb": token,'),
    '})',
  ];
}

/** For a shell, without IAM: keys and values with a tab between them. */
function kcat({ bootstrapServers }: Brokers, { topic, way }: Use) {
  const options = way === 'write' ? '-P -X partitioner=murmur2_random' : '-C -o beginning -e';
  const command = `kcat -b ${bootstrapServers} -t ${topic} -K '\\t' ${options}`;
  return { tool: 'kcat', why: undefined, command };
}

/** For a shell, with IAM: Kafka's own tool, and why not kcat. */
function kafkaTool({ bootstrapServers }: Brokers, { topic, way }: Use) {
  const [kind, property] = way === 'write' ? ['producer', 'parse.key'] : ['consumer', 'print.key'];
  const command =
    `CLASSPATH=aws-msk-iam-auth-all.jar kafka-console-${kind}.sh --bootstrap-server ${bootstrapServers} --topic ${topic} ` +
    `--${kind}.config client.properties --property ${property}=true`;
  const why =
    'kcat cannot: MSK takes a request signed with the AWS role as its token, and librdkafka asks the program for such a token, of which kcat has no notion. ' +
    'Its mechanism AWS_MSK_IAM does not exist, and the OIDC methods of librdkafka, aws_iam among them, fetch tokens of another kind. ' +
    "Kafka's own tools do it, with the Java properties above in client.properties:";
  return { tool: 'kafka', command, why };
}
