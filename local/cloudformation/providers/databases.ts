/** Databases of pipelines: a cluster of RDS is a database of the one PostgreSQL of this machine. */
import type { Client } from 'pg';
import { postgresAddress } from '../../services/postgres.ts';
import { asSuperuser } from '../../services/postgres-sign-in.ts';
import { arn, digest, type Outcome, type Provider, type ResourceRequest, used } from './provider.ts';

const cluster: Provider = {
  reason: 'a database of the local PostgreSQL',
  livesInServices: true,
  create: (request, { home }) =>
    asSuperuser(home, 'postgres', (client) => make(request, client, postgresAddress(home))),
  update: (request, _previous, { home }) =>
    asSuperuser(home, 'postgres', (client) => make(request, client, postgresAddress(home))),
  async remove(_stack, { physicalId }, { home }) {
    const roles = await asSuperuser(home, physicalId, rolesOf).catch(() => []);
    await asSuperuser(home, 'postgres', async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(physicalId)} WITH (FORCE)`);
      for (const role of roles) await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(role)}`);
    });
  },
};

/** Makes the database and its owner, who may make roles and is no superuser, as on RDS. */
async function make(
  request: ResourceRequest,
  client: Client,
  address: { host: string; port: number },
): Promise<Outcome> {
  const { DatabaseName: name, MasterUsername: user } = used(request, 'DatabaseName', 'MasterUsername');
  const [database, owner] = [String(name), String(user)];
  const exists = async (query: string, value: string) => ((await client.query(query, [value])).rowCount ?? 0) > 0;
  if (!(await exists('SELECT 1 FROM pg_roles WHERE rolname = $1', owner))) {
    await client.query(`CREATE ROLE ${client.escapeIdentifier(owner)} LOGIN CREATEROLE`);
  }
  // As who may do everything on RDS, it lets others follow changes.
  await client.query(`ALTER ROLE ${client.escapeIdentifier(owner)} REPLICATION`);
  if (!(await exists('SELECT 1 FROM pg_database WHERE datname = $1', database))) {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)} OWNER ${client.escapeIdentifier(owner)}`);
  }
  const id = `cluster-${digest(26, request.stack.name, request.logicalId).toUpperCase()}`;
  return {
    physicalId: database,
    attributes: {
      'Endpoint.Address': address.host,
      'Endpoint.Port': String(address.port),
      DBClusterArn: arn(request.stack, 'rds', `cluster:${database}`),
      DBClusterResourceId: id,
    },
  };
}

/** The roles that were made for what uses this database. */
async function rolesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM millrace.role');
  return rows.map(({ name }) => name);
}

export const providers: Record<string, Provider> = { 'AWS::RDS::DBCluster': cluster };
