/** How the workers of Kafka Connect are set up. */
import { CONNECT_PORT } from '../../declaration/limits.ts';
import { connectGroup, connectTopics } from '../../declaration/names.ts';

/** What a worker of a pipeline is told, as its file of properties; a machine changes where it listens, and nothing else. */
export function propertiesOf(pipeline: string, bootstrapServers: string): string {
  const topics = connectTopics(pipeline);
  const signIn = {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'AWS_MSK_IAM',
    'sasl.jaas.config': 'software.amazon.msk.auth.iam.IAMLoginModule required;',
    'sasl.client.callback.handler.class': 'software.amazon.msk.auth.iam.IAMClientCallbackHandler',
  };
  const clients = ['', 'producer.', 'consumer.', 'admin.'];
  const properties: Record<string, string | number | boolean> = {
    'bootstrap.servers': bootstrapServers,
    ...Object.fromEntries(clients.flatMap((of) => Object.entries(signIn).map(([name, value]) => [of + name, value]))),
    'group.id': connectGroup(pipeline),
    'config.storage.topic': topics.configs,
    'offset.storage.topic': topics.offsets,
    'status.storage.topic': topics.status,
    // As many copies as the brokers make by themselves; partitions of compacted topics are scarce on MSK Serverless.
    'config.storage.replication.factor': -1,
    'offset.storage.replication.factor': -1,
    'status.storage.replication.factor': -1,
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    'offset.flush.interval.ms': 5_000,
    // Topics exist because they are declared.
    'topic.creation.enable': false,
    'connector.client.config.override.policy': 'None',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': false,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': false,
    // Secrets are files beside the worker.
    'config.providers': 'directory',
    'config.providers.directory.class': 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
    'plugin.path': 'plugins',
    'plugin.discovery': 'service_load',
    listeners: `HTTP://0.0.0.0:${CONNECT_PORT}`,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
