/**
 * How roles of the deployment sign in to PostgreSQL on this machine: with a password in place of RDS's token, which a role gets for those users of databases
 * to which its policies let it connect.
 */
import { join } from 'node:path';
import type { Client } from 'pg';
import { writeFileAtomically } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import { readAccess } from '../iam/access.ts';
import { decisionPoint } from '../iam/decision-point.ts';
import { passwordOf, postgresAddress, SUPERUSER } from './postgres.ts';
import { serviceStatus } from './services.ts';

/** Does something as who may do everything. */
export async function asSuperuser<T>(home: Home, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg');
  const password = passwordOf(home, SUPERUSER);
  const client = new pg.Client({ ...postgresAddress(home), user: SUPERUSER, password, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The ARNs of database users in a role's policies. */
function usersIn(document: unknown): string[] {
  return JSON.stringify(document).match(/arn:[^"*]*:dbuser:[^"*]+/g) ?? [];
}

/** The users as whom a role may connect, each with its password; none while there is no PostgreSQL. */
async function usersOf(home: Home, roleArn: string): Promise<string[]> {
  const policies = readAccess(home).roles.find(({ arn }) => arn === roleArn)?.policies ?? [];
  const named = [...new Set(policies.flatMap(({ document }) => usersIn(document)))];
  if (named.length === 0 || serviceStatus(home, 'postgres').state !== 'running') return [];
  const point = decisionPoint(home);
  const asked = named.map((resource) => ({ principal: roleArn, action: 'rds-db:connect', resource }));
  const allowed = asked.filter((request) => point.decide(request).allowed);
  const users = allowed.map(({ resource }) => resource.slice(resource.lastIndexOf('/') + 1));
  if (users.length > 0) await givePasswords(home, users);
  return users;
}

/** What lets a function sign in, by a variable; nothing where it uses no database. */
export async function functionSignIn(home: Home, roleArn: string): Promise<Record<string, string>> {
  const [user] = await usersOf(home, roleArn);
  return user === undefined ? {} : { PGPASSWORD: passwordOf(home, user) };
}

/** What lets a job sign in, by a variable that names its password file in this folder; nothing where it uses no database. */
export async function jobSignIn(home: Home, roleArn: string, folder: string): Promise<Record<string, string>> {
  const users = await usersOf(home, roleArn);
  return users.length === 0 ? {} : { PGPASSFILE: writePasswords(home, users, folder) };
}

/** Sees to it that users have the passwords that this home knows; those who do not exist yet get none. */
export async function givePasswords(home: Home, users: readonly string[]): Promise<void> {
  await asSuperuser(home, 'postgres', async (client) => {
    const { rows } = await client.query('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [users]);
    for (const { rolname } of rows) {
      // The same password each time: whoever is connected, or about to be, goes on.
      await client.query(`ALTER ROLE ${client.escapeIdentifier(rolname)} PASSWORD '${passwordOf(home, rolname)}'`);
    }
  });
}

/** Writes a password file for users, which nobody else may read; gives its path. */
export function writePasswords(home: Home, users: readonly string[], folder: string): string {
  const { host, port } = postgresAddress(home);
  const file = join(folder, 'pgpass');
  writeFileAtomically(
    file,
    users.map((user) => `${host}:${port}:*:${user}:${passwordOf(home, user)}\n`).join(''),
    0o600,
  );
  return file;
}
