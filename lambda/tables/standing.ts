/** Compares tables as they stand with what is declared of them: a migration may lack something, and somebody may have altered one by hand. */
import type { Client } from 'pg';
import { Mistakes } from '../custom-resource/lifecycle.ts';
import type { Declared, DeclaredTable } from './declared.ts';

interface Standing {
  readonly columns: readonly string[];
  /** The columns of each unique index. */
  readonly keys: readonly (readonly string[])[];
}

const query = `
SELECT c.relname AS name,
  (SELECT coalesce(json_agg(attname), '[]') FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT coalesce(json_agg((SELECT json_agg(a.attname)
      FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
      WHERE k.place <= i.indnkeyatts)), '[]')
    FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL) AS keys
FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')`;

/** @throws Mistakes that name everything that is declared and not there */
export async function checkStanding(client: Client, { pipeline, tables }: Declared): Promise<void> {
  const { rows } = await client.query<Standing & { name: string }>(query, [`"${pipeline}"`]);
  const standing = new Map(rows.map((row) => [row.name, row]));
  const mistakes = tables.flatMap((table) => lacking(`${pipeline}.${table.name}`, table, standing.get(table.name)));
  if (mistakes.length === 0) return;
  throw new Mistakes(
    'Tables are not what is declared of them, because no migration makes them so or somebody altered them by hand. Roles and grants are as they were; add a migration:',
    mistakes,
  );
}

function lacking(name: string, { columns, key }: DeclaredTable, table: Standing | undefined): string[] {
  if (!table) return [`table ${name} does not exist`];
  const missing = columns.filter((column) => !table.columns.includes(column));
  const wanted = [...key].sort().join();
  const hasKey = table.keys.some((one) => [...one].sort().join() === wanted);
  return [
    ...missing.map((column) => `table ${name} has no column ${column}; it has ${table.columns.join(', ')}`),
    ...(hasKey || missing.length > 0
      ? []
      : [`table ${name} has no primary key or unique index over (${key.join(', ')})`]),
  ];
}
