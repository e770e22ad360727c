/** What a table of a pipeline holds, as the page tells it. */
import { PEOPLE, type Table } from '../../lib/declaration/kinds/table.ts';
import { databaseRole } from '../../lib/declaration/names.ts';
import { textOf } from '../accounts/records.ts';
import type { Home } from '../home.ts';
import { ask } from '../services/postgres-query.ts';
import { givePasswords } from '../services/postgres-sign-in.ts';
import { serviceStatus } from '../services/services.ts';
import type { RowsTold } from './model.ts';

const shownRows = 50;
/** Rows that are counted; of a larger table it is said that there are more. */
const mostCounted = 100_000;
const longestMs = 10_000;

/** The last rows of a table by its key, read as the role of people. */
export async function lastRows(home: Home, pipeline: string, { name, props }: Table): Promise<RowsTold> {
  if (serviceStatus(home, 'postgres').state !== 'running') throw new Error('PostgreSQL does not run.');
  const user = databaseRole(pipeline, PEOPLE);
  await givePasswords(home, [user]);
  const read = (text: string) =>
    ask(home, { user, database: props.database.name }, text, AbortSignal.timeout(longestMs));
  const quoted = (names: readonly string[], more = '') => names.map((one) => `"${one}"${more}`).join(', ');
  const table = `"${pipeline}"."${name}"`;
  const [found, counted] = await Promise.all([
    read(`SELECT ${quoted(props.columns)} FROM ${table} ORDER BY ${quoted(props.key, ' DESC')} LIMIT ${shownRows}`),
    read(`SELECT count(*) FROM (SELECT FROM ${table} LIMIT ${mostCounted + 1}) counted`),
  ]);
  const count = Number(counted.rows[0]?.[0] ?? 0);
  const rows = found.rows.map((row: readonly unknown[]) => row.map((value) => textOf({ value, decoded: true })));
  const { columns, key } = props;
  return { columns, key, rows, count: Math.min(count, mostCounted), more: count > mostCounted };
}
