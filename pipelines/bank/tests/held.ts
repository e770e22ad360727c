/** What the table of the bank holds, asked of PostgreSQL itself; and what the oracle says that it must. */
import type { Home } from '../../../local/home.ts';
import { asSuperuser } from '../../../local/services/postgres-sign-in.ts';
import { python } from '../../../test/e2e/cli.ts';

/** Interval, branch, currency, sum. */
export type Row = readonly [string, string, string, string];

export interface Facts {
  readonly records: number;
  readonly rows: readonly Row[];
  readonly sum: string;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly rowsSetAside: number;
  readonly problems: readonly string[];
}

export const oracle = (bootstrapServers: string): Facts =>
  python<Facts>(new URL('oracle.py', import.meta.url), '--bootstrap', bootstrapServers);

/** The rows of the table in the order of the oracle's. */
export const held = (home: Home): Promise<Row[]> =>
  asSuperuser(home, 'bank', async (client) => {
    const time = `to_char(curr_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')`;
    const { rows } = await client.query({
      text: `SELECT ${time} || '+00:00', branch_name, currency_code::text, batch_value::text FROM bank.transaction_flow
        ORDER BY curr_time, branch_name COLLATE "C", currency_code`,
      rowMode: 'array',
    });
    return rows as unknown as Row[];
  });
