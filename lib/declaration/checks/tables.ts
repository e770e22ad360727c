/** Checks the database of a pipeline: that it is one, and that its migrations can be applied in their order. */
import type { Aliased } from '../flow.ts';
import { Table } from '../kinds/table.ts';
import { migrationsFolder, migrationsIn, numberingMistake } from '../migrations.ts';
import type { Note } from '../mistakes.ts';
import type { Owner } from '../thing.ts';

/** CloudFormation hands all of them to the handler in one event. */
const MOST_SQL = 100_000;

/** A statement of its own; in the body of a function none of them is followed by a semicolon at once, but for COMMIT and ROLLBACK of a procedure. */
const ENDS_TRANSACTION = /^\s*(begin|start\s+transaction|commit|rollback)\s*;/im;

export function checkTables({ folders }: Owner, things: readonly Aliased[], note: Note): void {
  const tables = things.filter((one): one is Aliased<Table> => one.thing instanceof Table);
  const [first] = tables;
  if (!first) return;
  const { database } = first.thing.props;
  const other = tables.find(({ thing }) => thing.props.database !== database);
  if (other) {
    const allowed = `${database.name}, as of ${first.alias}`;
    note(
      `tables.${other.alias}.database`,
      'is the second database of the pipeline',
      other.thing.props.database.name,
      allowed,
    );
  }
  const migrations = migrationsIn(folders.declaration);
  const folder = migrationsFolder(folders.declaration);
  if (migrations.length === 0) note('tables', 'are made by no migration', folder, 'a folder with 001-....sql');
  const wrong = numberingMistake(migrations);
  if (wrong) note('tables', 'have a migration with another name than its turn', wrong.name, wrong.allowed);
  const ending = migrations.find(({ sql }) => ENDS_TRANSACTION.test(sql));
  if (ending)
    note(
      'tables',
      'end their transaction, which each migration has by itself',
      ending.name,
      'no BEGIN, COMMIT or ROLLBACK',
    );
  const characters = migrations.reduce((sum, { sql }) => sum + sql.length, 0);
  if (characters > MOST_SQL)
    note('tables', 'have migrations that are too long together', characters, `${MOST_SQL} characters`);
}
