/** `millrace sql <pipeline> [query]`: what is in the database of a pipeline, read as the role of people, who may change nothing; without a query, how psql connects. */
import { mkdirSync } from 'node:fs';
import type { Client, QueryResult } from 'pg';
import { databaseOf } from '../../lib/declaration/flow.ts';
import { PEOPLE } from '../../lib/declaration/kinds/table.ts';
import { databaseRole } from '../../lib/declaration/names.ts';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { visibleLine } from '../accounts/records.ts';
import { table } from '../accounts/results.ts';
import type { Home } from '../home.ts';
import { passwordOf, postgresAddress } from '../services/postgres.ts';
import { givePasswords, writePasswords } from '../services/postgres-sign-in.ts';
import { serviceFiles } from '../services/service-files.ts';
import { serviceStatus } from '../services/services.ts';
import { type Context, notUp, pipelineOf } from './context.ts';

/** What a query may take. */
const longestMs = 60_000;

export async function sql({ home, json, print, signal }: Context, name: string, query?: string): Promise<number> {
  const pipeline = await pipelineOf(name);
  const database = databaseOf(pipeline)?.name;
  if (database === undefined) {
    throw new MillraceError(
      'NO_DATABASE',
      `Pipeline ${name} has no database: it declares no table. See "npx millrace describe ${name}".`,
    );
  }
  if (serviceStatus(home, 'postgres').state !== 'running') throw notUp('PostgreSQL does not run.');
  const user = databaseRole(name, PEOPLE);
  await givePasswords(home, [user]);
  if (query === undefined) {
    const how = connectionOf(home, user, database);
    print(json ? JSON.stringify(how) : how.command);
    return 0;
  }
  const { fields, rows } = await ask(home, { user, database }, query, signal);
  const columns = fields.map(({ name: title }, index) => ({
    field: String(index),
    title: visibleLine(title),
    format: 'text' as const,
  }));
  const shown = (value: unknown) => visibleLine(value === null ? '' : String(value));
  const texts = rows.map((values: unknown[]) =>
    Object.fromEntries(values.map((value, index) => [index, shown(value)])),
  );
  print(json ? JSON.stringify({ columns: fields.map((field) => field.name), rows }) : table(texts, columns));
  return 0;
}

/** How psql, or any other client, connects as the role of people. */
export function connectionOf(home: Home, user: string, database: string) {
  const { folder } = serviceFiles(home, 'postgres');
  mkdirSync(folder, { recursive: true });
  const passwordFile = writePasswords(home, [user], folder);
  const { host, port } = postgresAddress(home);
  const command = `PGPASSFILE='${passwordFile}' psql -h ${host} -p ${port} -U ${user} ${database}`;
  return { command, host, port, user, database, passwordFile };
}

/** Runs one query in a transaction that can only read; values come as PostgreSQL writes them. */
export async function ask(
  home: Home,
  who: { readonly user: string; readonly database: string },
  text: string,
  signal: AbortSignal,
): Promise<QueryResult> {
  const { default: pg } = await import('pg');
  const client: Client = new pg.Client({
    ...postgresAddress(home),
    ...who,
    password: passwordOf(home, who.user),
    statement_timeout: longestMs,
  });
  await client.connect().catch((error: unknown) => {
    throw new MillraceError(
      'NO_DATABASE',
      `Database ${who.database} did not let ${who.user} in: ${messageOf(error)}. Deploy the pipeline with "npx millrace up".`,
      { cause: error },
    );
  });
  const stop = () => void client.end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.query('BEGIN READ ONLY');
    const types = { getTypeParser: () => (value: string) => value };
    // As a prepared statement it can be one statement only: none that ends the transaction and begins another.
    return await client.query({
      text,
      values: [],
      rowMode: 'array',
      types: types as never,
      queryMode: 'extended',
    } as never);
  } catch (error) {
    signal.throwIfAborted();
    const { position } = Object(error) as { position?: string };
    const line =
      position && text.includes('\n') ? `, line ${text.slice(0, Number(position) - 1).split('\n').length}` : '';
    throw new MillraceError('SQL_REFUSED', `PostgreSQL refused the query${line}: ${messageOf(error)}.`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end();
  }
}
