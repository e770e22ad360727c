/** One query to a database of this machine, which changes nothing. */
import type { Client, QueryResult } from 'pg';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import type { Home } from '../home.ts';
import { passwordOf, postgresAddress } from './postgres.ts';

/** What a query may take. */
const longestMs = 60_000;

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
