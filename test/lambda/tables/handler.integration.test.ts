/** The bundled handler of `Custom::Tables`, driven with CloudFormation's events against a real PostgreSQL, and what roles may do afterwards. */
import { Client } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { providers } from '../../../local/cloudformation/providers/databases.ts';
import { millraceHome } from '../../../local/home.ts';
import { passwordOf, postgresAddress } from '../../../local/services/postgres.ts';
import { asSuperuser, givePasswords } from '../../../local/services/postgres-sign-in.ts';
import { bundledHandler } from '../../support/bundle.ts';
import { type Handlers, longestMessage, Resource } from '../../support/lifecycle.ts';

const home = millraceHome(inject('home'));
const handlers = await bundledHandler<Handlers>('tables');
const cluster = providers['AWS::RDS::DBCluster'];
const stack = { path: 'dev/ledger', name: 'millrace-dev-ledger', account: '000000000000', region: 'us-east-1' };
const request = (name: string) => ({
  stack,
  logicalId: name,
  type: 'AWS::RDS::DBCluster',
  properties: { DatabaseName: name, MasterUsername: 'millrace' },
});
const machine = { home } as never;

const flows = {
  Name: '001-flow.sql',
  Sql: 'CREATE TABLE flow (\n  at timestamptz,\n  branch text,\n  total numeric(18, 2) NOT NULL,\n  note text,\n  PRIMARY KEY (at, branch)\n);',
};
const flow = { Name: 'flow', Columns: ['at', 'branch', 'total'], Key: ['branch', 'at'] };
const writer = { Name: 'ledger_sum', Reads: [], Writes: ['flow'] };
const reader = { Name: 'ledger_report', Reads: ['flow'], Writes: [] };

let database = 'ledger';
let count = 0;
let resource: Resource;

const properties = (more: object = {}) => ({
  Host: postgresAddress(home).host,
  Port: String(postgresAddress(home).port),
  Database: database,
  User: 'millrace',
  Pipeline: 'ledger',
  Migrations: [flows],
  Tables: [flow],
  Roles: [writer, reader],
  People: 'ledger_sql',
  ...more,
});

/** Signs in as a role and runs SQL; gives rows, or PostgreSQL's refusal. */
async function as(user: string, sql: string): Promise<unknown> {
  await givePasswords(home, [user]);
  const client = new Client({ ...postgresAddress(home), user, password: passwordOf(home, user), database });
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end();
  }
}

const applied = () =>
  asSuperuser(home, database, async (client) => {
    const { rows } = await client.query('SELECT name FROM millrace.migration ORDER BY name');
    return rows.map(({ name }) => name);
  });

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  if (!error) throw new Error('it was expected to be refused');
  expect(Buffer.byteLength(error.message)).toBeLessThan(longestMessage);
  return error.message;
};

beforeEach(async () => {
  count += 1;
  database = `ledger_${count}`;
  await cluster?.create(request(database), machine);
  await givePasswords(home, ['millrace']);
  process.env.PGPASSWORD = passwordOf(home, 'millrace');
  resource = new Resource(handlers, 'Custom::Tables');
});
afterEach(async () => {
  const { stack: _, ...rest } = request(database);
  const deployed = { ...rest, stack: stack.path, physicalId: database, attributes: {} };
  await cluster?.remove(stack, deployed, machine);
});
afterAll(() => {
  process.env.PGPASSWORD = '';
});

describe('tables', () => {
  test('migrations are applied once, in their order, and jobs are told where the database is', async () => {
    const more = {
      Name: '002-index.sql',
      Sql: 'CREATE INDEX ON flow (branch); INSERT INTO flow VALUES (now(), $$x$$, 1);',
    };
    await resource.create(properties({ Migrations: [flows, more] }));
    await resource.update(properties({ Migrations: [flows, more] }));
    await resource.replay();
    expect(await applied()).toEqual(['001-flow.sql', '002-index.sql']);
    expect(await as('ledger_report', 'SELECT total FROM flow')).toEqual([{ total: '1.00' }]);
    expect(resource.attributes.Url).toBe(`jdbc:postgresql://127.0.0.1:${postgresAddress(home).port}/${database}`);
    expect(resource.physicalId).toBe('tables/ledger');
  });

  test('a mistake in a migration is told with its line; what came before stays, nothing else is there', async () => {
    const wrong = { Name: '002-more.sql', Sql: 'CREATE TABLE more (a int);\n\nCREAT TABLE worse (a int);' };
    const never = { Name: '003-never.sql', Sql: 'CREATE TABLE never (a int);' };
    const told = await refusal(resource.create(properties({ Migrations: [flows, wrong, never] })));
    expect(told).toMatch(/^tables\/002-more\.sql, line 3: syntax error at or near "CREAT"\. Nothing of it was applied/);
    expect(await applied()).toEqual(['001-flow.sql']);
    const tables = await asSuperuser(home, database, (client) =>
      client.query("SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'"),
    );
    expect(tables.rows).toEqual([{ relname: 'flow' }]);
    await resource.create(properties({ Migrations: [flows, { ...wrong, Sql: 'CREATE TABLE more (a int);' }, never] }));
    expect(await applied()).toEqual(['001-flow.sql', '002-more.sql', '003-never.sql']);
  });

  test('an applied migration that changed is refused by its name, and one that comes too late', async () => {
    await resource.create(properties({ Migrations: [flows, { Name: '002-b.sql', Sql: 'SELECT 1' }] }));
    const changed = { ...flows, Sql: `${flows.Sql} -- changed` };
    const late = { Name: '002-a.sql', Sql: 'CREATE TABLE late (a int)' };
    const told = await refusal(resource.update(properties({ Migrations: [changed, late] })));
    expect(told).toContain('tables/001-flow.sql was applied with another content');
    expect(told).toContain('tables/002-a.sql comes too late: 002-b.sql was applied already');
    expect(await applied()).toEqual(['001-flow.sql', '002-b.sql']);
  });

  test('a rollback, which knows fewer migrations, is refused nothing and brings the grants back', async () => {
    await resource.create(properties());
    const before = properties();
    const column = { Name: '002-note.sql', Sql: 'ALTER TABLE flow ADD extra int' };
    const wider = { ...flow, Columns: [...flow.Columns, 'extra'] };
    await resource.update(
      properties({ Migrations: [flows, column], Tables: [wider], Roles: [{ ...reader, Writes: ['flow'] }] }),
    );
    expect(await as('ledger_report', 'SELECT extra FROM flow')).toEqual([]);
    expect(await as('ledger_sum', 'SELECT 1')).toContain('password authentication failed');
    await resource.update(before);
    expect(await as('ledger_report', 'SELECT extra FROM flow')).toContain('permission denied');
    expect(await as('ledger_report', 'DELETE FROM flow')).toContain('permission denied');
    expect(await as('ledger_sum', "INSERT INTO flow VALUES (now(), 'b', 2)")).toEqual([]);
    expect(await applied()).toEqual(['001-flow.sql', '002-note.sql']);
  });

  test('a table that somebody altered by hand is told in words, and grants stay as they were', async () => {
    await resource.create(properties());
    await asSuperuser(home, database, (client) =>
      client.query('ALTER TABLE ledger.flow DROP COLUMN total; CREATE TABLE ledger.other (a int, b int)'),
    );
    const other = { Name: 'other', Columns: ['a'], Key: ['a'] };
    const none = { Name: 'none', Columns: ['a'], Key: ['a'] };
    const told = await refusal(resource.update(properties({ Tables: [flow, other, none], Roles: [] })));
    expect(told).toContain('table ledger.flow has no column total; it has at, branch, note');
    expect(told).toContain('table ledger.other has no primary key or unique index over (a)');
    expect(told).toContain('table ledger.none does not exist');
    expect(await as('ledger_report', 'SELECT branch FROM flow')).toEqual([]);
  });

  test('delete removes nothing', async () => {
    await resource.create(properties());
    await as('ledger_sum', "INSERT INTO flow VALUES (now(), 'b', 2)");
    await resource.delete();
    expect(await as('ledger_report', 'SELECT total FROM flow')).toEqual([{ total: '2.00' }]);
  });

  test('properties that cannot be read are refused together, before anybody is asked', async () => {
    const told = await refusal(
      resource.create(
        properties({ Host: '', Port: 'many', Roles: [{ Name: 'Ledger', Reads: 'flow', Writes: [] }], Migrations: 1 }),
      ),
    );
    for (const name of ['Host', 'Port', 'Migrations', 'Roles.0: Name', 'Roles.0: Reads']) expect(told).toContain(name);
  });
});

describe('roles', () => {
  test('a writer reads and writes the declared columns, and nothing else', async () => {
    await resource.create(properties());
    expect(await as('ledger_sum', "INSERT INTO flow (note) VALUES ('n')")).toContain('permission denied');
    const insert = "INSERT INTO flow (at, branch, total) VALUES ('2026-01-01', 'b', 2)";
    const again = 'ON CONFLICT (at, branch) DO UPDATE SET total = excluded.total';
    for (const _ of [1, 2])
      expect(await as('ledger_sum', `${insert} ${again} RETURNING branch`)).toEqual([{ branch: 'b' }]);
    expect(await as('ledger_sum', 'SELECT note FROM flow')).toContain('permission denied');
    expect(await as('ledger_sum', 'DELETE FROM flow')).toContain('permission denied');
    expect(await as('ledger_sum', 'CREATE TABLE ledger.mine (a int)')).toContain('permission denied');
    expect(await as('ledger_sum', 'CREATE TEMP TABLE staging (LIKE flow) ON COMMIT DROP')).toContain(
      'permission denied',
    );
    const columns = 'SELECT at, branch, total FROM flow WITH NO DATA';
    expect(await as('ledger_sum', `CREATE TEMP TABLE staging ON COMMIT DROP AS ${columns}`)).toEqual([]);
    expect(await as('ledger_sum', 'SELECT * FROM millrace.migration')).toContain('permission denied');
    expect(await as('ledger_report', "UPDATE flow SET branch = 'c'")).toContain('permission denied');
    expect(await as('ledger_report', 'CREATE TEMP TABLE staging (a int)')).toContain('permission denied');
  });

  test('who may delete rows of a table may do so, and writes no other column', async () => {
    await resource.create(properties({ Tables: [{ ...flow, Deletes: 'true' }] }));
    await as('ledger_sum', "INSERT INTO flow (at, branch, total) VALUES ('2026-01-01', 'b', 2)");
    expect(await as('ledger_sum', "DELETE FROM flow WHERE branch = 'b' RETURNING branch")).toEqual([{ branch: 'b' }]);
    expect(await as('ledger_report', 'DELETE FROM flow')).toContain('permission denied');
    expect(await as('ledger_sum', "INSERT INTO flow (note) VALUES ('n')")).toContain('permission denied');
  });

  test('a position is seen and changed by the role alone that wrote it', async () => {
    await resource.create(properties({ Roles: [writer, { ...reader, Writes: ['flow'] }] }));
    const note = "INSERT INTO millrace.position (query, batch) VALUES ('q', 1)";
    expect(await as('ledger_sum', note)).toEqual([]);
    expect(await as('ledger_sum', "UPDATE millrace.position SET batch = 2 WHERE query = 'q' RETURNING batch")).toEqual([
      { batch: '2' },
    ]);
    expect(await as('ledger_report', 'SELECT * FROM millrace.position')).toEqual([]);
    expect(await as('ledger_report', 'UPDATE millrace.position SET batch = 0 RETURNING batch')).toEqual([]);
    expect(await as('ledger_report', "INSERT INTO millrace.position VALUES ('p', 1, now(), 'ledger_sum')")).toContain(
      'row-level security',
    );
  });

  test('people read every table and change none', async () => {
    await resource.create(properties());
    expect(await as('ledger_sql', 'SELECT note FROM flow')).toEqual([]);
    expect(await as('ledger_sql', 'BEGIN READ WRITE; DELETE FROM flow')).toContain('permission denied');
    expect(await as('ledger_sql', 'CREATE TEMP TABLE t (a int)')).toMatch(/permission denied|read-only/);
  });
});

describe('connectors', () => {
  const slot = 'millrace_ledger_flow_changes';
  const followed = (tables: readonly string[]) =>
    properties({ Replication: 'ledger_replication', Publications: [{ Name: slot, Tables: tables }] });
  const published = () =>
    asSuperuser(home, database, async (client) => {
      const { rows } = await client.query('SELECT pubname, tablename FROM pg_publication_tables ORDER BY tablename');
      return rows;
    });

  test('follow exactly the tables that are declared, by a role that reads these and writes nothing', async () => {
    await resource.create(followed(['flow']));
    await resource.update(followed(['flow']));
    expect(await published()).toEqual([{ pubname: slot, tablename: 'flow' }]);
    expect(resource.attributes.SslMode).toBe('disable');
    const role = 'ledger_replication';
    expect(await as(role, 'SELECT note FROM flow')).toEqual([]);
    expect(await as(role, 'DELETE FROM flow')).toContain('permission denied');
    const start = `SELECT slot_name FROM pg_create_logical_replication_slot('${slot}', 'pgoutput')`;
    expect(await as(role, start)).toEqual([{ slot_name: slot }]);
    expect(await as('ledger_report', start)).toContain('permission denied');
  });

  test('that are declared no more leave neither a publication nor a role', async () => {
    await resource.create(followed(['flow']));
    await resource.update(properties());
    expect(await published()).toEqual([]);
    expect(await as('ledger_report', "SELECT 1 FROM pg_roles WHERE rolname = 'ledger_replication'")).toEqual([]);
  });

  test('a table that no migration makes is told, and what others may follow stays', async () => {
    await resource.create(followed(['flow']));
    expect(await refusal(resource.update(followed(['flow', 'none'])))).toContain(
      'relation "ledger.none" does not exist',
    );
    expect(await published()).toEqual([{ pubname: slot, tablename: 'flow' }]);
  });

  test('a password from AWS is kept as what checks it, and lets in whoever knows it', async () => {
    process.env.REPLICATION_PASSWORD = 'of the worker';
    try {
      await resource.create(followed(['flow']));
    } finally {
      delete process.env.REPLICATION_PASSWORD;
    }
    const client = new Client({
      ...postgresAddress(home),
      user: 'ledger_replication',
      password: 'of the worker',
      database,
    });
    await client.connect();
    await client.end();
  });
});
