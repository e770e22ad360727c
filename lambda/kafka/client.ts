/** How kafkajs reaches a cluster. */
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { type KafkaConfig, logLevel } from 'kafkajs';
import { KAFKA_PORT } from '../../lib/declaration/limits.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';

export interface Connection {
  readonly bootstrapServers: string;
  readonly security: 'iam' | 'none';
}

/** @param clientId how the client names itself to the brokers */
export function settingsOf({ bootstrapServers, security }: Connection, clientId: string): KafkaConfig {
  return {
    clientId,
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

/** Why a cluster cannot be reached, and what to look at. */
export function unreachable({ bootstrapServers, security }: Connection, error: unknown): string {
  const remedy =
    security === 'iam'
      ? `Check that the function is in a VPC that the cluster is attached to, that its security group may reach port ${KAFKA_PORT}, and that its role may kafka-cluster:Connect`
      : 'Check that the broker runs and listens there';
  return `Kafka at ${bootstrapServers} cannot be reached with security "${security}": ${messageOf(error)}. ${remedy}.`;
}
