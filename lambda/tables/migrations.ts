/** Brings a database to where its migrations lead: each applied once, in the order of their numbers, in a transaction of its own. */
import { createHash } from 'node:crypto';
import { type Client, escapeIdentifier } from 'pg';
import { messageOf } from '../custom-resource/lifecycle.ts';
import { refuse } from '../custom-resource/properties.ts';
import type { Declared, DeclaredMigration } from './declared.ts';

/** The schema of what this handler and the jobs' sinks remember. */
export const OWN = 'millrace';

/** What is remembered; `position` is how far each query has written, of which a role sees its own rows alone. */
const ownTables = `
CREATE SCHEMA IF NOT EXISTS ${OWN};
CREATE TABLE IF NOT EXISTS ${OWN}.migration (
  name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS ${OWN}.role (name text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS ${OWN}.position (
  query text PRIMARY KEY, batch bigint NOT NULL, written_at timestamptz NOT NULL DEFAULT now(),
  owner name NOT NULL DEFAULT current_user);
ALTER TABLE ${OWN}.position ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own ON ${OWN}.position;
CREATE POLICY own ON ${OWN}.position USING (owner = current_user);
`;

export async function migrate(client: Client, { pipeline, migrations }: Declared): Promise<void> {
  await transaction(client, async () => {
    await client.query(ownTables);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${escapeIdentifier(pipeline)}`);
  });
  for (const migration of await pending(client, migrations)) await apply(client, pipeline, migration);
}

/** Those that were not applied yet. @throws Mistakes where an applied one has another content now, or one comes too late */
async function pending(client: Client, migrations: readonly DeclaredMigration[]): Promise<DeclaredMigration[]> {
  const { rows } = await client.query<{ name: string; sha256: string }>(`SELECT name, sha256 FROM ${OWN}.migration`);
  const applied = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
  const last = [...applied.keys()].sort().at(-1) ?? '';
  const left = migrations.filter(({ name }) => !applied.has(name));
  const changed = migrations.filter(({ name, sql }) => applied.has(name) && applied.get(name) !== sha256Of(sql));
  const late = left.filter(({ name }) => name.slice(0, 3) <= last.slice(0, 3));
  refuse('tables', [
    ...changed.map(
      ({ name }) =>
        `tables/${name} was applied with another content. Restore it, and say what is to change in a new migration`,
    ),
    ...late.map(({ name }) => `tables/${name} comes too late: ${last} was applied already. Give it the next number`),
  ]);
  return left;
}

async function apply(client: Client, pipeline: string, { name, sql }: DeclaredMigration): Promise<void> {
  try {
    await transaction(client, async () => {
      await client.query(`SET LOCAL search_path = ${escapeIdentifier(pipeline)}`);
      await client.query(sql);
      await client.query(`INSERT INTO ${OWN}.migration (name, sha256) VALUES ($1, $2)`, [name, sha256Of(sql)]);
    });
  } catch (error) {
    throw new Error(
      `tables/${name}${placeOf(error, sql)}: ${wordsOf(error)}. Nothing of it was applied, nor of a later one; correct it and deploy again.`,
      { cause: error },
    );
  }
}

/** Does something in one transaction, or nothing of it. */
export async function transaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Where in the file PostgreSQL found the mistake. */
function placeOf(error: unknown, sql: string): string {
  const { position } = Object(error) as { position?: string };
  return position ? `, line ${sql.slice(0, Number(position) - 1).split('\n').length}` : '';
}

/** PostgreSQL's own words, with what it says besides. */
export function wordsOf(error: unknown): string {
  const { detail, hint } = Object(error) as { detail?: string; hint?: string };
  return [messageOf(error), detail, hint].filter(Boolean).join('. ').replace(/\.+$/, '');
}
