/** Who gets a password of PostgreSQL: roles of the deployment, for those users to which their policies let them connect. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { writeAccess } from '../../../local/iam/access.ts';
import { postgresAddress } from '../../../local/services/postgres.ts';
import { asSuperuser, functionSignIn, jobSignIn } from '../../../local/services/postgres-sign-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-sign-in-'));
const running = millraceHome(inject('home'));
/** The services of the tests, and roles of our own. */
const home = { ...running, root: folder, iam: join(folder, 'iam') };

const arn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const user = (name: string) => `arn:aws:rds-db:us-east-1:000000000000:dbuser:cluster-ABC/${name}`;
const role = (name: string, statements: readonly object[]) => ({
  arn: arn(name),
  name,
  stack: 'dev/bank',
  logicalId: name,
  job: `bank/${name}`,
  trust: { Version: '2012-10-17', Statement: [] },
  policies: [{ name: 'own', document: { Version: '2012-10-17', Statement: statements } }],
  accessKeyId: 'a',
  secretAccessKey: 'b',
  sessionToken: 'c',
});
const allow = (...users: string[]) => ({ Effect: 'Allow', Action: 'rds-db:connect', Resource: users.map(user) });

const users = ['sign_in_one', 'sign_in_two'];

beforeAll(async () => {
  const deny = { Effect: 'Deny', Action: 'rds-db:connect', Resource: user('sign_in_two') };
  const roles = [role('writer', [allow(...users), deny]), role('stranger', [])];
  writeAccess(home, { roles, resources: [], endpoints: [] });
  await asSuperuser(home, 'postgres', async (client) => {
    for (const name of users) await client.query(`CREATE ROLE ${name} LOGIN`);
  });
});
afterAll(async () => {
  await asSuperuser(home, 'postgres', async (client) => {
    for (const name of users) await client.query(`DROP ROLE ${name}`);
  });
  rmSync(folder, { recursive: true, force: true });
});

const signIn = async (name: string, password: string) => {
  const client = new Client({ ...postgresAddress(home), user: name, password, database: 'postgres' });
  await client.connect();
  await client.end();
};

test('a job gets a file of its own with the users that its policies allow, and no other', async () => {
  const { PGPASSFILE: file = '' } = await jobSignIn(home, arn('writer'), join(folder, 'run'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => line.split(':')[3])).toEqual(['sign_in_one']);
  await signIn('sign_in_one', lines[0]?.split(':')[4] ?? '');
  await expect(signIn('sign_in_two', lines[0]?.split(':')[4] ?? '')).rejects.toMatchObject({ code: '28P01' });
});

test('a function gets its password by a variable', async () => {
  const { PGPASSWORD: password = '' } = await functionSignIn(home, arn('writer'));
  await signIn('sign_in_one', password);
});

test('who uses no database gets nothing', async () => {
  expect(await jobSignIn(home, arn('stranger'), join(folder, 'other'))).toEqual({});
  expect(await functionSignIn(home, arn('none'))).toEqual({});
});
