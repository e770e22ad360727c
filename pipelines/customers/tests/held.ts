/** What the database of the customers holds, asked of PostgreSQL itself; and what the oracle and readers of the history say. */
import type { Home } from '../../../local/home.ts';
import { asSuperuser } from '../../../local/services/postgres-sign-in.ts';
import { python } from '../../../test/e2e/cli.ts';

/** Gender, customers, average age, deleted. */
export type Row = readonly [string, number, string | null, number];

/** Columns of a customer as texts, in the order of the oracle's. */
export type Customer = readonly (string | null)[];

export interface Facts {
  readonly customers: readonly Customer[];
  readonly byGender: readonly Row[];
  readonly topic: readonly Row[];
  readonly deleted: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

export const oracle = (bootstrapServers: string): Facts =>
  python<Facts>(new URL('oracle.py', import.meta.url), '--bootstrap', bootstrapServers);

/** What the history says of each customer in the end. */
export const replayed = (home: Home) =>
  python<{ readonly customers: readonly Customer[]; readonly deleted: number; readonly twice: number }>(
    new URL('history.py', import.meta.url),
    home.root,
  );

const rowsOf = (home: Home, query: string): Promise<never[]> =>
  asSuperuser(home, 'customers', async (client) => {
    const { rows } = await client.query({ text: query, rowMode: 'array' });
    return rows as never[];
  });

/** The table of customers. */
export const customersIn = (home: Home): Promise<Customer[]> =>
  rowsOf(
    home,
    `SELECT id::text, name, gender::text, address, phone, email, photo, birthdate::text, profession,
      to_char(dt_update AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') FROM customers.customer ORDER BY id`,
  );

/** The table of sums. */
export const sumsIn = (home: Home): Promise<Row[]> =>
  rowsOf(
    home,
    `SELECT gender::text, customers::int, average_age::text, deleted::int FROM customers.by_gender ORDER BY gender`,
  );
