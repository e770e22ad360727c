/** How a database is found and believed on AWS, and how long one is waited for that does not answer yet. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configurationOf, isNotYet, jdbcUrl, patience, sslMode } from '../../../lambda/tables/connection.ts';

const place = { host: 'all.cluster.example', port: 5433, database: 'all', user: 'millrace' };

beforeEach(() => {
  vi.stubEnv('PGPASSWORD', '');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('RDS_AUTHORITY', 'a certificate');
});
afterEach(() => vi.unstubAllEnvs());

describe('on AWS', () => {
  test('the owner signs in with a token, over TLS, to the host whose name the certificate has', () => {
    const { password, ...rest } = configurationOf(place);
    expect(rest).toEqual({
      ...place,
      application_name: 'millrace',
      connectionTimeoutMillis: 30_000,
      ssl: { ca: 'a certificate', servername: 'all.cluster.example' },
    });
    expect(password).toBeTypeOf('function');
  });

  test('jobs sign in with tokens, to the host whose name the certificate has, and wait a minute for one that resumes', () => {
    const [address, options] = jdbcUrl(place).split('?');
    expect(address).toBe('jdbc:aws-wrapper:postgresql://all.cluster.example:5433/all');
    expect(Object.fromEntries(new URLSearchParams(options))).toEqual({
      wrapperPlugins: 'iam',
      sslmode: 'verify-full',
      sslfactory: 'org.postgresql.ssl.SingleCertValidatingFactory',
      sslfactoryarg: expect.stringMatching(/^classpath:.*eu-central-1/),
      connectTimeout: '60',
    });
  });

  test('whoever follows the database holds it to its name', () => expect(sslMode()).toBe('verify-full'));
});

test('on one machine there is a password, and no TLS', () => {
  vi.stubEnv('PGPASSWORD', 'secret');
  expect(configurationOf(place)).not.toHaveProperty('ssl');
  expect(jdbcUrl(place)).toBe('jdbc:postgresql://all.cluster.example:5433/all');
  expect(sslMode()).toBe('disable');
});

test('one that is paused or new has three minutes, in which it is asked every ten seconds at least', () => {
  expect(patience).toEqual({ forMs: 180_000, answerMs: 30_000, pausesMs: [500, 10_000] });
});

test.each([
  ['57P03', 'the database system is starting up'],
  ['53300', 'sorry, too many clients already'],
  ['08006', ''],
  ['08001', ''],
  ['ECONNREFUSED', ''],
  ['ECONNRESET', ''],
  ['ETIMEDOUT', ''],
  ['EHOSTUNREACH', ''],
  ['ENOTFOUND', ''],
  ['', 'timeout expired'],
  ['', 'Connection terminated unexpectedly'],
])('%s %s passes by itself', (code, message) => expect(isNotYet(code, message)).toBe(true));

test.each([
  ['28P01', 'password authentication failed'],
  ['3D000', 'database "all" does not exist'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname does not match'],
])('%s %s stays', (code, message) => expect(isNotYet(code, message)).toBe(false));
