/**
 * How a cluster is entered. Signing is tested in a bundle, since it loads parts of the AWS SDK only when it needs them.
 */
import type { KafkaConfig, OauthbearerProviderResponse } from 'kafkajs';
import { afterEach, expect, test, vi } from 'vitest';
import type { Connection } from '../../../lambda/kafka/client.ts';
import { bundledHandler } from '../../support/bundle.ts';

interface Client {
  readonly settingsOf: (connection: Connection, clientId: string) => KafkaConfig;
}
const client = await bundledHandler<Client>('kafka', 'client.ts');
const settingsOf = (connection: Connection) => client.settingsOf(connection, 'tests');

const serverless: Connection = { bootstrapServers: 'boot-1.example:9098, boot-2.example:9098', security: 'iam' };

const signed = () => {
  const { sasl } = settingsOf(serverless) as {
    sasl: { oauthBearerProvider: () => Promise<OauthbearerProviderResponse> };
  };
  return sasl.oauthBearerProvider();
};

afterEach(() => vi.unstubAllEnvs());

test('a broker on this machine is entered without a name', () => {
  const settings = settingsOf({ bootstrapServers: '127.0.0.1:9092', security: 'none' });
  expect(settings.brokers).toEqual(['127.0.0.1:9092']);
  expect(settings).not.toHaveProperty('ssl');
  expect(settings).not.toHaveProperty('sasl');
});

test('MSK Serverless is entered through TLS with a token', () => {
  expect(settingsOf(serverless)).toMatchObject({
    brokers: ['boot-1.example:9098', 'boot-2.example:9098'],
    ssl: true,
    sasl: { mechanism: 'oauthbearer' },
  });
});

test('a first connection through a new network interface is tried for as long as that may take, and answers for as long as a cluster may', () => {
  expect(settingsOf(serverless)).toMatchObject({
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    requestTimeout: 60_000,
    retry: { initialRetryTime: 300, maxRetryTime: 5_000, retries: 7 },
  });
});

test("the token is a signed kafka-cluster:Connect for the function's Region, made without any call", async () => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
  const { value } = await signed();
  const url = new URL(Buffer.from(value, 'base64url').toString('utf8'));
  expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
  expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
  expect(url.searchParams.get('X-Amz-Credential')).toMatch(
    /^AKIDEXAMPLE\/\d{8}\/eu-central-1\/kafka-cluster\/aws4_request$/,
  );
  expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
});

test('a missing Region is named', async () => {
  vi.stubEnv('AWS_REGION', '');
  await expect(signed()).rejects.toThrow('AWS_REGION is not set');
});
