/** How kafkajs reaches a cluster. */
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { KAFKA_PORT } from '../../lib/declaration/limits.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';
import type { DeclaredTopics } from './declared.ts';
import type { TopicAdmin } from './topics.ts';

export type Connection = Pick<DeclaredTopics, 'bootstrapServers' | 'security'>;

/** Runs the work with a connected client, and closes it whatever happens. */
export async function withAdmin<T>(connection: Connection, work: (admin: TopicAdmin) => Promise<T>): Promise<T> {
  const admin = new Kafka(settingsOf(connection)).admin();
  try {
    await admin.connect().catch((error: unknown) => {
      throw new Error(unreachable(connection, error), { cause: error });
    });
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export function settingsOf({ bootstrapServers, security }: Connection): KafkaConfig {
  return {
    clientId: 'millrace-kafka-topics',
    brokers: bootstrapServers.split(',').map((server) => server.trim()),
    // What matters of a failure is in the error; the client's own lines would be noise in the handler's log.
    logLevel: logLevel.NOTHING,
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    requestTimeout: 60_000,
    // Connecting through a new network interface may fail at first: about 20 seconds in all.
    retry: { initialRetryTime: 300, maxRetryTime: 5_000, retries: 7 },
    ...(security === 'iam' ? { ssl: true, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } } : {}),
  };
}

/** Signing is local: the function's own credentials become a token for the Region that it runs in. */
async function oauthBearerProvider(): Promise<{ value: string }> {
  const region = process.env.AWS_REGION;
  if (!region) throw new Error('AWS_REGION is not set, so no token can be signed for the cluster.');
  const { token } = await generateAuthToken({ region });
  return { value: token };
}

function unreachable({ bootstrapServers, security }: Connection, error: unknown): string {
  const remedy =
    security === 'iam'
      ? `Check that the function is in a VPC that the cluster is attached to, that its security group may reach port ${KAFKA_PORT}, and that its role may kafka-cluster:Connect`
      : 'Check that the broker runs and listens there';
  return `Kafka at ${bootstrapServers} cannot be reached with security "${security}": ${messageOf(error)}. ${remedy}.`;
}
