/** What connectors may follow: publications of exactly the declared tables, and the role that reads these and the changes of the database. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Declared } from './declared.ts';

/** The role of RDS whose members follow changes; elsewhere that is an attribute of a role. */
const RDS_REPLICATION = 'rds_replication';

/** Brings publications and the rights of their reader to what is declared, within a transaction of the caller. */
export async function publish(client: Client, { pipeline, replication, publications }: Declared): Promise<void> {
  const { rows } = await client.query<{ pubname: string }>(
    'SELECT pubname FROM pg_publication WHERE pubowner = current_user::regrole',
  );
  const existing = rows.map(({ pubname }) => pubname);
  for (const name of existing.filter((one) => !publications.some((declared) => declared.name === one))) {
    await client.query(`DROP PUBLICATION ${escapeIdentifier(name)}`);
  }
  for (const { name, tables } of publications) {
    const list = tables.map((table) => `${escapeIdentifier(pipeline)}.${escapeIdentifier(table)}`).join(', ');
    const publication = escapeIdentifier(name);
    await client.query(
      existing.includes(name)
        ? `ALTER PUBLICATION ${publication} SET TABLE ${list}`
        : `CREATE PUBLICATION ${publication} FOR TABLE ${list}`,
    );
    // What stood in a table before it was followed is read as a whole.
    await client.query(`GRANT SELECT ON ${list} TO ${escapeIdentifier(replication ?? '')}`);
  }
  if (replication !== undefined) await mayFollow(client, escapeIdentifier(replication));
}

async function mayFollow(client: Client, role: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [RDS_REPLICATION]);
  await client.query(rowCount ? `GRANT ${RDS_REPLICATION} TO ${role}` : `ALTER ROLE ${role} REPLICATION`);
  const password = process.env.REPLICATION_PASSWORD;
  if (password) await client.query(`ALTER ROLE ${role} PASSWORD ${escapeLiteral(verifierOf(password))}`);
}

/** What a database keeps of a password (RFC 5803): it can be checked by it, and not be read from a log of statements. */
export function verifierOf(password: string): string {
  const [salt, iterations] = [randomBytes(16), 4_096];
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyOf = (what: string) => createHmac('sha256', salted).update(what).digest();
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}
