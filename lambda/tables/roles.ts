/** Roles of a database, and what each may do: exactly what is declared now, whatever it was before. */
import { type Client, escapeIdentifier } from 'pg';
import type { Declared, DeclaredTable } from './declared.ts';
import { OWN } from './migrations.ts';

/** The role of RDS whose members sign in with tokens. */
const RDS_IAM = 'rds_iam';

/** Makes, grants and withdraws, within a transaction of the caller: at no moment has a job that runs less than it had and will have. */
export async function grantAll(client: Client, declared: Declared): Promise<void> {
  const { place, pipeline, tables, roles, people, replication } = declared;
  const schema = escapeIdentifier(pipeline);
  const database = escapeIdentifier(place.database);
  const remembered = await namesIn(client, `SELECT name FROM ${OWN}.role`);
  const existing = await namesIn(client, 'SELECT rolname AS name FROM pg_roles');
  const signingIn = [...roles.map(({ name }) => name), people];
  const wanted = [...signingIn, ...(replication === undefined ? [] : [replication])];
  // What everybody has in a new database.
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  for (const name of wanted) {
    const role = escapeIdentifier(name);
    if (!existing.includes(name)) await client.query(`CREATE ROLE ${role} LOGIN`);
    // Who has it signs in with a token and no more with a password, which replication asks for.
    if (existing.includes(RDS_IAM) && name !== replication) await client.query(`GRANT ${RDS_IAM} TO ${role}`);
    await withdraw(client, role, schema, database);
    await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${role}`);
    await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    await client.query(`ALTER ROLE ${role} SET search_path = ${schema}`);
    await client.query(`INSERT INTO ${OWN}.role (name) VALUES ($1) ON CONFLICT DO NOTHING`, [name]);
  }
  for (const { name, reads, writes } of roles) {
    const role = escapeIdentifier(name);
    for (const table of tables) {
      const [isWritten, named] = [writes.includes(table.name), `${schema}.${escapeIdentifier(table.name)}`];
      const rights = [
        ...(reads.includes(table.name) || isWritten ? ['SELECT'] : []),
        ...(isWritten ? ['INSERT', 'UPDATE'] : []),
      ];
      if (rights.length > 0) await client.query(`GRANT ${onColumns(rights, table)} ON ${named} TO ${role}`);
      if (isWritten && table.deletes) await client.query(`GRANT DELETE ON ${named} TO ${role}`);
    }
    if (writes.length === 0) continue;
    // Staging is a table of the session; numbers of rows may come from sequences.
    await client.query(`GRANT TEMPORARY ON DATABASE ${database} TO ${role}`);
    await client.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`);
    await client.query(`GRANT USAGE ON SCHEMA ${OWN} TO ${role}`);
    await client.query(`GRANT SELECT, INSERT, UPDATE ON ${OWN}.position TO ${role}`);
  }
  const reader = escapeIdentifier(people);
  await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${reader}`);
  await client.query(`ALTER ROLE ${reader} SET default_transaction_read_only = on`);
  for (const name of remembered.filter((one) => !wanted.includes(one) && existing.includes(one))) {
    await withdraw(client, escapeIdentifier(name), schema, database);
    await client.query(`DROP ROLE ${escapeIdentifier(name)}`);
  }
  await client.query(`DELETE FROM ${OWN}.role WHERE NOT name = ANY($1)`, [wanted]);
}

/** Takes everything from a role that this handler ever gave it. */
async function withdraw(client: Client, role: string, schema: string, database: string): Promise<void> {
  for (const one of [schema, OWN]) {
    await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA ${one} FROM ${role}`);
    await client.query(`REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${one} FROM ${role}`);
    await client.query(`REVOKE ALL ON SCHEMA ${one} FROM ${role}`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM ${role}`);
}

function onColumns(rights: readonly string[], { columns }: DeclaredTable): string {
  const list = columns.map((column) => escapeIdentifier(column)).join(', ');
  return rights.map((right) => `${right} (${list})`).join(', ');
}

async function namesIn(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}
