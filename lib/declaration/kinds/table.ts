/** Databases, and tables in them that jobs read and write. */
import { z } from 'zod';
import { fitting, made } from '../checks/form.ts';
import type { Template } from '../fill.ts';
import { mentions, migrationsIn } from '../migrations.ts';
import type { Note } from '../mistakes.ts';
import { databaseRole, LONGEST_IDENTIFIER, replicationRole } from '../names.ts';
import { nameSpec } from '../schema.ts';
import { type Owner, type Sink, type Source, Thing, type Use } from '../thing.ts';

export interface DatabaseProps {
  /** Whether other programs may follow its changes. On AWS it then never pauses. @default false */
  readonly logicalReplication?: boolean;
}

/** A PostgreSQL database of the pipeline: a cluster of its own on AWS. A pipeline has one. */
export class Database {
  readonly name: string;
  readonly props: DatabaseProps;

  constructor(name: string, props: DatabaseProps) {
    this.name = name;
    this.props = props;
  }

  get logicalReplication(): boolean {
    return this.props.logicalReplication ?? false;
  }

  toJSON(): string {
    return `database ${this.name}`;
  }
}

export interface TableProps {
  readonly database: Database;
  /** Columns by which rows are told apart, the primary key or another unique index: a row that is written takes the place of the one with its key. */
  readonly key: readonly string[];
  /** The columns that jobs read and write; a role gets rights on these and on no others. */
  readonly columns: readonly string[];
  /** Whether jobs that write it may delete rows too. @default false */
  readonly deletes?: boolean;
  /** Who fills it beside our jobs: a migration, a person, another application. @default nobody */
  readonly external?: 'written';
}

/** PostgreSQL folds what is not quoted to lower case: names are written so that quotes change nothing. */
const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;
const identifier = (what: string) =>
  fitting(
    `is not a name for a ${what}`,
    `a-z, 0-9 and _, first a letter, ${LONGEST_IDENTIFIER} at most`,
    (name) => typeof name === 'string' && IDENTIFIER.test(name),
    'string',
  );

const columns = z.array(identifier('column')).min(1, 'at least one column');
const form = z.strictObject({
  name: identifier('table'),
  database: made(Database, 'a database made by postgres(...)'),
  key: columns,
  columns,
  deletes: z.boolean().optional(),
  external: z.enum(['written']).optional(),
} satisfies Record<keyof TableProps | 'name', z.ZodType>);

const databaseForm = z.strictObject({
  logicalReplication: z.boolean().optional(),
} satisfies Record<keyof DatabaseProps, z.ZodType>);

/** A table that migrations make: in the schema of the pipeline's name in its database. */
export class Table extends Thing implements Source, Sink {
  readonly kind = 'table';
  readonly plural = 'tables';
  readonly name: string;
  readonly props: TableProps;

  constructor(name: string, props: TableProps) {
    super({ name, ...props }, form);
    this.name = name;
    this.props = props;
  }

  override get isWrittenOutside(): boolean {
    return this.props.external === 'written';
  }

  override place(pipeline: string): string {
    return `table ${pipeline}.${this.name}`;
  }

  readPart({ pipeline, job }: Use): Template {
    const { database, columns, key } = this.props;
    return {
      kind: this.kind,
      url: `{pipeline.databases.${database.name}}`,
      user: databaseRole(pipeline.name, job),
      schema: pipeline.name,
      table: this.name,
      columns: [...columns],
      key: [...key],
    };
  }

  writePart(use: Use): Template {
    return this.readPart(use);
  }

  override check({ name: pipeline, folders }: Owner, note: Note): void {
    const { database, columns, key } = this.props;
    checkDatabase(database, pipeline, note);
    for (const [what, list] of Object.entries({ columns, key })) {
      const again = list.find((name, index) => list.indexOf(name) !== index);
      if (again) note(what, 'names a column twice', again, 'each once');
    }
    const unknown = key.find((name) => !columns.includes(name));
    if (unknown) note('key', 'is none of its columns', unknown, columns.join(', '));
    const migrations = migrationsIn(folders.declaration);
    if (migrations.length === 0) return;
    const sql = migrations.map((one) => one.sql).join('\n');
    const isMissing = (name: string) => IDENTIFIER.test(name) && !mentions(sql, name);
    const missing = columns.find(isMissing);
    if (isMissing(this.name)) note('name', 'is in no migration', this.name, 'a table that one of tables/*.sql makes');
    else if (missing) note('columns', 'is in no migration', missing, 'a column that one of tables/*.sql makes');
  }

  override checkUse(use: Use, note: Note): void {
    if (use.mode === 'stream') note('', 'is no source of a stream', this, 'a batch job');
    checkRole(use, note);
  }

  override checkWrite(use: Use, note: Note): void {
    checkRole(use, note);
  }
}

function checkDatabase({ name, props }: Database, pipeline: string, note: Note): void {
  const isOurs = name === pipeline || (String(name).startsWith(`${pipeline}_`) && IDENTIFIER.test(name));
  if (!isOurs) note('database', 'has a name that is not of this pipeline', name, `${pipeline}, or ${pipeline}_...`);
  const { error } = databaseForm.safeParse(props);
  if (error) note('database', 'does not fit', props, '{ logicalReplication: true } or nothing');
}

/** Role of people who look into a database; no job may have a name that makes it theirs. */
export const PEOPLE = 'sql';

function checkRole({ pipeline, job }: Use, note: Note): void {
  const role = databaseRole(pipeline.name, job);
  if (role.length > LONGEST_IDENTIFIER) {
    note(
      '',
      'has too long a role for its job',
      role,
      `${LONGEST_IDENTIFIER} characters at most: a shorter name of the job`,
    );
  }
  if (role === replicationRole(pipeline.name))
    note('', 'belongs to a job whose role is that of connectors', role, 'another name of the job');
  if (job === PEOPLE) note('', 'belongs to a job whose role is that of people', role, 'another name of the job');
}

/** A PostgreSQL database, by its name: that of the pipeline, or one that begins with it. */
export const postgres = (name: string, props: DatabaseProps = {}): Database => new Database(name, props);

/** A table that the pipeline's migrations make, `tables/001-....sql` and so on beside its declaration. */
export const table = (name: string, props: TableProps): Table => new Table(name, props);

const spec = z.strictObject({
  kind: z.literal('table'),
  url: z
    .string()
    .regex(/^jdbc:/)
    .describe('Of the database, for a driver of JDBC; it says neither the user nor a password'),
  user: nameSpec.describe('Role of the job in the database'),
  schema: nameSpec,
  table: nameSpec,
  columns: z.array(nameSpec).min(1),
  key: z.array(nameSpec).min(1).describe('Columns by which rows are told apart'),
});
export const readSpecs = [spec];
export const writeSpecs = [spec];
