/** What `millrace sql` shows of a database, and what it refuses. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectionOf } from '../../../local/cli/sql.ts';
import { millraceHome } from '../../../local/home.ts';
import { ask } from '../../../local/services/postgres-query.ts';
import { asSuperuser, givePasswords } from '../../../local/services/postgres-sign-in.ts';

const home = millraceHome(inject('home'));
const database = 'sql_shown';
const who = { user: 'sql_shown_sql', database };
const { signal } = new AbortController();

beforeAll(async () => {
  await asSuperuser(home, 'postgres', async (client) => {
    await client.query(`CREATE ROLE ${who.user} LOGIN`);
    await client.query(`CREATE DATABASE ${database}`);
  });
  await asSuperuser(home, database, (client) =>
    client.query(`CREATE TABLE t (a bigint, b numeric(30, 10), c timestamptz, d text); GRANT ALL ON t TO ${who.user};
      INSERT INTO t VALUES (9007199254740993, 0.1000000000, '2026-01-02 03:04:05.123456Z', NULL)`),
  );
  await givePasswords(home, [who.user]);
});
afterAll(() =>
  asSuperuser(home, 'postgres', async (client) => {
    await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await client.query(`DROP ROLE ${who.user}`);
  }),
);

test('values are as PostgreSQL writes them, to the last digit', async () => {
  const { fields, rows } = await ask(home, who, "SET LOCAL timezone = 'UTC'", signal).then(() =>
    ask(home, who, 'SELECT * FROM t', signal),
  );
  expect(fields.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  expect(rows).toEqual([['9007199254740993', '0.1000000000', '2026-01-02 03:04:05.123456+00', null]]);
});

test('nothing is changed, though the role could', async () => {
  for (const text of ['INSERT INTO t (a) VALUES (1)', 'DELETE FROM t', 'CREATE TEMP TABLE u (a int)', 'TRUNCATE t']) {
    await expect(ask(home, who, text, signal)).rejects.toMatchObject({ code: 'SQL_REFUSED' });
  }
  const twoStatements = ask(home, who, 'COMMIT; DELETE FROM t', signal);
  await expect(twoStatements).rejects.toThrow('cannot insert multiple commands into a prepared statement');
  await expect(ask(home, who, 'SELECT a FROM t', signal)).resolves.toMatchObject({ rowCount: 1 });
});

test('a mistake is one sentence, with its line where there are several', async () => {
  await expect(ask(home, who, 'SELEC 1', signal)).rejects.toThrow(
    /^PostgreSQL refused the query: syntax error at or near "SELEC"\.$/,
  );
  await expect(ask(home, who, 'SELECT a,\n  z\nFROM t', signal)).rejects.toThrow(
    /^PostgreSQL refused the query, line 2: column "z" does not exist\.$/,
  );
});

test('a database that is not there is told with what makes it', async () => {
  const refused = ask(home, { ...who, database: 'none' }, 'SELECT 1', signal);
  await expect(refused).rejects.toMatchObject({
    code: 'NO_DATABASE',
    message: expect.stringContaining('npx millrace up'),
  });
});

test('psql is told where, as whom, and a password file that nobody else reads; no password is among its words', () => {
  const { command, passwordFile, host, port } = connectionOf(home, who.user, database);
  expect(command).toBe(`PGPASSFILE='${passwordFile}' psql -h ${host} -p ${port} -U ${who.user} ${database}`);
  expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
  const line = execFileSync('cat', [passwordFile], { encoding: 'utf8' });
  expect(line).toMatch(new RegExp(`^${host}:${port}:\\*:${who.user}:[0-9a-f]{64}\\n$`));
});
