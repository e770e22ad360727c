/** Signs in to a database: with a token of RDS over TLS, or with a password where one is given, as on a machine without RDS. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Signer } from '@aws-sdk/rds-signer';
import { Client, type ClientConfig } from 'pg';
import { rdsAuthorityFile } from '../../lib/declaration/names.ts';
import { messageOf } from '../custom-resource/lifecycle.ts';
import type { Place } from './declared.ts';

/** A cluster that is paused takes half a minute to resume; a new one has an address before it answers. */
export const patience = { forMs: 180_000, answerMs: 30_000, pausesMs: [500, 10_000] } as const;

/** Whether there is a password, which the client finds by itself. */
const hasPassword = () => Boolean(process.env.PGPASSWORD);

/** Nobody listens, or who listens says that it is not there yet: worth another try. */
const NOT_YET = /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|timeout|terminated/i;
const STARTING = ['57P03', '53300', '08006', '08001'];

/** Whether a try that failed so is worth another one. */
export const isNotYet = (code: string, message: string): boolean =>
  STARTING.includes(code) || NOT_YET.test(`${code} ${message}`);

/** Does something in a session of one event. */
export async function connected<T>(place: Place, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await signedIn(place);
  // What nobody waits for, such as the end of a server between two requests, shows at the next request.
  client.on('error', () => {});
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function signedIn(place: Place): Promise<Client> {
  const deadline = performance.now() + patience.forMs;
  const [firstMs, mostMs] = patience.pausesMs;
  for (let pauseMs: number = firstMs; ; pauseMs = Math.min(pauseMs * 2, mostMs)) {
    const client = new Client(configurationOf(place));
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      const { code = '' } = Object(error) as { code?: string };
      const isEarly = isNotYet(code, messageOf(error));
      if (isEarly && performance.now() + pauseMs < deadline) {
        await sleep(pauseMs);
        continue;
      }
      const { host, port, database, user } = place;
      const waited = isEarly ? ` within ${patience.forMs / 1_000} s` : '';
      throw new Error(
        `Database ${database} at ${host}:${port} did not let ${user} in${waited}: ${messageOf(error)}. Check that it runs, that it can be reached from here, and that the role may connect.`,
        { cause: error },
      );
    }
  }
}

/** How the owner signs in. */
export function configurationOf({ host, port, database, user }: Place): ClientConfig {
  const common = {
    host,
    port,
    database,
    user,
    application_name: 'millrace',
    connectionTimeoutMillis: patience.answerMs,
  };
  if (hasPassword()) return common;
  const signer = new Signer({ hostname: host, port, username: user });
  return { ...common, password: () => signer.getAuthToken(), ssl: { ca: process.env.RDS_AUTHORITY, servername: host } };
}

/** How a program that follows the database is to know it: by its certificate, where it has one. */
export const sslMode = (): string => (hasPassword() ? 'disable' : 'verify-full');

/** How a job's driver finds the database; as whom, and with which password, it is not told by this. */
export function jdbcUrl({ host, port, database }: Place): string {
  if (hasPassword()) return `jdbc:postgresql://${host}:${port}/${database}`;
  const options = new URLSearchParams({
    wrapperPlugins: 'iam',
    sslmode: 'verify-full',
    sslfactory: 'org.postgresql.ssl.SingleCertValidatingFactory',
    sslfactoryarg: `classpath:${rdsAuthorityFile(process.env.AWS_REGION ?? '')}`,
    // A cluster that is paused resumes at the first connection.
    connectTimeout: '60',
  });
  return `jdbc:aws-wrapper:postgresql://${host}:${port}/${database}?${options}`;
}
