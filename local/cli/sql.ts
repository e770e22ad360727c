/** `millrace sql <pipeline> [query]`: what is in the database of a pipeline, read as the role of people, who may change nothing; without a query, how psql connects. */
import { mkdirSync } from 'node:fs';
import { databaseOf } from '../../lib/declaration/flow.ts';
import { PEOPLE } from '../../lib/declaration/kinds/table.ts';
import { databaseRole } from '../../lib/declaration/names.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { table } from '../accounts/results.ts';
import type { Home } from '../home.ts';
import { postgresAddress } from '../services/postgres.ts';
import { ask } from '../services/postgres-query.ts';
import { givePasswords, writePasswords } from '../services/postgres-sign-in.ts';
import { serviceFiles } from '../services/service-files.ts';
import { serviceStatus } from '../services/services.ts';
import { visibleLine } from '../visible.ts';
import { type Context, notUp, pipelineOf } from './context.ts';

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
