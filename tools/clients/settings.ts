/**
 * Takes an external topic of a pipeline and gives the settings of applications that write or read it, on AWS and on this machine. Pure; called by
 * `describe.ts`.
 */
import { externalGroupPrefix } from '../../lib/declaration/plan.ts';

/** Settings by Kafka's or librdkafka's own names. */
export type Settings = Readonly<Record<string, string>>;

/** What an application does with a topic. */
export type Way = 'write' | 'read';

/** Where the brokers are, and how an application proves who it is: by its AWS role, or, on this machine, not at all. */
export interface Brokers {
  readonly bootstrapServers: string;
  readonly security: 'iam' | 'none';
}

export interface Use {
  readonly pipeline: string;
  readonly topic: string;
  readonly way: Way;
}

/** Stands where the answer of the AWS command is to be put. */
export const AWS_SERVERS = '<bootstrap servers>';

/** Consumer groups of applications outside may only begin like this: the policy grants the prefix and a hyphen behind it. */
export const groupOf = (pipeline: string): string => `${externalGroupPrefix(pipeline)}-<application>`;

/** Java: the properties of a producer or consumer; with IAM it needs the library software.amazon.msk:aws-msk-iam-auth. */
export function javaSettings({ bootstrapServers, security }: Brokers, { pipeline, way }: Use): Settings {
  return {
    'bootstrap.servers': bootstrapServers,
    ...(security === 'iam' && {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'AWS_MSK_IAM',
      'sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
      'sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
      // MSK Serverless takes few connection attempts a second.
      'reconnect.backoff.ms': '1000',
    }),
    ...(way === 'write' ? { acks: 'all' } : { 'group.id': groupOf(pipeline), 'auto.offset.reset': 'earliest' }),
  };
}

/** Python, and everything else over librdkafka; with IAM an application also sets the callback that makes tokens. */
export function librdkafkaSettings({ bootstrapServers, security }: Brokers, { pipeline, way }: Use): Settings {
  return {
    'bootstrap.servers': bootstrapServers,
    ...(security === 'iam' && {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanisms': 'OAUTHBEARER',
      'reconnect.backoff.ms': '1000',
    }),
    ...(way === 'write'
      ? // Java's default: one key is in one partition, whoever writes it. librdkafka's own default is another.
        { acks: 'all', partitioner: 'murmur2_random' }
      : { 'group.id': groupOf(pipeline), 'auto.offset.reset': 'earliest' }),
  };
}

/** A Python program's client. */
export function pythonLines(brokers: Brokers, use: Use): string[] {
  const kind = use.way === 'write' ? 'Producer' : 'Consumer';
  const settings = Object.entries(librdkafkaSettings(brokers, use)).map(
    ([name, value]) => `    "${name}": "${value}",`,
  );
  const client = `from confluent_kafka import ${kind}`;
  const made = [`client = ${kind}({`, ...settings];
  if (brokers.security === 'none') return [client, ...made, '})'];
  return [
    'import os',
    'from aws_msk_iam_sasl_signer import MSKAuthTokenProvider',
    client,
    'def token(_):',
    '    value, expires_ms = MSKAuthTokenProvider.generate_auth_token(os.environ["AWS_REGION"])',
    '    return value, expires_ms / 1000',
    ...made,
    '    "oauth_cb": token,',
    '})',
  ];
}

/** kcat on this machine: keys and values with a tab between them. */
export function kcatCommand({ bootstrapServers }: Brokers, { topic, way }: Use): string {
  const common = `kcat -b ${bootstrapServers} -t ${topic} -K '\\t'`;
  return way === 'write' ? `${common} -P -X partitioner=murmur2_random` : `${common} -C -o beginning -e`;
}

/** Why kcat is no client of MSK with IAM. */
export const WHY_NO_KCAT =
  'kcat cannot: MSK takes a request signed with the AWS role as its token, and librdkafka asks the program for such a token, of which kcat has no notion. ' +
  'Its mechanism AWS_MSK_IAM does not exist, and the OIDC methods of librdkafka, aws_iam among them, fetch tokens of another kind. ' +
  "Kafka's own tools do it, with the Java properties above in client.properties:";

/** Kafka's own tool for the same, on AWS. */
export function kafkaToolCommand({ bootstrapServers }: Brokers, { topic, way }: Use): string {
  const where = `--bootstrap-server ${bootstrapServers} --topic ${topic}`;
  const jar = 'CLASSPATH=aws-msk-iam-auth-all.jar';
  return way === 'write'
    ? `${jar} kafka-console-producer.sh ${where} --producer.config client.properties --property parse.key=true`
    : `${jar} kafka-console-consumer.sh ${where} --consumer.config client.properties --property print.key=true`;
}
