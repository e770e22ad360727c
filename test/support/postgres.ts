/** Databases for tests, each of its own, on the PostgreSQL that the integration tests share. */
import pg, { type Client } from 'pg';
import { millraceHome } from '../../local/home.ts';
import { passwordOf, postgresAddress, SUPERUSER } from '../../local/services/postgres.ts';

/** Makes an empty database and connects to it as who may do everything; `root` is the folder of the shared home. */
export async function emptyDatabase(root: string, name: string): Promise<Client> {
  const home = millraceHome(root);
  const connection = { ...postgresAddress(home), user: SUPERUSER, password: passwordOf(home, SUPERUSER) };
  const maker = new pg.Client({ ...connection, database: 'postgres' });
  await maker.connect();
  await maker.query(`CREATE DATABASE ${name}`);
  await maker.end();
  const client = new pg.Client({ ...connection, database: name });
  await client.connect();
  return client;
}
